"""Where in a response a measure found what it counted, for displays; the same tokeniser counts and shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curation.errors import InputError
from curation.measures.batch import code_points, neutral_names
from curation.measures.languages import character_classes, lower_case, scripts_of
from curation.measures.registry import MEASURES
from curation.responses import CLOSE_TAG, OPEN_TAG, find_layout, reasoning_bounds


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters start … end (exclusive) of a text."""

    start: int
    end: int


def find_spans(measure: str, text: str, target_language: str) -> list[Span]:
    """What a measure counted in a response, as sorted, disjoint spans of characters of `text`.

    Foreign words (for both language measures), the longest paragraph without its display math, fenced blocks,
    repeated 4-grams (joined where they overlap), and think tags that are out of place or unclosed. Measures that
    come from the sampler have none. Raises InputError for an unknown measure or language.
    """
    if measure not in MEASURES:
        raise InputError(f"{measure!r} is not a measure; there are {', '.join(MEASURES)}.")
    if measure == "well_formed":
        return _stray_tags(text)
    start, end = reasoning_bounds(text)
    reasoning = text[start:end]
    if measure in ("target_word_ratio", "foreign_words"):
        spans = _Analysis(reasoning).foreign_words(target_language)
    elif measure == "longest_paragraph":
        spans = _Analysis(reasoning).longest_paragraph()
    elif measure in ("code_blocks", "code_ratio"):
        spans = _Analysis(reasoning).fenced_blocks
    elif measure == "repetition":
        spans = _joined(_Analysis(reasoning).repeated_grams)
    else:
        spans = []
    return [Span(start + span.start, start + span.end) for span in spans]


class _Analysis:
    """What the tokeniser finds in one reasoning; positions count from its start."""

    def __init__(self, reasoning: str) -> None:
        from curation.measures import kernels

        self._kernels = kernels
        codes, _ = code_points([reasoning])
        classes = np.empty(codes.size, dtype=np.uint8)
        kernels.classify(codes, character_classes(), classes)
        self.shift, end = kernels.trimmed(classes)
        codes, self.classes = codes[self.shift : end], classes[self.shift : end]
        n = codes.size
        lines = np.empty(n, dtype=np.int32)
        self._lines = lines[: kernels.find_newlines(self.classes, lines)]
        self.mask = np.empty(n, dtype=np.uint8)
        starts, ends = np.empty((2, n), dtype=np.int32)
        token_starts, token_ends = np.empty((2, n), dtype=np.int32)
        self.scripts, kinds = np.empty((2, n), dtype=np.uint8)
        hashes = np.empty(n, dtype=np.uint64)
        count = kernels.mark_fences(codes, self.classes, self._lines, self.mask, starts, ends)
        self.fenced_blocks = self._spans(starts[:count], ends[:count])
        tokens = kernels.tokenise(codes, self.classes, lower_case(), token_starts, token_ends, kinds, hashes)
        count = kernels.find_words(
            codes,
            self.classes,
            self.mask,
            count > 0,
            tokens,
            token_starts,
            token_ends,
            kinds,
            hashes,
            neutral_names(),
            starts,
            ends,
            self.scripts,
        )
        self.words = self._spans(starts[:count], ends[:count])
        count = kernels.keep_words(tokens, token_starts, token_ends, kinds, hashes)
        repeated = np.zeros(n, dtype=np.bool_)
        kernels.repeated_grams(hashes[:count], np.empty(kernels.seen_size(count), dtype=np.uint64), repeated)
        grams = np.flatnonzero(repeated)
        self.repeated_grams = self._spans(token_starts[grams], token_ends[grams + kernels.GRAM - 1])

    def _spans(self, starts: np.ndarray, ends: np.ndarray) -> list[Span]:
        pairs = zip(starts.tolist(), ends.tolist(), strict=True)
        return [Span(self.shift + start, self.shift + end) for start, end in pairs]

    def foreign_words(self, target_language: str) -> list[Span]:
        scripts = set(scripts_of(target_language))
        return [word for word, script in zip(self.words, self.scripts.tolist(), strict=False) if script not in scripts]

    def longest_paragraph(self) -> list[Span]:
        _, start, end = self._kernels.longest_paragraph(self.classes, self._lines, self.mask)
        prose = np.concatenate(([0], self.mask[start:end] == self._kernels.PROSE, [0])).astype(np.int8)
        edges = np.flatnonzero(np.diff(prose)) + start
        return self._spans(edges[0::2], edges[1::2])


def _joined(grams: list[Span]) -> list[Span]:
    """Sorted spans, those that overlap or touch made one."""
    spans: list[Span] = []
    for gram in grams:
        if spans and gram.start <= spans[-1].end:
            spans[-1] = Span(spans[-1].start, gram.end)
        else:
            spans.append(gram)
    return spans


def _stray_tags(text: str) -> list[Span]:
    """Think tags other than one opening tag at the start and the first closing tag after it."""
    layout = find_layout(text)
    if layout.well_formed:
        return []
    tags: list[Span] = []
    for tag in (OPEN_TAG, CLOSE_TAG):
        at = text.find(tag)
        while at >= 0:
            tags.append(Span(at, at + len(tag)))
            at = text.find(tag, at + len(tag))
    closed = layout.answer_start > layout.reasoning_end
    at_start = layout.reasoning_start > 0 and not text[: layout.reasoning_start - len(OPEN_TAG)].strip()
    empty = not text[layout.reasoning_start : layout.reasoning_end].strip() or not text[layout.answer_start :].strip()
    if closed and at_start and not empty:
        expected = {layout.reasoning_start, layout.answer_start}
        tags = [span for span in tags if span.end not in expected]
    return sorted(tags)
