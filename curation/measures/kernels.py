"""The compiled code of all measures: one pass over the code points of each reasoning, without the GIL.

First what a character is, then fenced code and paragraphs, then the one tokeniser: words by script, with everything
neutral skipped. Measures count what it finds and displays show it, so what is shown is what was counted. It is linear
in the text: a search for a closing mark that failed is remembered and not repeated.

One file, since numba's cache sees changes only in the file of the function that it compiled.
"""

# ruff: noqa: SIM109 - numba compiles no `in` on tuples of mixed integers
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import numpy as np

from curation.measures.compiled import compiled

# Classes of languages.CharacterClass; numbers of their own because a compiled function freezes what it imports.
# From MARK on they continue a run, from DIGIT on they start one.
SPACE, NEWLINE, MARKUP, HAN, HANGUL, MARK, DIGIT, LATIN = 1, 2, 3, 4, 6, 7, 8, 9
PROSE, FENCED, DISPLAY_MATH = 0, 1, 2
# What a token contains: the first two alone make it a plain ASCII word.
LOWER, UPPER, NON_ASCII, NUMERAL, INNER_CAPITAL, SINGLE, SIGN = 1, 2, 4, 8, 32, 64, 128
ONE = np.uint64(1)  # positions are unsigned in the hottest loop: a signed one is checked for being negative
GRAM = 4
SEED, FACTOR = 7, 0x100000001B3
FIRST_MIX, SECOND_MIX = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
NAMES = 4096  # slots of the table of names; one more entry holds the shift that gives a hash its slot
_VOWELS = 0x2208222  # bits of a, e, i, o, u, y, where a is bit 1


@compiled
def classify(codes, table, classes):
    """Write the class of each code point, as the `table` of languages.character_classes has it."""
    size = table.size
    for i in range(codes.size):
        code = codes[i]
        classes[i] = table[code] if code < size else (MARK if 0xE0100 <= code <= 0xE01EF else 0)


@compiled
def trimmed(classes):
    """(start, end) of a text without the white space at both ends."""
    start, end = 0, classes.size
    while start < end and (classes[start] == SPACE or classes[start] == NEWLINE):
        start += 1
    while end > start and (classes[end - 1] == SPACE or classes[end - 1] == NEWLINE):
        end -= 1
    return start, end


@compiled
def find_newlines(classes, lines):
    """Write the positions of the newlines; returns how many there are."""
    count = 0
    for i in range(classes.size):
        if classes[i] == NEWLINE:
            lines[count] = i
            count += 1
    return count


@compiled
def mark_fences(codes, classes, lines, mask, starts, ends):
    """Set `mask` to PROSE and FENCED; returns the number of fenced blocks, whose bounds go to `starts` and `ends`.

    A fence is a line that starts with three or more backticks or tildes; a block without a closing fence runs to the
    end of the text. `lines` are the positions of the newlines.
    """
    n = codes.size
    mask[:] = PROSE
    count = 0
    fence = np.uint32(0)  # the open fence's character, 0 outside a block
    width = 0
    first = 0
    for line in range(lines.size + 1):
        end = lines[line] if line < lines.size else n
        i = first
        while i < end and classes[i] == SPACE:
            i += 1
        if i < end and (codes[i] == 96 or codes[i] == 126):
            mark = codes[i]
            run_start = i
            while i < end and codes[i] == mark:
                i += 1
            run = i - run_start
            ticks = False
            bare = True
            while i < end:
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
                    ends[count] = end
                    count += 1
        first = end + 1
    if fence != 0:
        ends[count] = n
        count += 1
    for block in range(count):
        mask[starts[block] : ends[block]] = FENCED
    return count


@compiled
def longest_paragraph(classes, lines, mask):
    """(characters, start, end) of the longest block between blank lines; `lines` are the positions of the newlines.

    Fenced code and display math are not counted; a fenced block also ends the paragraph before it.
    """
    n = classes.size
    best = best_start = best_end = start = stop = begin = 0
    for line in range(lines.size + 1):
        ends_here = line == lines.size
        end = n if ends_here else lines[line]
        first = begin
        math = end < n and mask[end] == DISPLAY_MATH
        if begin < n and mask[begin] == FENCED:
            ends_here, first = True, end
        begin = end + 1
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
            if size > best:
                for k in range(start, stop):
                    size -= mask[k] == DISPLAY_MATH
            if size > best:
                best, best_start, best_end = size, start, stop
            start = stop = 0
    return best, best_start, best_end


@compiled
def _mix(value):
    """Spread a 64-bit value over all its bits (the finalizer of SplitMix64)."""
    value ^= value >> np.uint64(30)
    value *= np.uint64(FIRST_MIX)
    value ^= value >> np.uint64(27)
    value *= np.uint64(SECOND_MIX)
    return value ^ (value >> np.uint64(31))


