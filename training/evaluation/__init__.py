"""Evaluation: models side by side on held-out prompts, with intervals, and what changed between them."""

from training.evaluation.config import EvaluatedModel, EvaluationConfig, evaluation_config
from training.evaluation.launching import launch_evaluation
from training.evaluation.records import EVALUATION_SCHEMA, FAMILY, KIND
from training.evaluation.results import EvaluationResults, read_results

__all__ = [
    "EVALUATION_SCHEMA",
    "FAMILY",
    "KIND",
    "EvaluatedModel",
    "EvaluationConfig",
    "EvaluationResults",
    "evaluation_config",
    "launch_evaluation",
    "read_results",
]
