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
# From MARK on they continue a run, from DIGIT on they start one.
SPACE, NEWLINE, MARKUP, HAN, HANGUL, MARK, DIGIT, LATIN = 1, 2, 3, 4, 6, 7, 8, 9
FENCED, DISPLAY_MATH = 1, 2
# What a token contains: the first two alone make it a plain ASCII word.
LOWER, UPPER, NON_ASCII, NUMERAL, INNER_CAPITAL, SINGLE, SIGN = 1, 2, 4, 8, 32, 64, 128
GRAM = 4
SEED, FACTOR = 7, 0x100000001B3
FIRST_MIX, SECOND_MIX = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
NAMES = 4096  # slots of the table of names; one more entry holds the shift that gives a hash its slot
_VOWELS = 0x2208222  # bits of a, e, i, o, u, y, where a is bit 1


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
    n = codes.size
    count = i = 0
    while i < n:
        kind = classes[i]
        if kind <= NEWLINE or kind == MARK:
            i += 1
            continue
        starts[count] = i
        if kind == MARKUP:
            kinds[count] = SIGN
            i += 1
        elif kind <= HANGUL:
            hashes[count] = _mix(np.uint64(codes[i]))
            kinds[count] = SINGLE
            i += 1
        else:
            value = np.uint64(SEED)
            contents = previous = 0
            while True:
                code = codes[i]
                if code < 128:
                    content = LOWER if code >= 97 else (UPPER if code >= 65 else NUMERAL)
                    contents |= content | (previous & (content >> 1)) << 5
                    previous = content & LOWER
                    code |= np.uint32(32)
                else:
                    contents |= NUMERAL if kind == DIGIT else NON_ASCII
                    previous = 0
                    if code < lower.size:
                        code = lower[code]
                value = value * np.uint64(FACTOR) + np.uint64(code)
                i += 1
                if i == n:
                    break
                kind = classes[i]
                if kind < MARK:
                    break
            hashes[count] = _mix(value)
            kinds[count] = contents
        ends[count] = i
        count += 1
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
def find_words(codes, classes, mask, n_tokens, token_starts, token_ends, kinds, hashes, names, starts, ends, scripts):
    """Write bounds and scripts of the words among the tokens of the prose; returns how many there are.

    Math, inline code, numbers, identifiers, units and function names are skipped; display math is marked in `mask`.
    """
    no_parenthesis = no_bracket = no_display = no_environment = -1
    no_code = np.full(32, -1)  # by number of backticks: no closing run before this position
    count = 0
    i = end = -1  # everything before i is done; the prose around it ends at `end`, where code begins
    token = 0
    while token < n_tokens:
        if token_ends[token] <= i:
            token += 1
            continue
        whole = token_starts[token] >= i
        i = max(i, token_starts[token])
        if i >= end:
            if mask[i] == FENCED:
                i = token_ends[token]
                continue
            end = i
            while end < codes.size and mask[end] != FENCED:
                end += 1
        contents = kinds[token]
        if contents == SINGLE:
            first = i
            i = token_ends[token]
            while i < end and classes[i] == MARK:
                i += 1
            starts[count], ends[count], scripts[count] = first, i, classes[first]
            count += 1
            continue
        if whole and contents <= (LOWER | UPPER):
            close = token_ends[token]
            if close >= end or not _joins(codes, classes, close, end):
                starts[count], ends[count], scripts[count] = i, close, LATIN
                count += _is_word(codes, i, close, contents == UPPER, hashes[token], names)
                i = close
                continue
        kind = classes[i]
        if whole and kind == DIGIT:
            close = token_ends[token]
            if close >= end or codes[close] != 95:
                i = close
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
def measure_words(codes, classes, bounds, mask, targets, lower, names, integers, repetition):
    """Words in the scripts that are the bits of targets[k], other words, and the share of repeated 4-grams of text k.

    They go to integers[k, 0], integers[k, 1] and repetition[k]. Marks display math in `mask` on the way.
    """
    longest = 1
    for k in range(bounds.shape[0]):
        longest = max(longest, bounds[k, 1] - bounds[k, 0])
    starts = np.empty(longest, np.int32)
    ends = np.empty(longest, np.int32)
    word_starts = np.empty(longest, np.int32)
    word_ends = np.empty(longest, np.int32)
    kinds = np.empty(longest, np.uint8)
    scripts = np.empty(longest, np.uint8)
    hashes = np.empty(longest, np.uint64)
    repeated = np.empty(longest, np.bool_)
    seen = np.empty(seen_size(longest), np.uint64)
    for k in range(bounds.shape[0]):
        first, end = bounds[k, 0], bounds[k, 1]
        text, kinds_of = codes[first:end], classes[first:end]
        n_tokens = tokenise(text, kinds_of, lower, starts, ends, kinds, hashes)
        count = find_words(
            text,
            kinds_of,
            mask[first:end],
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
        for word in range(count):
            in_target += (targets[k] >> np.uint64(scripts[word])) & np.uint64(1)
        integers[k, 0] = in_target
        integers[k, 1] = count - in_target
        count = keep_words(n_tokens, starts, ends, kinds, hashes)
        total = repeated_grams(hashes[:count], seen, repeated)
        repetition[k] = total / (count - GRAM + 1) if count >= GRAM else 0.0
