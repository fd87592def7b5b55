"""How much of a text repeats itself: the share of 4-grams of words that occurred before; compiled."""


# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import numpy as np

from curation.measures.compiled import compiled

MARK, DIGIT, LATIN, HAN, HANGUL = 4, 3, 8, 9, 11
GRAM = 4
_SEED, _FACTOR = 7, 0x100000001B3
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
def hash_words(codes, classes, lower, starts, ends, hashes):
    """Write bounds and case-insensitive hash of each word and number; returns their count.

    The three outputs are one longer than `codes`.
    A Han, kana or Hangul character is a word. Code and math count too: a loop in a formula is a loop.
    """
    # without branches on the text: in each of them the processor would guess wrong once or twice a word
    count = 0
    start = 0
    value = np.uint64(_SEED)
    before = False  # the character before belongs to a word that may go on
    for i in range(codes.size):
        kind = classes[i]
        code = codes[i]
        code = code | np.uint32(32) if code < 128 else (lower[code] if code < lower.size else code)
        single = HAN <= kind <= HANGUL
        inside = (kind >= LATIN or kind == DIGIT or (kind == MARK and before)) and not single
        starts[count] = start
        ends[count] = i
        hashes[count] = value
        count += before and not inside
        start = start if before and inside else i
        value = (value if before and inside else np.uint64(_SEED)) * np.uint64(_FACTOR) + np.uint64(code)
        starts[count] = i
        ends[count] = i + 1
        hashes[count] = value
        count += single
        before = inside
    starts[count] = start
    ends[count] = codes.size
    hashes[count] = value
    count += before
    for word in range(count):
        hashes[word] = _mix(hashes[word])
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
        for k in range(1, GRAM):  # multiplied by odd numbers, so that the order of the words counts
            value += hashes[g + k] * (np.uint64(_FIRST) + np.uint64(2 * k))
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
def measure_repetition(codes, classes, bounds, lower, ratios):
    """Share of 4-grams that occurred before, in [0, 1], of each text."""
    longest = 1
    for k in range(bounds.shape[0]):
        longest = max(longest, bounds[k, 1] - bounds[k, 0])
    starts = np.empty(longest + 1, np.int32)
    ends = np.empty(longest + 1, np.int32)
    hashes = np.empty(longest + 1, np.uint64)
    repeated = np.empty(longest, np.bool_)
    size = 16
    while size < 2 * longest:
        size *= 2
    seen = np.empty(size, np.uint64)
    for k in range(bounds.shape[0]):
        first, end = bounds[k, 0], bounds[k, 1]
        count = hash_words(codes[first:end], classes[first:end], lower, starts, ends, hashes)
        total = repeated_grams(hashes[:count], seen, repeated)
        ratios[k] = total / (count - GRAM + 1) if count >= GRAM else 0.0
