"""Fenced code and paragraphs of a reasoning; compiled, over code points.

Arrays run over the characters of many texts one after another; `offsets` and `bounds` say which are whose.
"""


# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import numpy as np

from curation.measures.compiled import compiled

# Classes of languages.CharacterClass; numbers of their own because a compiled function freezes what it imports.
SPACE, NEWLINE, MARK = 1, 2, 7
PROSE, FENCED, DISPLAY_MATH = 0, 1, 2


@compiled
def classify(codes, offsets, table, classes, bounds):
    """Write the class of each code point, and each text's bounds without the white space at both ends."""
    size = table.size
    for i in range(codes.size):
        code = codes[i]
        classes[i] = table[code] if code < size else (MARK if 0xE0100 <= code <= 0xE01EF else 0)
    for k in range(offsets.size - 1):
        start, end = offsets[k], offsets[k + 1]
        while start < end and (classes[start] == SPACE or classes[start] == NEWLINE):
            start += 1
        while end > start and (classes[end - 1] == SPACE or classes[end - 1] == NEWLINE):
            end -= 1
        bounds[k, 0], bounds[k, 1] = start, end


@compiled
def mark_fences(codes, classes, mask, starts, ends):
    """Set `mask` to PROSE and FENCED; returns the number of fenced blocks, whose bounds go to `starts` and `ends`.

    A fence is a line that starts with three or more backticks or tildes; a block without a closing fence runs to the
    end of the text.
    """
    n = codes.size
    mask[:] = PROSE
    count = 0
    fence = np.uint32(0)  # the open fence's character, 0 outside a block
    width = 0
    i = 0
    while i < n:
        first = i
        while i < n and classes[i] == SPACE:
            i += 1
        if i < n and (codes[i] == 96 or codes[i] == 126):
            mark = codes[i]
            run_start = i
            while i < n and codes[i] == mark:
                i += 1
            run = i - run_start
            ticks = False
            bare = True
            while i < n and classes[i] != NEWLINE:
                ticks |= codes[i] == 96
                bare &= classes[i] == SPACE
                i += 1
            if run >= 3:
                if fence == 0:
                    if mark == 126 or not ticks:  # ```x``` on one line is inline code
                        fence, width = mark, run
                        starts[count] = first
                elif mark == fence and run >= width and bare:
                    fence = np.uint32(0)
                    ends[count] = i
                    count += 1
        else:
            while i < n and classes[i] != NEWLINE:
                i += 1
        i += 1
    if fence != 0:
        ends[count] = n
        count += 1
    for block in range(count):
        mask[starts[block] : ends[block]] = FENCED
    return count


@compiled
def longest_paragraph(classes, mask):
    """(characters, start, end) of the longest block between blank lines.

    Fenced code and display math are not counted; a fenced block also ends the paragraph before it.
    """
    n = classes.size
    best = best_start = best_end = start = stop = 0
    i = 0
    while i <= n:
        line = i
        while i < n and classes[i] != NEWLINE:
            i += 1
        end = i
        i += 1
        ends_here = i > n
        first = line
        math = end < n and mask[end] == DISPLAY_MATH
        if line < n and mask[line] == FENCED:
            ends_here, first = True, end
        while first < end and (classes[first] == SPACE or mask[first] == DISPLAY_MATH):
            math |= mask[first] == DISPLAY_MATH
            first += 1
        if first < end:
            last = end
            while classes[last - 1] == SPACE or mask[last - 1] == DISPLAY_MATH:
                last -= 1
            if stop == start:
                start = first
            stop = last
        elif not math:
            ends_here = True
        if ends_here and stop > start:
            size = stop - start
            for k in range(start, stop):
                size -= mask[k] == DISPLAY_MATH
            if size > best:
                best, best_start, best_end = size, start, stop
            start = stop = 0
    return best, best_start, best_end


@compiled
def measure_fences(codes, classes, bounds, mask, integers, code_ratios):
    """Fenced blocks (integers[k, 3]) and the share of characters in them of each text."""
    longest = 1
    for k in range(bounds.shape[0]):
        longest = max(longest, bounds[k, 1] - bounds[k, 0])
    starts = np.empty(longest, np.int32)
    ends = np.empty(longest, np.int32)
    for k in range(bounds.shape[0]):
        first, end = bounds[k, 0], bounds[k, 1]
        count = mark_fences(codes[first:end], classes[first:end], mask[first:end], starts, ends)
        fenced = 0
        for block in range(count):
            fenced += ends[block] - starts[block]
        integers[k, 3] = count
        code_ratios[k] = fenced / (end - first) if end > first else 0.0


@compiled
def measure_paragraphs(classes, bounds, mask, integers):
    """Characters of the longest paragraph (integers[k, 2]) of each text."""
    for k in range(bounds.shape[0]):
        first, end = bounds[k, 0], bounds[k, 1]
        integers[k, 2] = longest_paragraph(classes[first:end], mask[first:end])[0]
