"""The one tokeniser of reasoning: words by script, with everything neutral skipped; compiled, over code points.

Measures count the words that it finds and displays show them, so what is shown is what was counted. It is linear in
the text: a search for a closing mark that failed is remembered and not repeated.
"""

# ruff: noqa: SIM109 - numba compiles no `in` on tuples of mixed integers
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import numpy as np

from curation.measures.compiled import compiled

# Classes of languages.CharacterClass; numbers of their own because a compiled function freezes what it imports.
SPACE, NEWLINE, DIGIT, MARK, LATIN, HAN, HANGUL = 1, 2, 3, 4, 8, 9, 11
FENCED, DISPLAY_MATH = 1, 2
_NAME_MULTIPLIER = 0x9E3779B97F4A7C15
_VOWELS = 0x1104111  # bits of a, e, i, o, u, y


@compiled
def _blank_follows(classes, i, end):
    """Whether the newline at `i` ends a paragraph."""
    i += 1
    while i < end and classes[i] == SPACE:
        i += 1
    return i < end and classes[i] == NEWLINE


@compiled
def _dollar_math(codes, classes, i, end):
    """End of the inline math that the dollar at `i` opens; 0 where it is a currency sign."""
    if i + 1 >= end or classes[i + 1] == SPACE or classes[i + 1] == NEWLINE:
        return 0
    depth = run = words = 0
    j = i + 1
    while j < end:
        code = codes[j]
        if code == 36:
            closes = classes[j - 1] != SPACE and classes[j - 1] != NEWLINE
            if j + 1 < end and classes[j + 1] == DIGIT:
                closes = False
            if classes[i + 1] == DIGIT and words >= 2:  # "$5 for the tea and 10$ for the cake"
                closes = False
            return j + 1 if closes else 0
        if classes[j] == NEWLINE and _blank_follows(classes, j, end):
            return 0
        if code == 123:
            depth += 1
        elif code == 125:
            depth -= 1
        run = run + 1 if classes[j] == LATIN else 0
        if run == 3 and depth == 0:
            words += 1
        j += 1
        if code == 92:  # a command is no word, and an escaped dollar closes nothing
            if j < end and classes[j] != LATIN:
                j += 1
            while j < end and classes[j] == LATIN:
                j += 1
    return 0


@compiled
def _closing(codes, classes, i, end, first, second, spans_blank_lines):
    """(end of the two-character mark first+second from `i` on or 0, where the search stopped)."""
    j = i
    while j < end:
        code = codes[j]
        if code == first and j + 1 < end and codes[j + 1] == second:
            return j + 2, j
        if classes[j] == NEWLINE and not spans_blank_lines and _blank_follows(classes, j, end):
            return 0, j
        if code == 92:
            if spans_blank_lines and j + 1 < end and codes[j + 1] == 91:
                return 0, j  # another display opens: this one was never closed
            j += 1
        j += 1
    return 0, end


@compiled
def _environment(codes, i, end):
    r"""End of the \begin{…}…\end{…} at `i`, inner ones included; 0 if it is not closed."""
    depth = 0
    j = i
    while j + 4 < end:
        if codes[j] == 92:
            if codes[j + 1] == 98 and codes[j + 2] == 101 and codes[j + 3] == 103 and codes[j + 4] == 105:
                depth += 1
            elif codes[j + 1] == 101 and codes[j + 2] == 110 and codes[j + 3] == 100 and codes[j + 4] == 123:
                depth -= 1
                if depth == 0:
                    while j < end and codes[j] != 125:
                        j += 1
                    return min(j + 1, end)
            j += 1
        j += 1
    return 0


@compiled
def _is_word(codes, start, end, names):
    """Whether a run of ASCII letters is a word: not a point or product (ABC, rh), a unit or a function name."""
    size = end - start
    if size == 1 or size > 6:
        return size > 6
    packed = np.uint64(0)
    upper = 0
    vowels = np.int64(0)
    for k in range(start, end):
        letter = codes[k] | np.uint32(32)
        upper += letter != codes[k]
        vowels |= (_VOWELS >> np.int64(letter - np.uint32(97))) & 1
        packed = (packed << np.uint64(8)) | np.uint64(letter)
    if (upper == size and size <= 4) or (vowels == 0 and size <= 3):
        return False
    slot = (packed * np.uint64(_NAME_MULTIPLIER)) >> np.uint64(55)
    while names[slot] != 0:
        if names[slot] == packed:
            return False
        slot = (slot + np.uint64(1)) & np.uint64(511)
    return True


