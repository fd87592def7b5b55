"""Measures a batch of responses: one pass of compiled code over the code points of all their reasoning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from curation.errors import InputError
from curation.measures.languages import character_classes, lower_case, scripts_of
from curation.responses import Layout, find_layout

_CHUNK: Final = 4_000_000
"""Characters measured at a time, at four bytes each; one call for many texts, since a thread has to ask for the GIL
after each."""

_NEUTRAL_NAMES: Final = (
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh coth arcsec arccsc arccot exp log lim max min sup inf "
    "gcd lcm hcf mod det sqrt cbrt abs arg deg dim ker rank trace var cov ceil sgn sum prod div rot curl grad lim "
    "iff mol mole rad min sec cal kcal kwh mah joule pa kpa mpa db ohm ev kev mev gev mi in yd oz gal"
)


def measure(
    texts: Sequence[str], target_languages: Sequence[str], layouts: Sequence[Layout] | None = None
) -> dict[str, NDArray[Any]]:
    """Every text measure of n responses: (n,) responses as generated and (n,) languages → (n,) arrays.

    `layouts` (n,) saves finding them again. Most of it runs without the GIL, so threads side by side are worth it.
    The keys are the fields of records.TEXT_MEASURES; float32 shares are in [0, 1], int32 are counts (words,
    characters, blocks). Raises InputError for an unknown target language.
    """
    # numba takes a second to import: not in a process that only wants to show what a measure means
    from curation.measures import kernels

    if len(texts) != len(target_languages):
        raise InputError(f"{len(texts):,} texts and {len(target_languages):,} target languages: give one for each.")
    n = len(texts)
    layouts = layouts or [find_layout(text) for text in texts]
    reasonings = [text[at.reasoning_start : at.reasoning_end] for text, at in zip(texts, layouts, strict=True)]
    bits = {language: _script_bits(language) for language in set(target_languages)}
    targets = np.array([bits[language] for language in target_languages], dtype=np.uint64)
    integers = np.zeros((n, 4), dtype=np.int32)
    code_ratio = np.zeros(n, dtype=np.float32)
    repetition = np.zeros(n, dtype=np.float32)
    for first, end in _chunks(reasonings):
        part = slice(first, end)
        codes, offsets = code_points(reasonings[part])
        kernels.measure_texts(
            codes,
            offsets,
            character_classes(),
            targets[part],
            lower_case(),
            neutral_names(),
            integers[part],
            code_ratio[part],
            repetition[part],
        )
    words = integers[:, 0] + integers[:, 1]
    ratio = np.ones(n, dtype=np.float32)
    np.divide(integers[:, 0], words, out=ratio, where=words > 0, casting="unsafe")
    return {
        "target_word_ratio": ratio,
        "foreign_words": integers[:, 1].copy(),
        "longest_paragraph": integers[:, 2].copy(),
        "code_blocks": integers[:, 3].copy(),
        "code_ratio": code_ratio,
        "repetition": repetition,
        "well_formed": np.array([at.well_formed for at in layouts], dtype=np.bool_),
    }


def code_points(texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Code points of all texts one after another, and the (n + 1,) offsets between them."""
    offsets = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum([len(text) for text in texts], out=offsets[1:])
    joined = "".join(texts)
    # an array of strings holds UCS-4: four times as fast as encoding, and lone surrogates need no care
    codes = np.array([joined], dtype=f"<U{max(len(joined), 1)}").view(np.uint32)
    return codes[: len(joined)], offsets


@cache
def neutral_names() -> NDArray[np.uint64]:
    """The table of function names and units, by the hashes that the tokeniser gives them; no two share a slot."""
    from curation.measures import kernels

    names = sorted(set(_NEUTRAL_NAMES.split()))
    codes, _ = code_points(["\n".join(names)])
    classes = np.empty(codes.size, dtype=np.uint8)
    kernels.classify(codes, character_classes(), classes)
    starts, ends = np.empty(codes.size, dtype=np.int32), np.empty(codes.size, dtype=np.int32)
    kinds, hashes = np.empty(codes.size, dtype=np.uint8), np.empty(codes.size, dtype=np.uint64)
    count = kernels.tokenise(codes, classes, lower_case(), starts, ends, kinds, hashes)
    hashes = hashes[:count]
    for shift in range(52):  # about every second one tells all names apart
        slots = hashes >> np.uint64(shift) & np.uint64(kernels.NAMES - 1)
        if np.unique(slots).size == count:
            break
    table = np.zeros(kernels.NAMES + 1, dtype=np.uint64)
    table[slots] = hashes
    table[-1] = shift
    table.flags.writeable = False
    return table


def _script_bits(language: str) -> int:
    return sum(1 << script for script in scripts_of(language))


def _chunks(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    first = size = 0
    for i, text in enumerate(texts):
        if size and size + len(text) > _CHUNK:
            yield first, i
            first, size = i, 0
        size += len(text)
    if first < len(texts):
        yield first, len(texts)
