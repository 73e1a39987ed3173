"""What happens to a sentence before a model sees it: it is cut into words that the model knows, and the rest of it is named.

Nothing is guessed in silence. What is not in the world is refused by name; what is mended, left out, or taken for something near
is written down.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from genai.data.words import CJK
from genai.data.world import lexicon_en, lexicon_zh
from genai.data.world.beyond import STOP, colours, cut, kinds, normalised, places, scenery, tables
from genai.data.world.captions import LENGTH
from genai.data.world.scene import GROUPS, MAX_COUNT
from genai.data.world.suggestions import ARTICLES, COUNTING, MEASURES, suggest
from genai.data.world.typos import mended

STYLE = re.compile(r"\d+\s?(?:k|d|p|mp|bit|fps|px)\b")  # 4k is no four
NUMERAL = "一二两三四五六七八九十百千万"
TOO_MANY_ZH = re.compile(f"[{NUMERAL}]*[六七八九十百千万][{NUMERAL}]*(?=[{''.join(sorted(MEASURES))}])")
TOO_MANY_EN = frozenset(
    word
    for listed in (
        "six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty",
        "forty fifty sixty seventy eighty ninety hundred thousand million billion dozen",
    )
    for word in listed.split()
)
ENDINGS = ("ly", "ing", "ed", "est", "ful", "ish", "less", "ous")  # of English words that say how, not what
AFTER_VERBS = frozenset("着在了地得到过满起来去出")
SILENT = "asking"  # why words are ignored that hold a request together: they are left out without a word
SHADES = ("dark", "light", "bright", "pale", "deep")  # before a colour
HANGING = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "with",
        "in",
        "on",
        "at",
        "of",
        "to",
        "under",
        "over",
        "by",
        "near",
        "its",
        "their",
        "like",
    ]
)
SCENERY = {  # colours that are a place's own
    "blue": ("sky", "sea", "ocean", "water", "lake"), "green": ("grass", "meadow", "field", "lawn", "park", "garden", "forest"),
    "white": ("snow", "clouds", "sand", "beach"), "golden": ("sand", "beach", "sunset", "desert"),
    "dark": ("night", "sky", "forest", "woods", "sea", "room"), "black": ("night", "sky"),
}  # fmt: skip


@dataclass(frozen=True)
class Note:
    """Something to be said of a sentence. code: "taken" (a word, what it was taken for), "count" (a number, what was taken),
    "two_grounds", "two_times", "two_weathers", "two_colours" (what was taken, what was left out), "many_things" (how many
    kinds, how many there can be), "cut" (the first word too many)."""

    code: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """words: what the model sees (`text`: in one string).  corrected: (written, read as).  ignored: words that say nothing about
    the picture, but for small ones.  unknown: what cannot be drawn, in order.  refused: whether to draw nothing.
    suggestion: the nearest sentence that can be drawn, or ""."""

    words: tuple[str, ...]
    corrected: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    refused: bool = False
    suggestion: str = ""

    @property
    def text(self) -> str:
        return " ".join(self.words)


def read(text: str) -> Reading:
    """Read a sentence in English, Chinese or both; see `Reading`."""
    return _read(text, wanting=True)


def _read(text: str, wanting: bool) -> Reading:
    """wanting: a suggestion, where it is refused."""
    reader = _Reader(text)
    unknown = tuple(dict.fromkeys(piece.written for piece in reader.pieces if piece.status == "unknown"))
    ignored = tuple(dict.fromkeys(piece.written for piece in reader.pieces if piece.status == "ignored"))
    reader.settle()
    words = _tidy([word for piece in reader.pieces for word in piece.words])
    if len(words) > LENGTH:
        reader.notes.append(Note("cut", (words[LENGTH],)))
        words = words[:LENGTH]
    refused = bool(unknown) or not any(word in kinds() or word in scenery() for word in words)
    suggestion = ""
    if refused and wanting:
        written = [
            (p.written, p.nearest if p.status == "unknown" else None) for p in reader.pieces if p.written != STOP
        ]
        suggestion = suggest(written)
        suggestion = "" if _read(suggestion, wanting=False).refused else suggestion
    return Reading(tuple(words), tuple(reader.corrected), ignored, unknown, tuple(reader.notes), refused, suggestion)


@cache
def _requests() -> frozenset[str]:
    """Words that only ask for a picture: what they ask for is the same without them."""
    asking = (*lexicon_en.OPENINGS, *lexicon_en.CLOSINGS, *lexicon_zh.OPENINGS, *lexicon_zh.CLOSINGS)
    held = {word for phrase in (*lexicon_en.GLUE, *lexicon_zh.GLUE) for word in phrase.split()} - {"图", "图片", "幅"}
    return frozenset(word for phrase in asking for word in phrase.split()) - tables().means - held


def _tidy(words: list[str]) -> list[str]:
    """Without requests, and without the articles and prepositions that have nothing left to hold together."""
    words = [word for word in words if word not in _requests()]
    found: list[str] = []
    for word, after in zip(words, [*words[1:], ""]):
        last = found[-1] if found else ""
        idle = (
            (word in ("a", "an", "the") and after in ("", "a", "an", "the", "of", "to", "that", "is"))
            or (word in ("of", "to", "that", "的") and not last)
            or (word in ("of", "to") and last in ("a", "the", "is", "are"))
        )
        if not idle:
            found.append(word)
    while found and found[-1] in HANGING:
        found.pop()
    return found


@dataclass
class _Piece:
    """A word or phrase as it is written, what the model sees of it, and what it is: "known", "ignored", "silent" (left out
    without a word) or "unknown". nearest: of an unknown one, the kind to draw in its place."""

    written: str
    words: tuple[str, ...]
    status: str
    nearest: str = ""


class _Reader:
    """A text in pieces, and what there is to be said of them."""

    def __init__(self, text: str):
        self.corrected: list[tuple[str, str]] = []
        plain = normalised(text)
        self.pieces = [_Piece(style, (), "ignored") for style in STYLE.findall(plain)]
        plain = STYLE.sub(" ", plain)
        self.notes = [Note("count", (number, "五")) for number in TOO_MANY_ZH.findall(plain)]
        self.raw = cut(TOO_MANY_ZH.sub("五", plain))
        i = 0
        while i < len(self.raw):
            i += self._piece(i)

    # -- what each piece is ------------------------------------------------------------------------------------

    def _piece(self, i: int) -> int:
        """Take the longest phrase that begins at word i: how many words that is."""
        for n in range(min(5, len(self.raw) - i), 0, -1):
            phrase = tuple(self.raw[i : i + n])
            if phrase in tables().same:
                self._same(phrase)
                return n
            if n > 1 and phrase in tables().outside:
                self.pieces.append(_Piece(" ".join(phrase), (), "unknown", tables().outside[phrase]))
                return n
        self._word(i)
        return 1

    def _same(self, phrase: tuple[str, ...]) -> None:
        written, words = _joined(phrase), tables().same[phrase]
        if phrase in tables().taken and words:
            self.notes.append(Note("taken", (written, _joined(words))))
        self.pieces.append(_Piece(written, words, "known" if words else "silent"))

    def _word(self, i: int) -> None:
        word, before, after = (
            self.raw[i],
            self.raw[i - 1] if i else STOP,
            self.raw[i + 1] if i + 1 < len(self.raw) else STOP,
        )
        piece = _Piece(word, (), "silent")
        if word == STOP:
            pass
        elif word in ("orange", "oranges") and (word[-1] == "s" or before in ("a", "an")) and not _of_a_thing(after):
            piece = _Piece(word, (), "unknown", "apple")  # the fruit
        elif (word in SHADES and after in colours()) or after in SCENERY.get(word, ()):
            pass
        elif word in TOO_MANY_EN or (word.isdecimal() and int(word[:9]) > MAX_COUNT):
            return self._many(word)
        elif word in tables().known:
            piece = _Piece(word, (word,), "known")
        elif (word,) in tables().outside:
            piece = _Piece(word, (), "unknown", tables().outside[(word,)])
        elif word in tables().ignored:
            piece.status = "silent" if tables().ignored[word] == SILENT else "ignored"
        elif CJK.match(word):
            return self._character(word, before, after)
        elif len(word) == 1:
            pass
        elif known := mended(word):
            self.corrected.append((word, known))
            self.raw[i] = known
            return self._same((known,)) if (known,) in tables().same else self._word(i)
        else:
            piece.status = "ignored" if word.endswith(ENDINGS) and len(word) > 4 else "unknown"
        self.pieces.append(piece)

    def _many(self, number: str) -> None:
        """A number that is too large. In "two hundred" and "a dozen" what stands before belongs to it."""
        last = self.pieces[-1] if self.pieces else None
        if last and last.words == ("five",):
            return
        if last and last.status == "known" and last.written in COUNTING - {"the"}:
            self.pieces.pop()
        self.notes.append(Note("count", (number, "five")))
        self.pieces.append(_Piece(number, ("five",), "known"))

    def _character(self, word: str, before: str, after: str) -> None:
        """A Chinese character that nobody knows. With its neighbours it is a word: what is done or how, before 着 or 地, between
        two things, or said twice; else a thing; but a measure word where one is counted."""
        last = self.pieces[-1] if self.pieces else None
        if word in MEASURES and before in COUNTING:
            self.pieces.append(_Piece(word, (), "silent"))
            return
        between = before in kinds() and (after in kinds() or after in COUNTING or after in colours())  # 猫咬鱼
        status = "ignored" if after in AFTER_VERBS or between or word == before else "unknown"
        if last and CJK.match(before) and not tables().lists(before) and before not in MEASURES:
            last.written, last.status = last.written + word, status
        else:
            self.pieces.append(_Piece(word, (), status))

    # -- what contradicts itself -------------------------------------------------------------------------------

    def settle(self) -> None:
        """Of two grounds, times, weathers, or colours of one thing, only the first is left."""
        said: dict[str, tuple[str, str]] = {}
        for k, piece in enumerate(self.pieces):
            for word in piece.words:
                name, value = self._place(k, word)
                if (name, value) == ("ground", "sky") and "ground" in said and self._near(k, "under", "下"):
                    self._drop(k)  # all grounds lie under a sky
                    break
                if name and said.setdefault(name, (value, word))[0] != value:
                    if (
                        name == "ground"
                        and (said[name][0], value) == ("city", "road")
                        and self._near(k, "city", "城市")
                    ):
                        continue  # a street of the city that was just named
                    self.notes.append(Note(f"two_{name}s", (said[name][1], word)))
                    self._drop(k)
                    break
        for k in range(len(self.pieces)):
            self._one_colour(k)
        named = {kinds()[word] for piece in self.pieces for word in piece.words if word in kinds()}
        if len(named) > GROUPS:
            self.notes.append(Note("many_things", (str(len(named)), str(GROUPS))))

    def _place(self, k: int, word: str) -> tuple[str, str]:
        """What a word says of ground, time or weather, with those around it: ("", "") for nothing."""
        name, value = places().get(word, ("", ""))
        if (name, value) == ("ground", "sea"):
            if self._near(k, "under", "bottom", "beneath", "deep", "floor", "底"):
                return name, "underwater"
            if self._near(k, "by", "near", "beside", "边", "shore"):
                return name, "sand"
        if (name, value) == ("ground", "sky") and self._near(k, "starry", "clear"):
            return ("time", "night") if self._near(k, "starry") else ("weather", "clear")
        if (name, value) == ("ground", "snow") and self._near(k, "falling", "falls", "is"):
            return "weather", "snowfall"
        return name, value

    def _near(self, k: int, *words: str) -> bool:
        return any(
            word in words for piece in self.pieces[max(0, k - 4) : k + 3] for word in (piece.written, *piece.words)
        )

    def _drop(self, k: int) -> None:
        """A place, with the small words before it."""
        self.pieces[k].words = ()
        small = (*ARTICLES, "in", "under", "on", "at", "by", "through", "near", "of", "with", "and", "在", "的", STOP)
        while k and self.pieces[k - 1].written in small:
            k -= 1
            self.pieces[k].words = ()

    def _one_colour(self, k: int) -> None:
        """ "red and blue car", 红色蓝色的车: the first. k: where the first one may be."""
        following = [
            j
            for j in range(k + 1, min(k + 6, len(self.pieces)))
            if self.pieces[j].words or self.pieces[j].written == STOP
        ]
        joint = following[:1] if following and self.pieces[following[0]].words in (("and",), ("和",), ("or",)) else []
        rest = [j for j in following[len(joint) :] if self.pieces[j].words != ("的",)]
        words = [self.pieces[j].words[-1] if self.pieces[j].words else STOP for j in [k, *rest[:2]]]
        if len(words) < 3 or words[0] not in colours() or words[1] not in colours() or words[2] not in kinds():
            return
        if colours()[words[0]] != colours()[words[1]]:
            self.notes.append(Note("two_colours", (words[0], words[1])))
        for j in (*joint, rest[0]):
            self.pieces[j].words = ()


def _joined(words: tuple[str, ...]) -> str:
    return ("" if CJK.match(words[0]) else " ").join(words)


def _of_a_thing(word: str) -> bool:
    """Whether an adjective may stand before it."""
    sizes = {size.split()[0] for listed in lexicon_en.SIZES.values() for size in listed}
    phrases = (tables().same, tables().outside)
    return word in kinds() or word in colours() or word in sizes or any((word,) in table for table in phrases)