@compiled
def _letter_run(codes, classes, i, end, names):
    """(end, is a word) of the run of letters at `i`, which is of a script written with spaces."""
    script = classes[i]
    j = i
    if script == LATIN:  # the common case first: an ASCII word, then a space
        while j < end and codes[j] - np.uint32(65) < 26:
            j += 1
        while j < end and codes[j] - np.uint32(97) < 26:
            j += 1
        if j > i and (j == end or codes[j] <= 32 or codes[j] == 44):
            return j, _is_word(codes, i, j, names)
    ascii_letters = script == LATIN
    plain = True  # no identifier: neither digit nor underscore, dot or inner capital
    previous_lower = False
    n_letters = 0
    j = i
    while j < end:
        code, kind = codes[j], classes[j]
        if kind == script:
            n_letters += 1
            if previous_lower and 65 <= code <= 90:
                plain = False
            previous_lower = 97 <= code <= 122
            ascii_letters &= 65 <= code <= 122
        elif kind == DIGIT:
            plain = False
        elif kind == MARK:
            ascii_letters = False
        elif j + 1 >= end:
            break
        else:
            after = classes[j + 1]
            if (code == 95 and (after == script or after == DIGIT)) or (
                code == 46 and script == LATIN and (97 <= codes[j + 1] <= 122 or after == DIGIT)
            ):
                plain = False
            elif (code == 39 or code == 0x2019) and after == script:
                previous_lower = ascii_letters = False  # d'Alembert is a word
            else:
                break
        j += 1
    if script == LATIN and j < end:
        if codes[j] == 40:
            plain = False
        elif codes[j] == 64 or (codes[j] == 58 and j + 2 < end and codes[j + 1] == 47 and codes[j + 2] == 47):
            plain = False  # an address runs to the next space
            while j < end and 32 < codes[j] < 128:
                j += 1
    if not plain or n_letters == 1:
        return j, False
    return j, _is_word(codes, i, j, names) if ascii_letters else True


@compiled
def find_words(codes, classes, mask, first, end, names, starts, ends, scripts, count):
    """Append the words of the prose in [first, end) to `starts`, `ends`, `scripts`; returns the new count.

    Math, inline code, numbers, identifiers, units and function names are skipped; display math is marked in `mask`.
    """
    no_parenthesis = no_bracket = no_display = no_environment = -1
    no_code = np.full(32, -1)  # by number of backticks: no closing run before this position
    i = first
    while i < end:
        kind = classes[i]
        if kind >= LATIN:
            if HAN <= kind <= HANGUL:
                j = i + 1
                while j < end and classes[j] == MARK:
                    j += 1
                word = True
            else:
                j, word = _letter_run(codes, classes, i, end, names)
            if word:
                starts[count], ends[count], scripts[count] = i, j, kind
                count += 1
            i = j
            continue
        if kind != 0:
            i += 1
            if kind == DIGIT:
                while i < end and (
                    classes[i] == DIGIT
                    or classes[i] == MARK
                    or (classes[i] >= LATIN and not HAN <= classes[i] <= HANGUL)
                    or codes[i] == 95
                ):
                    i += 1
            continue
        code = codes[i]
        if code == 92 and i + 1 < end:
            after = codes[i + 1]
            close = 0
            if after == 40 and i >= no_parenthesis:
                close, stop = _closing(codes, classes, i + 2, end, 92, 41, False)
                if close == 0:
                    no_parenthesis = stop
            elif after == 91 and i >= no_bracket:
                close, stop = _closing(codes, classes, i + 2, end, 92, 93, True)
                if close == 0:
                    no_bracket = stop
                else:
                    mask[i:close] = DISPLAY_MATH
            elif classes[i + 1] == LATIN:
                close = i + 2
                while close < end and classes[close] == LATIN:
                    close += 1
                if after == 98 and close - i == 6 and codes[i + 5] == 110 and no_environment < 0:
                    environment = _environment(codes, i, end)
                    if environment == 0:
                        no_environment = end
                    else:
                        close = environment
                        mask[i:close] = DISPLAY_MATH
            i = close if close else i + 2
        elif code == 36:
            if i + 1 < end and codes[i + 1] == 36:
                close = 0
                if i >= no_display:
                    close, stop = _closing(codes, classes, i + 2, end, 36, 36, False)
                    if close == 0:
                        no_display = stop
                    else:
                        mask[i:close] = DISPLAY_MATH
                i = close if close else i + 2
            else:
                close = _dollar_math(codes, classes, i, end)
                i = close if close else i + 1
        elif code == 96:
            j = i
            while j < end and codes[j] == 96:
                j += 1
            width = j - i
            i = j
            if width < 32 and i >= no_code[width]:
                while j < end:
                    run = 0
                    while j < end and codes[j] == 96:
                        run += 1
                        j += 1
                    if run == width:
                        i = j
                        break
                    if j < end and run == 0:
                        if classes[j] == NEWLINE and _blank_follows(classes, j, end):
                            break
                        j += 1
                if i != j:
                    no_code[width] = j
        else:
            i += 1
    return count


@compiled
def find_all_words(codes, classes, mask, names, starts, ends, scripts):
    """The words of all the prose between fenced blocks; returns how many were written."""
    count = i = 0
    while i < codes.size:
        end = i
        while end < codes.size and mask[end] != FENCED:
            end += 1
        count = find_words(codes, classes, mask, i, end, names, starts, ends, scripts, count)
        i = end
        while i < codes.size and mask[i] == FENCED:
            i += 1
    return count


@compiled
def measure_words(codes, classes, bounds, mask, targets, names, integers):
    """Words in the scripts that are the bits of targets[k] (integers[k, 0]) and other words (integers[k, 1]).

    Marks display math in `mask` on the way.
    """
    longest = 1
    for k in range(bounds.shape[0]):
        longest = max(longest, bounds[k, 1] - bounds[k, 0])
    starts = np.empty(longest, np.int32)
    ends = np.empty(longest, np.int32)
    scripts = np.empty(longest, np.uint8)
    for k in range(bounds.shape[0]):
        first, end = bounds[k, 0], bounds[k, 1]
        count = find_all_words(codes[first:end], classes[first:end], mask[first:end], names, starts, ends, scripts)
        in_target = 0
        for word in range(count):
            in_target += (targets[k] >> np.uint64(scripts[word])) & np.uint64(1)
        integers[k, 0] = in_target
        integers[k, 1] = count - in_target
