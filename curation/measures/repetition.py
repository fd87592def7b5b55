"""How much of a text repeats itself: the share of 4-grams of words that occurred before; compiled."""

# ruff: noqa: SIM109 - numba compiles no `in` on tuples of mixed integers
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import numpy as np

from curation.measures.compiled import compiled

MARK, DIGIT, LATIN, HAN, HANGUL = 4, 3, 8, 9, 11
GRAM = 4
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


@compiled
def _mix(value):
    """Spread a 64-bit value over all its bits (the finalizer of SplitMix64)."""
    value ^= value >> np.uint64(30)
    value *= np.uint64(_FIRST)
    value ^= value >> np.uint64(27)
    value *= np.uint64(_SECOND)
    return value ^ (value >> np.uint64(31))


@compiled
def hash_words(codes, table, lower, starts, ends, hashes):
    """Write bounds and case-insensitive hash of each word and number; returns their count.

    A Han, kana or Hangul character is a word. Code and math count too: a loop in a formula is a loop.
    """
    n = codes.size
    count = i = 0
    while i < n:
        code = codes[i]
        kind = table[code] if code < table.size else np.uint8(0)
        if kind < LATIN and kind != DIGIT:
            i += 1
            continue
        starts[count] = i
        value = np.uint64(7)
        if HAN <= kind <= HANGUL:
            value = np.uint64(code)
            i += 1
        else:
            while True:
                if code < lower.size:
                    code = lower[code]
                value = value * np.uint64(0x100000001B3) + np.uint64(code)
                i += 1
                if i == n:
                    break
                code = codes[i]
                kind = table[code] if code < table.size else np.uint8(0)
                if not (kind >= LATIN or kind == DIGIT or kind == MARK) or HAN <= kind <= HANGUL:
                    break
        ends[count] = i
        hashes[count] = _mix(value)
        count += 1
    return count


@compiled
def repeated_grams(hashes, seen, repeated):
    """Set repeated[g] where the 4-gram that starts at word g occurred before; returns how many did.

    `seen` is scratch, its size a power of two and at least twice the words.
    """
    n_grams = hashes.size - GRAM + 1
    if n_grams < 1:
        return 0
    size = np.uint64(16)
    while size < 2 * n_grams:
        size *= np.uint64(2)
    last = size - np.uint64(1)
    seen[:size] = 0
    total = 0
    for g in range(n_grams):
        value = hashes[g]
        for k in range(1, GRAM):
            value = _mix(value * np.uint64(3) + hashes[g + k])
        value |= np.uint64(1)  # 0 means an empty slot
        slot = value >> np.uint64(32) & last
        again = False
        while seen[slot] != 0:
            if seen[slot] == value:
                again = True
                break
            slot = (slot + np.uint64(1)) & last
        seen[slot] = value
        repeated[g] = again
        total += again
    return total


@compiled
def measure_repetition(codes, offsets, table, lower, ratios):
    """Share of 4-grams that occurred before, in [0, 1], of the texts codes[offsets[k]:offsets[k + 1]]."""
    longest = 0
    for k in range(offsets.size - 1):
        longest = max(longest, offsets[k + 1] - offsets[k])
    starts = np.empty(longest, np.int32)
    ends = np.empty(longest, np.int32)
    hashes = np.empty(longest, np.uint64)
    repeated = np.empty(longest, np.bool_)
    size = 16
    while size < 2 * longest:
        size *= 2
    seen = np.empty(size, np.uint64)
    for k in range(offsets.size - 1):
        count = hash_words(codes[offsets[k] : offsets[k + 1]], table, lower, starts, ends, hashes)
        total = repeated_grams(hashes[:count], seen, repeated)
        ratios[k] = total / (count - GRAM + 1) if count >= GRAM else 0.0
