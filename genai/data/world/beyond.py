"""Words beyond those that a model learns, and how a sentence is cut by all of them.

They lie in `beyond-en.json` and `beyond-zh.json`: `same` (other ways to say what the world has), `taken` (what is near enough: a
rose is a flower), `ignored` (what says nothing of a picture, by why), `outside` (what cannot be drawn, by the noun that is
nearest), `common` (English words that look like a misspelt one of the world's).
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from genai.data.words import CJK, LATIN
from genai.data.world import lexicon_en, lexicon_zh
from genai.data.world.captions import vocabulary

HERE = Path(__file__).parent
LONGEST_TEXT = 600  # characters that are read
STOP = "|"  # in place of a sign that ends something

# Words that alone say where, when or in what weather.
PLACES = {
    ("ground", "grass"): "grass meadow lawn field park garden 草地 草坪 草原 田野 花园 公园",
    ("ground", "road"): "road street highway 马路 公路 街道 街",
    ("ground", "sea"): "sea ocean lake 大海 海 海洋 海面 湖 湖面",
    ("ground", "sand"): "beach desert seaside shore coast 沙滩 沙漠 海滩 海边",
    ("ground", "snow"): "snow 雪地",
    ("ground", "room"): "room indoors 房间 室内 客厅",
    ("ground", "forest"): "forest woods jungle 森林 树林 丛林",
    ("ground", "mountains"): "mountains mountain hill hills 山 群山 山坡",
    ("ground", "city"): "city town downtown 城市 市中心",
    ("ground", "sky"): "sky clouds 天空 蓝天",
    ("ground", "underwater"): "underwater 海底 水下 水底",
    ("time", "day"): "daytime morning noon daylight afternoon 白天 早上 清晨 早晨 中午",
    ("time", "sunset"): "sunset dusk evening sunrise sundown dawn twilight 日落 黄昏 傍晚 夕阳",
    ("time", "night"): "night midnight moonlight 夜晚 晚上 深夜 夜 黑夜 月光",
    ("weather", "rain"): "rain raining rainy 雨 下雨 雨天 大雨",
    ("weather", "snowfall"): "snowing snowfall snowstorm blizzard 下雪 下雪天 飘雪",
    ("weather", "fog"): "fog mist foggy misty 雾 大雾 浓雾 薄雾 雾天",
}


@dataclass(frozen=True)
class Tables:
    """Phrases are tuples of words."""

    known: frozenset[str]  # the model's words
    means: frozenset[str]  # of them, those that say something
    same: dict[tuple[str, ...], tuple[str, ...]]  # phrase -> what the model sees of it
    taken: frozenset[tuple[str, ...]]  # of those phrases, what is only near
    ignored: dict[str, str]  # word -> why
    outside: dict[tuple[str, ...], str]  # phrase -> the nearest kind, or ""
    common: frozenset[str]
    simple: dict[int, int]  # traditional characters -> simplified ones
    longest: int  # characters of a Chinese word

    def lists(self, word: str) -> bool:
        """Whether anything is known of a word."""
        return word in self.known or (word,) in self.same or (word,) in self.outside or word in self.ignored


@cache
def tables() -> Tables:
    words, idle = vocabulary()
    same: dict[tuple[str, ...], tuple[str, ...]] = {}
    taken, ignored, outside, common = set(), {}, {}, set()
    for language in ("en", "zh"):
        beyond = json.loads((HERE / f"beyond-{language}.json").read_text(encoding="utf-8"))
        for phrase, meant in (*beyond["taken"].items(), *beyond["same"].items()):
            key = tuple(phrase.split())
            same[key] = tuple(meant.split())
            if phrase in beyond["taken"]:
                taken.add(key)
                if language == "en" and meant in lexicon_en.KINDS:
                    several = tuple(lexicon_en.plural(phrase).split())
                    same.setdefault(several, (lexicon_en.plural(meant),))
                    taken.add(several)
        for why, listed in beyond["ignored"].items():
            ignored.update(dict.fromkeys(listed.split(), why))
        for noun, listed in beyond["outside"].items():
            nearest = kinds()[noun] if noun else ""
            for each in listed.split():
                phrase = each.replace("_", " ")
                outside[tuple(phrase.split())] = nearest
                if language == "en":
                    outside.setdefault(tuple(lexicon_en.plural(phrase).split()), nearest)
        common.update(beyond.get("common", "").split())
    simple = json.loads((HERE / "traditional.json").read_text(encoding="utf-8"))
    chinese = [word for word in (*words, *ignored, *(key[0] for key in (*same, *outside))) if CJK.match(word)]
    return Tables(
        frozenset(words), frozenset(words) - frozenset(idle), same, frozenset(taken), ignored, outside, frozenset(common),
        str.maketrans(simple["traditional"], simple["simplified"]), max(map(len, chinese)),
    )  # fmt: skip


@cache
def kinds() -> dict[str, str]:
    """Noun, of one or of several, in both languages -> kind; of a noun of several words the last."""
    found = {noun.split()[-1]: kind for kind, nouns in lexicon_zh.KINDS.items() for noun, _ in nouns}
    for kind, nouns in lexicon_en.KINDS.items():
        found.update({form.split()[-1]: kind for noun in nouns for form in (noun, lexicon_en.plural(noun))})
    return found | {"fishes": "fish"}


@cache
def colours() -> dict[str, str]:
    """Word, in both languages -> colour."""
    listed = (lexicon_en.COLOURS, lexicon_zh.COLOURS)
    return {word: colour for table in listed for colour, words in table.items() for word in words}


@cache
def places() -> dict[str, tuple[str, str]]:
    """Word -> ("ground", "time" or "weather", which)."""
    return {word: place for place, words in PLACES.items() for word in words.split()}


@cache
def scenery() -> frozenset[str]:
    """Words that alone make a picture of a place."""
    found: set[str] = set(places())
    for lexicon in (lexicon_en, lexicon_zh):
        for table in (lexicon.PLACES, lexicon.MOMENTS, lexicon.SKIES):
            found.update(phrase.split()[-1] for phrases in table.values() for phrase in phrases)
    return frozenset(found - {"上", "里"} | {"天", "夜空", "星空"})


# -- cutting -------------------------------------------------------------------------------------------------


def normalised(text: str) -> str:
    """Lower case, plain signs, simplified characters; no more than LONGEST_TEXT of them."""
    text = unicodedata.normalize("NFKC", text[: 2 * LONGEST_TEXT]).lower()[:LONGEST_TEXT]
    return text.replace("’", "'").replace("‘", "'").replace("`", "'").translate(tables().simple)


def cut(text: str) -> list[str]:
    """The words of a normalised text in order, and STOP where a sign ends something."""
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
            if text[i] in ",.;:!?，。；：！？、\n" and found and found[-1] != STOP:
                found.append(STOP)
            i += 1
    return found


def _apart(word: str) -> list[str]:
    """A Latin word; one with hyphens or an apostrophe in its parts, unless it is known as it is."""
    if tables().lists(word):
        return [word]
    return [part for part in re.split(r"[-']", re.sub(r"'s?$|'s(?=-)", "", word)) if part]


def _cut_chinese(text: str) -> list[str]:
    """The cut into the fewest words, those that say nothing counted one and a half times and unknown characters ten times; of
    equals the one with the longest first."""
    best: list[tuple[int, int]] = [(0, 0)] * (
        len(text) + 1
    )  # from each place on: (cost, minus the length of the first word)
    for i in range(len(text) - 1, -1, -1):
        options = [(20 + best[i + 1][0], -1)]
        for n in range(1, min(tables().longest, len(text) - i) + 1):
            word = text[i : i + n]
            if tables().lists(word):
                cost = 3 if word in tables().ignored and word not in tables().known else 2
                options.append((cost + best[i + n][0], -n))
        best[i] = min(options)
    found, i = [], 0
    while i < len(text):
        found.append(text[i : i - best[i][1]])
        i -= best[i][1]
    return found
