"""What happens to a sentence before a model sees it: it is cut into words that the model knows, and whatever else it holds is named.

Nothing is guessed in silence. What is not in the world is refused by name; what is mended, left out, or taken for something near
is written down. The words themselves are in `beyond-en.json` and `beyond-zh.json`: `same` (other ways to say what the world has),
`taken` (a rose is a flower), `ignored` (by why), `outside` (by the kind that is nearest).
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

from genai.data.words import CJK, LATIN
from genai.data.world import lexicon_en, lexicon_zh
from genai.data.world.captions import LENGTH, vocabulary
from genai.data.world.scene import GROUPS, MAX_COUNT

HERE = Path(__file__).parent
LONGEST_TEXT = 600  # characters that are read
STYLE = re.compile(r"\d+\s?(?:k|d|p|mp|bit|fps|px)\b")  # 4k is no four
NUMERAL = "一二两三四五六七八九十百千万"
TOO_MANY_ZH = re.compile(
    f"[{NUMERAL}]*[六七八九十百千万][{NUMERAL}]*(?=[个個只隻条條匹头頭朵棵座艘辆輛架枚支本把张張顶頂颗顆列台位间間栋棟块塊枝])"
)
TOO_MANY_EN = frozenset("six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty "
                        "thirty forty fifty sixty seventy eighty ninety hundred thousand million billion dozen".split())  # fmt: skip
ENDINGS = ("ly", "ing", "ed", "est", "ful", "ish", "less", "ous")  # of English words that say how, not what
AFTER_VERBS = frozenset("着在了地得到过")
SILENT = "asking"  # words that hold a request together: left out without a word
JOINING_EN = frozenset("""and with or on in at by to of next near beside behind under above below over beneath underneath front top left
right side close between is are there has have riding wearing carrying holding without no from""".split())  # fmt: skip
ARTICLES = frozenset(["a", "an", "the", "some", "one"])
JOINING_ZH = frozenset("""和 与 跟 还有 以及 在 有 着 的 是 旁边 旁 上 下 里 中 上面 下面 上方 下方 前面 后面 左边 右边 边上 附近 戴着 骑着 没有 放 坐
站 停 躺 趴 骑""".split())  # fmt: skip


@dataclass(frozen=True)
class Note:
    """Something to be said of a sentence. code: "taken" (word, what it was taken for), "count" (number, what was taken),
    "two_grounds", "two_times", "two_weathers", "two_colours" (what was taken, what was left out), "many_things" (how many,
    how many there can be), "cut" (where it had to end)."""

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


@dataclass
class _Piece:
    """A word as it is written, what the model sees of it, and what it is: "known", "ignored", "silent" or "unknown"."""

    written: str
    words: tuple[str, ...]
    status: str
    nearest: str = ""  # of an unknown one: the kind in whose place it stands


# -- the tables ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Tables:
    known: frozenset[str]
    means: frozenset[str]  # of those, what says something
    same: dict[tuple[str, ...], tuple[str, ...]]
    taken: frozenset[tuple[str, ...]]  # of the keys of `same`: what is only near
    ignored: dict[str, str]  # word -> why
    outside: dict[tuple[str, ...], str]  # word or phrase -> the nearest kind, or ""
    common: frozenset[str]  # English words that look like a typo and are none
    simple: dict[int, int]  # traditional characters
    longest: int = field(default=1)  # of Chinese words
    places: dict[str, tuple[str, str]] = field(default_factory=dict)  # word -> ("ground" ..., which)


@cache
def _tables() -> _Tables:
    words, idle = vocabulary()
    same: dict[tuple[str, ...], tuple[str, ...]] = {}
    taken, ignored, outside, common = set(), {}, {}, set()
    for language in ("en", "zh"):
        beyond = json.loads((HERE / f"beyond-{language}.json").read_text(encoding="utf-8"))
        for name in ("taken", "same"):
            for phrase, meant in beyond[name].items():
                key = tuple(phrase.split())
                same[key] = tuple(meant.split())
                if name == "taken":
                    taken.add(key)
                    if language == "en" and meant in _NOUNS:
                        several = tuple(lexicon_en.plural(phrase).split())
                        same[several] = (*same[key][:-1], *lexicon_en.plural(meant).split())
                        taken.add(several)
        for why, listed in beyond["ignored"].items():
            ignored.update(dict.fromkeys(listed.split(), why))
        for noun, listed in beyond["outside"].items():
            kind = _kinds()[noun] if noun else ""
            for each in listed.split():
                outside[tuple(each.split("_"))] = kind
                if language == "en":
                    outside.setdefault(tuple(lexicon_en.plural(each.replace("_", " ")).split()), kind)
        common.update(beyond.get("common", "").split())
    simple = json.loads((HERE / "traditional.json").read_text(encoding="utf-8"))
    chinese = [w for w in (*words, *(k[0] for k in same), *ignored, *(k[0] for k in outside)) if CJK.match(w)]
    return _Tables(
        frozenset(words), frozenset(words) - frozenset(idle), same, frozenset(taken), ignored, outside, frozenset(common),
        str.maketrans(simple["traditional"], simple["simplified"]), max(map(len, chinese)), _places(),
    )  # fmt: skip


_NOUNS = {noun: kind for kind, nouns in lexicon_en.KINDS.items() for noun in nouns}


@cache
def _kinds() -> dict[str, str]:
    """Noun, of one or several -> kind; of nouns of several words the last."""
    found = {noun.split()[-1]: kind for noun, kind in _NOUNS.items()}
    found.update({lexicon_en.plural(noun).split()[-1]: kind for noun, kind in _NOUNS.items()})
    found["fishes"] = "fish"
    found.update({noun.split()[-1]: kind for kind, nouns in lexicon_zh.KINDS.items() for noun, _ in nouns})
    return found


@cache
def _colours() -> dict[str, str]:
    tables = (lexicon_en.COLOURS, lexicon_zh.COLOURS)
    return {word: colour for table in tables for colour, words in table.items() for word in words}


def _places() -> dict[str, tuple[str, str]]:
    """Words that alone say where, when or in what weather."""
    found: dict[str, tuple[str, str]] = {}
    listed = {
        "ground": {
            "grass": "grass meadow lawn field park garden 草地 草坪 草原 田野 花园 公园", "road": "road street highway 马路 公路 街道 街",
            "sea": "sea ocean lake 大海 海 海洋 海面 湖 湖面", "sand": "beach desert seaside shore coast 沙滩 沙漠 海滩 海边",
            "room": "room indoors 房间 室内 客厅", "forest": "forest woods jungle 森林 树林 丛林",
            "mountains": "mountains mountain hill hills 山 群山 山坡", "city": "city town downtown 城市 市中心", "sky": "sky 天空 蓝天",
            "underwater": "underwater 海底 水下 水底", "snow": "snow 雪地",
        },
        "time": {
            "sunset": "sunset dusk evening sunrise sundown dawn twilight 日落 黄昏 傍晚 夕阳",
            "night": "night midnight moonlight 夜晚 晚上 深夜 夜 黑夜 月光", "day": "daytime morning noon daylight afternoon 白天 早上 清晨 早晨 中午",
        },
        "weather": {
            "rain": "rain raining rainy 雨 下雨 雨天 大雨", "snowfall": "snowing snowfall snowstorm blizzard 下雪 下雪天 飘雪",
            "fog": "fog mist foggy misty 雾 大雾 浓雾 薄雾 雾天",
        },
    }  # fmt: skip
    for name, values in listed.items():
        for value, words in values.items():
            found.update(dict.fromkeys(words.split(), (name, value)))
    return found


# -- cutting into pieces -------------------------------------------------------------------------------------


def normalised(text: str) -> str:
    """Lower case, plain signs, simplified characters; no more than LONGEST_TEXT of them."""
    text = unicodedata.normalize("NFKC", text[: 2 * LONGEST_TEXT]).lower()[:LONGEST_TEXT]
    return text.replace("’", "'").replace("‘", "'").replace("`", "'").translate(_tables().simple)


def _cut(text: str) -> list[str]:
    """Words and signs (each sign "|") of a normalised text, in order."""
    found, i = [], 0
    while i < len(text):
        if CJK.match(text[i]):
            end = i
            while end < len(text) and CJK.match(text[end]):
                end += 1
            found += _cut_chinese(text[i:end])
            i = end
        elif match := LATIN.match(text, i):
            end = next((j for j in range(i, match.end()) if CJK.match(text[j])), match.end())
            found += _apart(text[i:end])
            i = end
        else:
            if text[i] in ",.;:!?，。；：！？、\n" and found and found[-1] != "|":
                found.append("|")
            i += 1
    return found


def _apart(word: str) -> list[str]:
    """A Latin word; one with hyphens or an apostrophe in its parts, unless it is known as it is."""
    tables = _tables()
    if word in tables.known or (word,) in tables.same or (word,) in tables.outside or word in tables.ignored:
        return [word]
    word = re.sub(r"'s?$|'s(?=-)", "", word)
    return [part for part in re.split(r"[-']", word) if part]


def _cut_chinese(text: str) -> list[str]:
    """The cut into the fewest words, unknown characters counted ten times; of equals the one with the longest first."""
    tables = _tables()
    best: list[tuple[int, int]] = [(0, 0)] * (len(text) + 1)  # from each place on: (cost, length of the first word)
    for i in range(len(text) - 1, -1, -1):
        options = [(10 + best[i + 1][0], -1)]
        for n in range(1, min(tables.longest, len(text) - i) + 1):
            word = text[i : i + n]
            if word in tables.known or (word,) in tables.same or (word,) in tables.outside or word in tables.ignored:
                options.append((1 + best[i + n][0], -n))
        best[i] = min(options)
    found, i = [], 0
    while i < len(text):
        n = -best[i][1]
        found.append(text[i : i + n])
        i += n
    return found


# -- what each piece is --------------------------------------------------------------------------------------


class _Reader:
    def __init__(self, text: str):
        self.tables = _tables()
        self.corrected: list[tuple[str, str]] = []
        self.notes: list[Note] = []
        self.pieces: list[_Piece] = []
        plain = normalised(text)
        self.pieces += [_Piece(style, (), "ignored") for style in STYLE.findall(plain)]
        plain = STYLE.sub(" ", plain)
        for number in TOO_MANY_ZH.findall(plain):
            self.notes.append(Note("count", (number, "五")))
        self.raw = _cut(TOO_MANY_ZH.sub("五", plain))

    def read(self) -> None:
        """Fill `pieces`, one for each word or phrase of the text."""
        tables, raw, i = self.tables, self.raw, 0
        while i < len(raw):
            for n in range(min(5, len(raw) - i), 0, -1):
                phrase = tuple(raw[i : i + n])
                if phrase in tables.same or (n > 1 and phrase in tables.outside):
                    break
            else:
                n, phrase = 1, (raw[i],)
            if phrase in tables.same:
                self._same(phrase)
            elif n > 1:
                self.pieces.append(_Piece(" ".join(phrase), (), "unknown", tables.outside[phrase]))
            else:
                self._word(i)
            i += n

    def _same(self, phrase: tuple[str, ...]) -> None:
        written, words = self._written(phrase), self.tables.same[phrase]
        if phrase in self.tables.taken:
            self.notes.append(
                Note("taken", (written, " ".join(words) if words and not CJK.match(words[0]) else "".join(words)))
            )
        self.pieces.append(_Piece(written, words, "known" if words else "silent"))

    @staticmethod
    def _written(phrase: tuple[str, ...]) -> str:
        return "".join(phrase) if CJK.match(phrase[0]) else " ".join(phrase)

    def _word(self, i: int) -> None:
        tables, word = self.tables, self.raw[i]
        following = self.raw[i + 1] if i + 1 < len(self.raw) else "|"
        before = self.raw[i - 1] if i else "|"
        if word == "|":
            self.pieces.append(_Piece("|", (), "silent"))
        elif word in ("orange", "oranges") and (word[-1] == "s" or before in ("a", "an")) and self._no_thing(following):
            self.pieces.append(_Piece(word, (), "unknown", "apple"))  # the fruit
        elif word in ("dark", "light", "bright", "pale", "deep") and following in _colours():
            self.pieces.append(_Piece(word, (), "silent"))
        elif word in ("blue", "green", "white", "golden", "dark", "black") and following in SCENERY.get(word, ()):
            self.pieces.append(_Piece(word, (), "silent"))  # a blue sky is a sky
        elif word in TOO_MANY_EN or (word.isdigit() and int(word[:9]) > MAX_COUNT):
            self._many(word)
        elif word in tables.known:
            self.pieces.append(_Piece(word, (word,), "known"))
        elif (word,) in tables.outside:
            self.pieces.append(_Piece(word, (), "unknown", tables.outside[(word,)]))
        elif word in tables.ignored or len(word) == 1 and not CJK.match(word):
            self.pieces.append(_Piece(word, (), "silent" if tables.ignored.get(word, SILENT) == SILENT else "ignored"))
        elif CJK.match(word):
            self._chinese(i)
        elif mended := _mended(word):
            self.corrected.append((word, mended))
            self.raw[i] = mended
            self._same((mended,)) if (mended,) in tables.same else self._word(i)
        else:
            self.pieces.append(_Piece(word, (), "ignored" if word.endswith(ENDINGS) and len(word) > 4 else "unknown"))

    def _no_thing(self, following: str) -> bool:
        return following not in _kinds() and following not in _colours() and (following,) not in self.tables.same and (
            following not in lexicon_en.SIZES["small"] + lexicon_en.SIZES["large"] and (following,) not in self.tables.outside
        )  # fmt: skip

    def _many(self, number: str) -> None:
        last = self.pieces[-1] if self.pieces else None
        if last and last.words == ("five",):  # "two hundred", "twenty one"
            return
        if last and last.status == "known" and last.words[0] in ("a", *"12345", "one", "two", "three", "four", "five"):
            self.pieces.pop()
        self.notes.append(Note("count", (number, "five")))
        self.pieces.append(_Piece(number, ("five",), "known"))

    def _chinese(self, i: int) -> None:
        """A character that nobody knows. With its neighbours it is a word: what is done or how, before 着 or 地; else a thing."""
        word = self.raw[i]
        following = self.raw[i + 1] if i + 1 < len(self.raw) else "|"
        last = self.pieces[-1] if self.pieces else None
        if word in MEASURES and last and self._counts(last.written[-1]):
            self.pieces.append(_Piece(word, (), "silent"))
            return
        how = following in AFTER_VERBS
        if (
            last
            and last.status in ("unknown", "ignored")
            and not last.nearest
            and i
            and not self._listed(self.raw[i - 1])
        ):
            last.written += word
            last.status = "ignored" if how else "unknown"
            return
        self.pieces.append(_Piece(word, (), "ignored" if how else "unknown"))

    def _listed(self, word: str) -> bool:
        tables = self.tables
        return word in tables.known or (word,) in tables.same or (word,) in tables.outside or word in tables.ignored

    # -- what contradicts itself -------------------------------------------------------------------------------

    def settle(self) -> None:
        """Of two grounds, times, weathers or colours for one thing, only the first is left."""
        known = [k for k, piece in enumerate(self.pieces) if piece.status == "known"]
        said: dict[str, tuple[str, str]] = {}
        for k in known:
            piece = self.pieces[k]
            for word in piece.words:
                name, value = self.tables.places.get(word, ("", ""))
                if (
                    name == "ground"
                    and value == "sea"
                    and self._near(k, ("under", "bottom", "beneath", "deep", "floor", "底", "水下"))
                ):
                    value = "underwater"
                if name == "ground" and value == "sea" and self._near(k, ("by", "near", "beside", "边", "shore")):
                    value = "sand"
                if name == "ground" and value == "snow" and self._near(k, ("falling", "falls", "falls", "is")):
                    continue
                if (
                    name == "ground"
                    and value == "road"
                    and said.get(name, ("",))[0] == "city"
                    and self._near(k - 1, ("city", "城市"))
                ):
                    continue  # a street of the city that was just named
                if not name or said.setdefault(name, (value, word))[0] == value:
                    continue
                self.notes.append(Note(f"two_{name}s", (said[name][1], word)))
                self._drop(k)
                break
        for a, b in zip(known, known[1:]):
            self._one_colour(a, b)
        things = [k for k, piece in enumerate(self.pieces) for w in piece.words if w in _kinds()]
        kinds = {_kinds()[w] for k in things for w in self.pieces[k].words if w in _kinds()}
        if len(kinds) > GROUPS:
            self.notes.append(Note("many_things", (str(len(kinds)), str(GROUPS))))

    def _near(self, k: int, words: tuple[str, ...]) -> bool:
        around = [w for piece in self.pieces[max(0, k - 4) : k + 2] for w in (piece.written, *piece.words)]
        return any(word in around for word in words)

    def _drop(self, k: int) -> None:
        """A place, with the small words before and after it."""
        self.pieces[k].words = ()
        while k and self.pieces[k - 1].written in (
            *ARTICLES,
            "in",
            "on",
            "at",
            "by",
            "through",
            "near",
            "of",
            "with",
            "and",
            "在",
            "的",
        ):
            k -= 1
            self.pieces[k].words = ()

    def _one_colour(self, a: int, b: int) -> None:
        """ "red and blue car", 红蓝车: the first."""
        colours = _colours()
        first, second = (self.pieces[k].words[-1] if self.pieces[k].words else "" for k in (a, b))
        after = next((w for piece in self.pieces[b + 1 : b + 4] for w in piece.words), "")
        between = [piece for piece in self.pieces[a + 1 : b] if piece.words or piece.written == "|"]
        if second in ("and", "和", "的", "or"):
            third = next((k for k in range(b + 1, min(b + 3, len(self.pieces))) if self.pieces[k].words), None)
            if third is None or second == "的" or self.pieces[third].words[-1] not in colours:
                return
            after = next((w for piece in self.pieces[third + 1 : third + 3] for w in piece.words), "")
            joint, b, second = b, third, self.pieces[third].words[-1]
        else:
            joint = None
        if between or first not in colours or second not in colours or after not in _kinds():
            return
        if colours[first] != colours[second]:
            self.notes.append(Note("two_colours", (first, second)))
        self.pieces[b].words = ()
        if joint is not None:
            self.pieces[joint].words = ()

    # -- what could be drawn instead ---------------------------------------------------------------------------

    def suggestion(self) -> str:
        """The sentence with the nearest kind in place of what is unknown, or without it."""
        kept = [piece for piece in self.pieces if piece.written != "|"]
        chinese = sum(bool(CJK.match(piece.written)) for piece in kept) * 2 > len(kept)
        words: list[str] = []
        skipping = False
        for piece in kept:
            if piece.status == "unknown" and not piece.nearest:
                joining = JOINING_ZH if CJK.match(piece.written) else JOINING_EN
                while words and (
                    words[-1] in joining or words[-1] in ARTICLES or self._counts(words[-1]) or words[-1] in _colours()
                ):
                    words.pop()
                skipping = not words
            elif piece.status == "unknown":
                words += self._instead(piece, words, chinese)
                skipping = False
            elif not (skipping and piece.written in (*JOINING_EN, *JOINING_ZH)):
                words.append(piece.written)
                skipping = False
        if chinese:
            return "".join(words)
        fixed = [("an" if after[0] in "aeiou" else "a") if word in ("a", "an") else word
                 for word, after in zip(words, [*words[1:], "b"])]  # fmt: skip
        return " ".join(fixed)

    def _counts(self, word: str) -> bool:
        return word in MEASURES or word in "一两二三四五12345" or word in ("two", "three", "four", "five")

    def _instead(self, piece: _Piece, words: list[str], chinese: bool) -> list[str]:
        """The nearest kind's noun; in Chinese its measure word goes with it."""
        if chinese:
            noun, measure = lexicon_zh.KINDS[piece.nearest][0]
            for k in range(len(words) - 1, max(-1, len(words) - 5), -1):
                if words[k] in MEASURES and k and self._counts(words[k - 1]):
                    words[k] = measure
                    break
            return [noun]
        noun = lexicon_en.KINDS[piece.nearest][0]
        one = piece.written.rstrip("s") in (key[-1] for key in self.tables.outside) and piece.written.endswith("s")
        several = one and piece.written not in ("glasses", "scissors", "bus") and words[-1:] not in (["a"], ["an"])
        return [lexicon_en.plural(noun) if several else noun]


