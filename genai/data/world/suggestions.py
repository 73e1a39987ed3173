"""The nearest sentence that can be drawn, where one cannot."""

from __future__ import annotations

from collections.abc import Iterable

from genai.data.words import CJK
from genai.data.world import lexicon_en, lexicon_zh
from genai.data.world.beyond import colours, tables

ARTICLES = frozenset(["a", "an", "the", "some", "one"])
COUNTING = frozenset([*ARTICLES, "two", "three", "four", "five", *"12345一两二三四五"])
MEASURES = frozenset("个只条匹头朵棵座艘辆架枚支本把张顶颗列台位间栋块枝根部片副盏口幅")
# What goes with a thing that is left out.
JOINING = {
    "en": frozenset(
        word
        for listed in (
            "and with or on in at by to of next near beside behind under above below over beneath underneath front top left",
            "right side close between is are there has have riding wearing carrying holding without no from",
        )
        for word in listed.split()
    ),
    "zh": frozenset("在有着的是放坐站停躺趴骑") | {word for words in lexicon_zh.RELATIONS.values() for word in words},
}


def suggest(written: Iterable[tuple[str, str | None]]) -> str:
    """written: words in order, each with None, or for what cannot be drawn the nearest kind or "". The nearest kind's noun
    stands in its place; where there is none, it goes, with the small words that joined it to the rest."""
    pieces = list(written)
    chinese = sum(bool(CJK.match(word)) for word, _ in pieces) * 2 > len(pieces)
    joining = JOINING["zh" if chinese else "en"]
    words: list[str] = []
    skipping = False  # since nothing stands before
    for word, nearest in pieces:
        if nearest == "":
            while words and (
                words[-1] in joining or words[-1] in COUNTING or words[-1] in MEASURES or words[-1] in colours()
            ):
                words.pop()
            skipping = not words
        elif nearest:
            words += [_chinese(nearest, words)] if chinese else [_english(nearest, word, words)]
            skipping = False
        elif not (skipping and word in joining):
            words.append(word)
            skipping = False
    if chinese:
        return "".join(words)
    fixed = [("an" if after[0] in "aeiou" else "a") if word in ("a", "an") else word
             for word, after in zip(words, [*words[1:], "b"])]  # fmt: skip
    return " ".join(fixed)


def _chinese(kind: str, before: list[str]) -> str:
    """The kind's noun; the measure word before it becomes its own."""
    noun, measure = lexicon_zh.KINDS[kind][0]
    for k in range(len(before) - 1, max(0, len(before) - 5), -1):
        if before[k] in MEASURES and before[k - 1] in COUNTING:
            before[k] = measure
            break
    return noun


def _english(kind: str, written: str, before: list[str]) -> str:
    """The kind's noun, of several where that was."""
    noun = lexicon_en.KINDS[kind][0]
    several = before[-1:] not in (["a"], ["an"]) and any(
        lexicon_en.plural(key[-1]) == written.split()[-1] for key in tables().outside
    )
    return lexicon_en.plural(noun) if several else noun
