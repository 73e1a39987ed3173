"""Which word of the world a misspelt English one was meant to be."""

from __future__ import annotations

from functools import cache, lru_cache

from genai.data.world.beyond import colours, kinds, tables


@lru_cache(maxsize=4096)
def mended(word: str) -> str:
    """The nearest word that the world knows, or "". It may be two letters away from a word of six and more, one from a shorter
    one, and never from one of three or fewer, nor from an English word of its own. Of equals a kind or a colour is meant."""
    if not 4 <= len(word) <= 20 or word in tables().common:
        return ""
    most = 1 if len(word) < 6 else 2
    best = (most + 1, True, True, "")
    letters = frozenset(word)
    for known, theirs in _targets():
        if abs(len(known) - len(word)) <= most and len(letters ^ theirs) <= 2 * most:
            far = _distance(word, known, most)
            best = min(best, (far, known[0] != word[0], known not in kinds() and known not in colours(), known))
    far, begins_otherwise, _, known = best
    return known if far <= most and not (far == 2 and begins_otherwise) else ""


@cache
def _targets() -> tuple[tuple[str, frozenset[str]], ...]:
    """Words to mend to, with their letters."""
    words = {*tables().means, *(key[0] for key in tables().same if len(key) == 1)}
    return tuple(
        (word, frozenset(word)) for word in sorted(words) if word.isascii() and word.isalpha() and len(word) > 2
    )


def _distance(a: str, b: str, most: int) -> int:
    """Letters to change, leave out, add, or exchange with the next (Damerau 1964); most + 1 where it is more than `most`."""
    before, last = [0] * (len(b) + 1), list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            row.append(min(last[j] + 1, row[-1] + 1, last[j - 1] + (x != y)))
            if i > 1 and j > 1 and x == b[j - 2] and y == a[i - 2]:
                row[-1] = min(row[-1], before[j - 2] + 1)
        if min(row) > most:
            return most + 1
        before, last = last, row
    return last[-1]
