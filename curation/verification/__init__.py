"""Decides which answers are right: rules first, each of which says `undecided` where it cannot tell."""

from curation.verification.extraction import find_prediction
from curation.verification.rules import DECIDING_RULES, RULE_VERSION, RuleVerdict, RuleVerifier

__all__ = ["DECIDING_RULES", "RULE_VERSION", "RuleVerdict", "RuleVerifier", "find_prediction"]
