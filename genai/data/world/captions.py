"""What a person might say about a scene, in English or Chinese, with more or less of it left out.

A `Caption` is the words and the exact meaning: what they leave out is None there, and may be anything in a picture that is right.
"""

from __future__ import annotations

import numpy as np

from genai.data.words import WordTokenizer
from genai.data.world import grammar_en, grammar_zh, lexicon_en, lexicon_zh
from genai.data.world.scene import KINDS, Link, Scene, sensible, turned
from genai.data.world.telling import LANGUAGES, MANY, MEANS, Caption, Dice, Named, Telling, weighted

__all__ = ["LANGUAGES", "MANY", "MEANS", "Caption", "Named", "describe", "tokenizer", "vocabulary"]

LENGTH = 40  # words of a caption
LONGEST = {"en": LENGTH, "zh": 56}  # words, characters: what surely has no more words than that
GRAMMARS = {"en": grammar_en, "zh": grammar_zh}

# How often what is told of a relation is looser than the relation: what is told.
LOOSER = {
    "left_of": weighted({"left_of": 66, "beside": 22, "with": 12}),
    "right_of": weighted({"right_of": 66, "beside": 22, "with": 12}),
    "above": weighted({"above": 82, "over": 8, "with": 10}), "below": weighted({"below": 66, "beneath": 24, "with": 10}),
    "on": weighted({"on": 62, "over": 30, "with": 8}), "under": weighted({"beneath": 92, "with": 8}),
    "in_front_of": weighted({"in_front_of": 90, "with": 10}), "behind": weighted({"behind": 90, "with": 10}),
}  # fmt: skip


def describe(scene: Scene, rng: np.random.Generator, language: str | None = None, full: bool = False) -> Caption:
    """A caption of the scene. `full` names every attribute; else each is left out by chance, but for what nobody would guess:
    a ground where one of the things is not at home."""
    dice = Dice(rng)
    language = language or dice.one(LANGUAGES)
    while True:
        telling = _telling(scene, dice, language, full)
        text = GRAMMARS[language].tell(telling, dice)
        if (text.count(" ") if language == "en" else len(text)) < LONGEST[language]:
            break
    order = tuple(telling.order)
    new = {old: i for i, old in enumerate(order)}
    groups = tuple(telling.groups[i] for i in order)
    links = tuple(Link(new[k.a], k.relation, new[k.b]) for k in telling.links)
    return Caption(text, language, groups, links, telling.ground, telling.time, telling.weather, telling.absent, order)


def _telling(scene: Scene, dice: Dice, language: str, full: bool) -> Telling:
    """What is said of a scene."""

    def said(share: float) -> bool:
        return full or dice.chance(share)

    wordy = dice.chance(0.7)  # some say little of anything
    groups = tuple(
        Named(g.kind, g.colour if said(0.8 if wordy else 0.35) else None, g.size if said(0.4 if wordy else 0.12) else None,
              _count(g.kind, g.count, language, dice, full))
        for g in scene.groups
    )  # fmt: skip
    guessed = all(sensible(g.kind, scene.ground) for g in scene.groups)
    ground = scene.ground if not guessed or said(0.55 if groups else 0.88) else None
    time = scene.time if said(0.12 if scene.time == "day" else 0.7) else None
    weather = scene.weather if said(0.06 if scene.weather == "clear" else 0.75) else None
    if not (groups or ground or time or weather):
        ground = scene.ground
    here = {g.kind for g in scene.groups}
    absent = {dice.one(KINDS) for _ in range(dice.one((1, 1, 1, 2)))} - here if dice.chance(0.06) else ()
    links = [_link(link, dice, language, full) for link in scene.links]
    return Telling(groups, links, ground, time, weather, tuple(sorted(absent)))


def _count(kind: str, count: int, language: str, dice: Dice, full: bool) -> int | str | None:
    if full:
        return count
    if language == "zh":  # a bare noun is one as well as several
        if dice.chance(0.35 if count == 1 else 0.06):
            return None
    elif kind in ("sheep", "fish") and dice.chance(0.12):
        return None
    return count if count == 1 or dice.chance(0.8) else MANY


def _link(link: Link, dice: Dice, language: str, full: bool) -> Link:
    """The link as it is told: from either side, and perhaps looser."""
    told = LOOSER[link.relation][0] if full else dice.one(LOOSER[link.relation])
    if told == "over" and language == "en":
        told = link.relation
    link = Link(link.a, told, link.b)
    return turned(link) if dice.chance(0.5) else link


# -- the vocabulary ------------------------------------------------------------------------------------------


def vocabulary() -> tuple[list[str], list[str]]:
    """Every word that captions use, sorted, each once: (all; those of them that say nothing about a picture)."""
    english, english_idle = lexicon_en.words()
    chinese, chinese_idle = lexicon_zh.words()
    return sorted(english | english_idle | chinese | chinese_idle), sorted(english_idle | chinese_idle)


def tokenizer() -> WordTokenizer:
    words, fillers = vocabulary()
    return WordTokenizer(words, fillers, LENGTH)
