"""Scoring: the rule's verdict and every measure of each candidate, computed once and kept."""

from curation.scoring.config import ScoringConfig
from curation.scoring.launching import launch_scoring
from curation.scoring.scorer import CANDIDATE_COLUMNS, Scorer, score_candidates

__all__ = ["CANDIDATE_COLUMNS", "Scorer", "ScoringConfig", "launch_scoring", "score_candidates"]
