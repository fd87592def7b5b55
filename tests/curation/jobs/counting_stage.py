"""A real stage, as small as one can be: it writes the keys 0 … n-1 into shards, slowly, and resumes where it was.

Configuration: `n` keys, `pause_s` between them; `noise` bytes of text that cannot be compressed; `child` starts a
process that ignores SIGTERM and would stay for ever; `deaf` ignores the request to stop; `fail` says how to fail at the
end.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time

import pyarrow as pa

from curation.errors import WinnowError
from curation.jobs import JobContext, ShardWriter, compact, read_keys, run_stage

SCHEMA = pa.schema([pa.field("key", pa.int64(), nullable=False), pa.field("text", pa.string(), nullable=False)])


def main(context: JobContext) -> None:
    config = context.config
    n, pause_s = config["n"], config.get("pause_s", 0.0)
    if config.get("deaf"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if config.get("child"):
        script = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(10_000)"
        subprocess.Popen([sys.executable, "-c", script])
    done = set(read_keys(context.folder, "keys", ["key"]).column("key").to_pylist())
    context.report(len(done), n)
    with ShardWriter(context.job.shards, "keys", SCHEMA, max_seconds=0.05) as writer:
        for key in range(n):
            if context.stop_requested and not config.get("deaf"):
                return
            if key not in done:
                text = f"text of {key} " * 50 + random.Random(key).randbytes(config.get("noise", 0)).hex()
                writer.write(pa.table({"key": [key], "text": [text]}, schema=SCHEMA))
                done.add(key)
                time.sleep(pause_s)
            context.report(len(done), n, rates={"keys": 1.0})
    match config.get("fail"):
        case "message":
            raise WinnowError("the keys ran out; buy new ones")
        case "bug":
            raise ZeroDivisionError("a bug")
        case "exit":
            sys.exit(3)
    compact(context.folder, "keys", ["key"])


if __name__ == "__main__":
    run_stage(main)
