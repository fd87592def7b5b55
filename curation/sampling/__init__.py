"""Sampling: requests go into an engine, completions come out as they finish, and become candidate shards."""

from curation.sampling.config import SamplingConfig, queue_device
from curation.sampling.launching import launch_sampling

__all__ = ["SamplingConfig", "launch_sampling", "queue_device"]
