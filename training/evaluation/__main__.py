"""`python -m training.evaluation JOB_DIR`: one attempt at an evaluation job."""

from __future__ import annotations

from curation.jobs import run_stage
from training.evaluation.stage import evaluate

if __name__ == "__main__":
    run_stage(evaluate)
