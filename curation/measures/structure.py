"""The one tokeniser of reasoning: fenced code, math, words by script, paragraphs; compiled, over code points.

Measures count what these functions find and displays show it, so what is shown is what was counted. Everything is
linear in the text: a search for a closing mark that failed is remembered and not repeated.
"""

# ruff: noqa: SIM109 - numba compiles no `in` on tuples of mixed integers
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import numpy as np

from curation.measures.compiled import compiled

# Classes of languages.CharacterClass; numbers of their own because a compiled function freezes what it imports.
SPACE, NEWLINE, DIGIT, MARK, LATIN, HAN, HANGUL = 1, 2, 3, 4, 8, 9, 11
PROSE, FENCED, DISPLAY_MATH = 0, 1, 2
_NAME_MULTIPLIER = 0x9E3779B97F4A7C15


@compiled
def classify(codes, table, classes):
    """Write the class of each code point into `classes`."""
    size = table.size
    for i in range(codes.size):
        code = codes[i]
        classes[i] = table[code] if code < size else (MARK if 0xE0100 <= code <= 0xE01EF else 0)


@compiled
def mark_fences(codes, classes, mask, starts, ends):
    """Mark fenced code in `mask`; returns the number of blocks, whose bounds go to `starts` and `ends`.

    A fence is a line that starts with three or more backticks or tildes; a block without a closing fence runs to the
    end of the text.
    """
    n = codes.size
    count = 0
    fence = np.uint32(0)  # the open fence's character, 0 outside a block
    mark = np.uint32(0)
    width = 0
    i = 0
    while i < n:
        first = i
        while i < n and classes[i] == SPACE:
            i += 1
        run = 0
        if i < n and (codes[i] == 96 or codes[i] == 126):
            mark = codes[i]
            while i < n and codes[i] == mark:
                i += 1
                run += 1
        ticks = False
        bare = True
        while i < n and classes[i] != NEWLINE:
            if codes[i] == 96:
                ticks = True
            if classes[i] != SPACE:
                bare = False
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
        i += 1
    if fence != 0:
        ends[count] = n
        count += 1
    for block in range(count):
        mask[starts[block] : ends[block]] = FENCED
    return count


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
def _known_name(packed, names):
    """Whether a packed lower-case name is in the open-addressed table of function names and units."""
    slot = (packed * np.uint64(_NAME_MULTIPLIER)) >> np.uint64(55)
    while names[slot] != 0:
        if names[slot] == packed:
            return True
        slot = (slot + np.uint64(1)) & np.uint64(511)
    return False


@compiled
def _letter_run(codes, classes, i, end, names):
    """(end, is a word) of the run of letters at `i`, which is of a script written with spaces."""
    n_letters = n_lower = n_upper = n_vowels = 0
    packed = np.uint64(0)
    plain = True  # no identifier: neither digit nor underscore, dot or inner capital
    script = classes[i]
    j = i
    previous_lower = False
    while j < end:
        code, kind = codes[j], classes[j]
        if kind == script:
            n_letters += 1
            lower = 97 <= code <= 122
            if 65 <= code <= 90:
                n_upper += 1
                if previous_lower:
                    plain = False
                code += 32
            elif lower:
                n_lower += 1
            if code >= 128 or code == 97 or code == 101 or code == 105 or code == 111 or code == 117 or code == 121:
                n_vowels += 1
            packed = (packed << np.uint64(8)) | np.uint64(code & 255)
            previous_lower = lower
        elif kind == DIGIT:
            plain = False
        elif kind != MARK:
            if j + 1 >= end:
                break
            after = classes[j + 1]
            if (code == 95 and (after == script or after == DIGIT)) or (
                code == 46 and script == LATIN and (97 <= codes[j + 1] <= 122 or after == DIGIT)
            ):
                plain = False
            elif (code == 39 or code == 0x2019) and after == script:
                previous_lower = False  # d'Alembert is a word
            else:
                break
        j += 1
    if script == LATIN and j < end:
        if codes[j] == 40:
            plain = False
        elif codes[j] == 64 or (codes[j] == 58 and j + 2 < end and codes[j + 1] == 47 and codes[j + 2] == 47):
            plain = False  # an address runs to the next space
            while j < end and codes[j] > 32 and codes[j] < 128:
                j += 1
    word = plain and n_letters > 1
    if word and script == LATIN:
        ascii_only = n_lower + n_upper == n_letters
        if ascii_only and ((n_lower == 0 and n_letters <= 4) or (n_vowels == 0 and n_letters <= 3)):
            word = False  # ABC, rh: names of points and products
        elif ascii_only and n_letters <= 6 and _known_name(packed, names):
            word = False
    return j, word