MEASURES = frozenset("个只条匹头朵棵座艘辆架枚支本把张顶颗列台位间栋块枝根部片副盏口幅")
SCENERY = {
    "blue": ("sky", "sea", "ocean", "water", "lake"), "green": ("grass", "meadow", "field", "lawn", "park", "garden", "forest"),
    "white": ("snow", "clouds", "sand", "beach"), "golden": ("sand", "beach", "sunset", "desert"),
    "dark": ("night", "sky", "forest", "woods", "sea", "room"), "black": ("night", "sky"),
}  # fmt: skip


# -- typos ---------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _mended(word: str) -> str:
    """The word of the vocabulary that a misspelt English one comes nearest to, or "". Two letters changed, left out, added or
    exchanged in a word of six and more, one in shorter ones, none in words of three or fewer."""
    tables = _tables()
    if not 4 <= len(word) <= 20 or word in tables.common:
        return ""
    most = 1 if len(word) < 6 else 2
    best = (most + 1, True, True, "")
    letters = frozenset(word)
    for known, theirs in _targets():
        if abs(len(known) - len(word)) <= most and len(letters ^ theirs) <= 2 * most:
            far = _distance(word, known, most)
            if far <= most:
                best = min(best, (far, known[0] != word[0], known not in _kinds() and known not in _colours(), known))
    far = best[0]
    return best[3] if far <= most and not (far == 2 and best[1]) else ""


