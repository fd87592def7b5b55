"""A real stage that says how far it is and ends: `python -m tests.app.short_stage JOB_DIR`.

Configuration: `done` and `total` are reported; `lasts_s` seconds pass before it ends by itself, or earlier when it is
asked to stop; `fails` is the message to fail with.
"""

from __future__ import annotations

import time

from curation.errors import WinnowError
from curation.jobs import JobContext, run_stage


def main(context: JobContext) -> None:
    config = context.config
    end = time.monotonic() + config.get("lasts_s", 0.0)
    print(config.get("says", "hello from the stage"), flush=True)
    while True:
        context.report(
            config.get("done", 1), config.get("total", 1), rates={"samples_per_s": 263.4}, note=config.get("note", "")
        )
        if time.monotonic() >= end or context.stop_requested:
            break
        time.sleep(0.05)
    if "fails" in config:
        raise WinnowError(config["fails"])


if __name__ == "__main__":
    run_stage(main)
