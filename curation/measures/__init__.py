"""Numbers that say how readable a response is: language, paragraphs, code blocks, repetition, form."""

from curation.measures.batch import measure
from curation.measures.registry import MEASURES, MEASURES_VERSION, Measure
from curation.measures.spans import Span, find_spans

__all__ = ["MEASURES", "MEASURES_VERSION", "Measure", "Span", "find_spans", "measure"]