@cache
def _targets() -> tuple[tuple[str, frozenset[str]], ...]:
    """Words to mend to, with their letters."""
    tables = _tables()
    words = {*tables.means, *(key[0] for key in tables.same if len(key) == 1)}
    return tuple((w, frozenset(w)) for w in sorted(words) if w.isascii() and w.isalpha() and len(w) > 2)


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


# -- all of it -----------------------------------------------------------------------------------------------


def read(text: str) -> Reading:
    """Read a sentence in English, Chinese or both; see `Reading`."""
    return _read(text, suggest=True)


@cache
def _requests() -> frozenset[str]:
    """Words that only ask for a picture: what they ask for is the same without them."""
    asking = (*lexicon_en.OPENINGS, *lexicon_en.CLOSINGS, *lexicon_zh.OPENINGS, *lexicon_zh.CLOSINGS)
    held = {word for phrase in (*lexicon_en.GLUE, *lexicon_zh.GLUE) for word in phrase.split()}
    return (
        frozenset(word for phrase in asking for word in phrase.split())
        - _tables().means
        - (held - {"图", "图片", "幅"})
    )


def _tidy(words: list[str]) -> list[str]:
    """Without requests, and without the articles and prepositions that nothing is left to hold together."""
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
    return found


def _read(text: str, suggest: bool) -> Reading:
    reader = _Reader(text)
    reader.read()
    unknown = tuple(dict.fromkeys(piece.written for piece in reader.pieces if piece.status == "unknown"))
    ignored = tuple(dict.fromkeys(piece.written for piece in reader.pieces if piece.status == "ignored"))
    reader.settle()
    words = _tidy([word for piece in reader.pieces for word in piece.words if word in reader.tables.known])
    if len(words) > LENGTH:
        reader.notes.append(Note("cut", (words[LENGTH],)))
        words = words[:LENGTH]
    refused = bool(unknown) or not any(word in reader.tables.means for word in words)
    suggestion = reader.suggestion() if refused and suggest else ""
    if suggestion and _read(suggestion, suggest=False).refused:
        suggestion = ""
    return Reading(tuple(words), tuple(reader.corrected), ignored, unknown, tuple(reader.notes), refused, suggestion)