@compiled
def tokenise(codes, classes, lower, starts, ends, kinds, hashes):
    """Write bounds, contents and case-insensitive hash of each token; returns their count.

    A token is a run of letters, digits and marks, a Han, kana or Hangul character (SINGLE), or one of $, ` and the
    backslash (SIGN).
    """
    n = np.uint64(codes.size)
    count = i = np.uint64(0)
    while i < n:
        kind = classes[i]
        if kind <= NEWLINE or kind == MARK:
            i += ONE
            continue
        starts[count] = i
        if kind == MARKUP:
            kinds[count] = SIGN
            i += ONE
        elif kind <= HANGUL:
            hashes[count] = _mix(np.uint64(codes[i]))
            kinds[count] = SINGLE
            i += ONE
        else:
            value = np.uint64(SEED)
            contents = previous = np.uint8(0)
            while True:
                code = codes[i]
                if code < 128:
                    content = np.uint8(LOWER if code >= 97 else (UPPER if code >= 65 else NUMERAL))
                    contents |= content | np.uint8((previous & (content >> 1)) << 5)
                    previous = np.uint8(content & LOWER)
                    code |= np.uint32(32)
                else:
                    contents |= np.uint8(NUMERAL if kind == DIGIT else NON_ASCII)
                    previous = np.uint8(0)
                    if code < lower.size:
                        code = lower[code]
                value = value * np.uint64(FACTOR) + np.uint64(code)
                i += ONE
                if i == n:
                    break
                kind = classes[i]
                if kind < MARK:
                    break
            hashes[count] = _mix(value)
            kinds[count] = contents
        ends[count] = i
        count += ONE
    return np.int64(count)


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
def _is_word(codes, start, end, all_capitals, value, names):
    """Whether a run of ASCII letters is a word: not a point or product (ABC, rh), a unit or a function name."""
    # one expression without branches: the processor could not guess them
    size = end - start
    vowels = (_VOWELS >> (codes[start] & 31)) | (_VOWELS >> (codes[start + (size > 1)] & 31))
    vowels |= _VOWELS >> (codes[end - 1] & 31)
    unnamed = names[(value >> names[NAMES]) & np.uint64(NAMES - 1)] != value
    points = all_capitals & (size <= 4) | (vowels & 1 == 0) & (size <= 3)
    return (size > 6) | ((size > 1) & (not points) & unnamed)


@compiled
def _joins(codes, classes, i, end):
    """Whether what follows a word at `i` may belong to it: an apostrophe, _x, .x, (, @ or ://."""
    code = codes[i]
    if code == 32 or code == 44 or code == 10:
        return False
    if code == 46:
        return i + 1 < end and (97 <= codes[i + 1] <= 122 or classes[i + 1] == DIGIT)
    return code == 39 or code == 40 or code == 58 or code == 64 or code == 95 or code == 0x2019


@compiled
def _letter_run(codes, classes, i, end, names):
    """(end, is a word) of the run of letters at `i`, which is of a script written with spaces."""
    script = classes[i]
    ascii_letters = script == LATIN
    plain = True  # no identifier: neither digit nor underscore, dot or inner capital
    previous_lower = False
    n_letters = n_upper = 0
    value = np.uint64(SEED)
    j = i
    while j < end:
        code, kind = codes[j], classes[j]
        if kind == script:
            n_letters += 1
            n_upper += 65 <= code <= 90
            value = value * np.uint64(FACTOR) + np.uint64(code | np.uint32(32))
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
    return j, _is_word(codes, i, j, n_upper == n_letters, _mix(value), names) if ascii_letters else True


@compiled
def find_words(
    codes, classes, mask, has_code, n_tokens, token_starts, token_ends, kinds, hashes, names, starts, ends, scripts
):
    """Write bounds and scripts of the words among the tokens of the prose; returns how many there are.

    Math, inline code, numbers, identifiers, units and function names are skipped; display math is marked in `mask`,
    where fenced code is marked already if it `has_code`.
    """
    no_parenthesis = no_bracket = no_display = no_environment = -1
    no_code = np.full(32, -1)  # by number of backticks: no closing run before this position
    count = 0
    i = 0  # everything before it is done
    end = 0 if has_code else codes.size  # where the prose around `i` ends and code begins
    for token in range(n_tokens):
        first, last = token_starts[token], token_ends[token]
        if i <= first and last < end and kinds[token] <= (LOWER | UPPER) and not _joins(codes, classes, last, end):
            starts[count], ends[count], scripts[count] = first, last, LATIN
            count += _is_word(codes, first, last, kinds[token] == UPPER, hashes[token], names)
            continue
        while i < last:
            whole = i <= first
            i = max(i, first)
            if i >= end:
                if mask[i] == FENCED:
                    i = last
                    continue
                end = i
                while end < codes.size and mask[end] != FENCED:
                    end += 1
            if kinds[token] == SINGLE:
                starts[count], scripts[count] = i, classes[i]
                i = last
                while i < end and classes[i] == MARK:
                    i += 1
                ends[count] = i
                count += 1
                continue
            kind = classes[i]
            if whole and kind == DIGIT and (last >= end or codes[last] != 95):
                i = last
                continue
            if kind >= LATIN:
                close, word = _letter_run(codes, classes, i, end, names)
                if word:
                    starts[count], ends[count], scripts[count] = i, close, kind
                    count += 1
                i = close
                continue
            if kind == DIGIT:
                i += 1
                while i < end and (classes[i] >= MARK or codes[i] == 95):
                    i += 1
                continue
            if kind != MARKUP:
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
def seen_size(n_words):
    """A power of two, at least twice `n_words`."""
    size = 16
    while size < 2 * n_words:
        size *= 2
    return size


