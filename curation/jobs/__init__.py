"""Jobs: background processes with a folder each, that survive the app, can be stopped and resumed, and never lie."""

from curation.jobs.compaction import compact
from curation.jobs.context import JobContext
from curation.jobs.folder import Job, create_job, find_job, list_jobs, open_job
from curation.jobs.launch import launch, request_stop, resume, stop, sweep, wait
from curation.jobs.shard_writer import ShardWriter
from curation.jobs.shards import ShardGoneError, iter_batches, live_shards, read_keys
from curation.jobs.state import JobState, Progress, State
from curation.jobs.worker import run_stage

__all__ = [
    "Job",
    "JobContext",
    "JobState",
    "Progress",
    "ShardGoneError",
    "ShardWriter",
    "State",
    "compact",
    "create_job",
    "find_job",
    "iter_batches",
    "launch",
    "list_jobs",
    "live_shards",
    "open_job",
    "read_keys",
    "request_stop",
    "resume",
    "run_stage",
    "stop",
    "sweep",
    "wait",
]