@compiled
def find_words(codes, classes, mask, first, end, names, starts, ends, scripts, count):
    """Append the words of the prose in [first, end) to `starts`, `ends`, `scripts`; returns the new count.

    Math, inline code, numbers, identifiers, units and function names are skipped; display math is marked in `mask`.
    """
    no_parenthesis = no_bracket = no_display = no_environment = -1
    no_code = np.full(32, -1, np.int64)  # by number of backticks: no closing run before this position
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
            if kind == DIGIT:
                while i < end and (
                    classes[i] == DIGIT
                    or classes[i] == MARK
                    or (classes[i] >= LATIN and not HAN <= classes[i] <= HANGUL)
                    or codes[i] == 95
                ):
                    i += 1
            else:
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
def longest_paragraph(classes, mask):
    """(characters, start, end) of the longest block between blank lines.

    Fenced code and display math are not counted; a fenced block also ends the paragraph before it.
    """
    best = best_start = best_end = 0
    count = solid = start = stop = 0  # characters so far, and up to the last one that is no space
    blank = True
    for i in range(classes.size + 1):
        if i == classes.size or mask[i] == FENCED or (mask[i] == PROSE and classes[i] == NEWLINE and blank):
            if solid > best:
                best, best_start, best_end = solid, start, stop
            count = solid = 0
            blank = True
            continue
        kind = classes[i]
        space = kind == SPACE or kind == NEWLINE
        if not space:
            blank = False
        elif kind == NEWLINE:
            blank = True
        if mask[i] == DISPLAY_MATH:
            continue
        if count == 0:
            if space:
                continue
            start = i
        count += 1
        if not space:
            solid = count
            stop = i + 1
    return best, best_start, best_end


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
def trimmed(classes):
    """(start, end) without the white space at both ends."""
    start, end = 0, classes.size
    while start < end and (classes[start] == SPACE or classes[start] == NEWLINE):
        start += 1
    while end > start and (classes[end - 1] == SPACE or classes[end - 1] == NEWLINE):
        end -= 1
    return start, end


@compiled
def measure_structure(codes, offsets, targets, table, names, integers, code_ratios):
    """Measure the texts codes[offsets[k]:offsets[k + 1]], whose target scripts are the bits of targets[k].

    `integers` gets a row (words in target scripts, other words, longest paragraph, fenced blocks) a text.
    """
    longest = 0
    for k in range(offsets.size - 1):
        longest = max(longest, offsets[k + 1] - offsets[k])
    all_classes = np.empty(longest, np.uint8)
    mask = np.empty(longest, np.uint8)
    starts = np.empty(longest, np.int32)
    ends = np.empty(longest, np.int32)
    scripts = np.empty(longest, np.uint8)
    for k in range(offsets.size - 1):
        text = codes[offsets[k] : offsets[k + 1]]
        classes = all_classes[: text.size]
        classify(text, table, classes)
        first, end = trimmed(classes)
        text, classes = text[first:end], classes[first:end]
        n = text.size
        mask[:n] = PROSE
        n_blocks = mark_fences(text, classes, mask, starts, ends)
        n_code = 0
        for block in range(n_blocks):
            n_code += ends[block] - starts[block]
        n_words = find_all_words(text, classes, mask, names, starts, ends, scripts)
        in_target = 0
        for word in range(n_words):
            in_target += (targets[k] >> np.uint64(scripts[word])) & np.uint64(1)
        integers[k, 0] = in_target
        integers[k, 1] = n_words - in_target
        integers[k, 2] = longest_paragraph(classes, mask[:n])[0]
        integers[k, 3] = n_blocks
        code_ratios[k] = n_code / n if n else 0.0