@compiled
def repeated_grams(hashes, seen, repeated):
    """Set repeated[g] where the 4-gram that starts at word g occurred before; returns how many did.

    `seen` is scratch of `seen_size` words. Words are known by their hashes.
    """
    n_grams = hashes.size - GRAM + 1
    if n_grams < 1:
        return 0
    last = np.uint64(seen_size(n_grams) - 1)
    seen[: last + np.uint64(1)] = 0
    total = 0
    for g in range(n_grams):
        value = hashes[g]
        for k in range(1, GRAM):  # multiplied by odd numbers, so that the order of the words counts
            value += hashes[g + k] * (np.uint64(FIRST_MIX) + np.uint64(2 * k))
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
def keep_words(n_tokens, starts, ends, kinds, hashes):
    """Move all tokens but signs to the front of the arrays; returns how many there are.

    These are the words and numbers that 4-grams are made of: code and math count, since a loop in a formula is a loop.
    """
    count = 0
    for token in range(n_tokens):
        starts[count], ends[count], hashes[count] = starts[token], ends[token], hashes[token]
        count += kinds[token] != SIGN
    return count


@compiled
def measure_texts(codes, offsets, table, targets, lower, names, integers, code_ratios, repetitions):
    """Measure text k, which is codes[offsets[k] : offsets[k + 1]], for every k.

    integers[k] gets the words in the scripts that are the bits of targets[k], other words, the characters of the
    longest paragraph and the number of fenced blocks; code_ratios[k] and repetitions[k] the shares in fences and of
    repeated 4-grams.
    """
    longest = 1
    for k in range(offsets.size - 1):
        longest = max(longest, offsets[k + 1] - offsets[k])
    all_classes = np.empty(longest, np.uint8)
    all_mask = np.empty(longest, np.uint8)
    lines = np.empty(longest, np.int32)
    starts = np.empty(longest, np.int32)
    ends = np.empty(longest, np.int32)
    word_starts = np.empty(longest, np.int32)
    word_ends = np.empty(longest, np.int32)
    kinds = np.empty(longest, np.uint8)
    scripts = np.empty(longest, np.uint8)
    hashes = np.empty(longest, np.uint64)
    repeated = np.empty(longest, np.bool_)
    seen = np.empty(seen_size(longest), np.uint64)
    for k in range(offsets.size - 1):
        whole = codes[offsets[k] : offsets[k + 1]]
        classify(whole, table, all_classes)
        first, end = trimmed(all_classes[: whole.size])
        text, classes, mask = whole[first:end], all_classes[first:end], all_mask[: end - first]
        newlines = lines[: find_newlines(classes, lines)]

        n_blocks = mark_fences(text, classes, newlines, mask, starts, ends)
        fenced = 0
        for block in range(n_blocks):
            fenced += ends[block] - starts[block]
        integers[k, 3] = n_blocks
        code_ratios[k] = fenced / text.size if text.size else 0.0

        n_tokens = tokenise(text, classes, lower, starts, ends, kinds, hashes)
        n_words = find_words(
            text,
            classes,
            mask,
            n_blocks > 0,
            n_tokens,
            starts,
            ends,
            kinds,
            hashes,
            names,
            word_starts,
            word_ends,
            scripts,
        )
        in_target = 0
        for word in range(n_words):
            in_target += (targets[k] >> np.uint64(scripts[word])) & np.uint64(1)
        integers[k, 0] = in_target
        integers[k, 1] = n_words - in_target
        integers[k, 2] = longest_paragraph(classes, newlines, mask)[0]

        count = keep_words(n_tokens, starts, ends, kinds, hashes)
        total = repeated_grams(hashes[:count], seen, repeated)
        repetitions[k] = total / (count - GRAM + 1) if count >= GRAM else 0.0
