"""What a person might say about a scene, in English or Chinese, with more or less of it left out.

A `Caption` is the words and the exact meaning: which attributes they name. What they leave out is None there, and may
be anything in a picture that is right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genai.data.scenes import lexicon as lx
from genai.data.scenes.world import MIRROR, Scene

LANGUAGES = ("en", "zh")
BESIDE, TOGETHER, MANY = "beside", "together", "many"


@dataclass(frozen=True)
class Named:
    """A thing as a caption names it; None: not said."""

    kind: str
    colour: str | None = None
    size: str | None = None


@dataclass(frozen=True)
class Caption:
    """text, and what it says: `count` is 1 to 4, "many" (2 or more) or None; `relation` one of RELATIONS, "beside" (left
    or right), "together" (any) or None for a single kind of thing."""

    text: str
    language: str
    things: tuple[Named, ...]
    ground: str | None = None
    count: int | str | None = None
    relation: str | None = None


def describe(scene: Scene, rng: np.random.Generator, language: str | None = None, full: bool = False) -> Caption:
    """A caption of the scene. `full` names every attribute; else each is left out by chance."""
    language = language or LANGUAGES[int(rng.integers(2))]
    if scene.relation in MIRROR and rng.random() < 0.5:
        scene = scene.mirrored()

    def said(share):
        return full or rng.random() < share

    things = tuple(Named(t.kind, t.colour if said(0.8) else None, t.size if said(0.45) else None) for t in scene.things)
    ground = scene.ground if said(0.7) else None
    count, relation = None, scene.relation
    if relation is None:
        count = scene.count if scene.count == 1 or said(0.85) else MANY
    elif not full:
        r = rng.random()
        if r < 0.08 and relation in ("left_of", "right_of"):
            relation = BESIDE
        elif r < 0.14:
            relation = TOGETHER
    text = {"en": _english, "zh": _chinese}[language](things, ground, count, relation, rng)
    return Caption(text, language, things, ground, count, relation)


def _one(rng: np.random.Generator, values: list, usual: float = 0.5):
    """The first of the values with probability `usual`, else any."""
    return values[0] if rng.random() < usual else values[int(rng.integers(len(values)))]


# -- English -------------------------------------------------------------------------------------------------


def _english(things, ground, count, relation, rng) -> str:
    phrases = [_english_thing(thing, 1 if relation else count, rng) for thing in things]
    place = _one(rng, lx.EN_GROUNDS[ground]) if ground else ""
    if relation is None:
        said = phrases[0]
    else:
        words = {BESIDE: lx.EN_BESIDE, TOGETHER: lx.EN_TOGETHER}.get(relation) or lx.EN_RELATIONS[relation]
        link = _one(rng, words)
        if relation != TOGETHER and rng.random() < 0.15:
            link = f"is {link}"
        said = f"{phrases[0]} {link} {phrases[1]}"
    if place:
        r = rng.random()
        # "a cat on a house on the grass" may be misread: with "on", the place comes first more often.
        said = f"{place}, {said}" if r < (0.5 if relation == "on" else 0.2) else f"{said} {place}"
    if rng.random() < 0.15:
        said = f"{_one(rng, lx.EN_OPENINGS, 0.2)} {said}"
    if rng.random() < 0.2:
        said = said[0].upper() + said[1:]
    return said + ("." if rng.random() < 0.1 else "")


def _english_thing(thing: Named, count, rng) -> str:
    noun = _one(rng, lx.EN_KINDS[thing.kind], 0.6)
    words = []
    if thing.size:
        words.append(_one(rng, lx.EN_SIZES[thing.size]))
    after = ""
    if thing.colour:
        colour = _one(rng, lx.EN_COLOURS[thing.colour], 0.75)
        if rng.random() < 0.06:
            after = f" that {'is' if count == 1 else 'are'} {colour}"
        else:
            words.append(colour)
    if count == 1:
        words.append(noun)
        article = "an" if words[0][0] in "aeiou" else "a"
        r = rng.random()
        article = "" if r < 0.1 else "one" if r < 0.16 else "the" if r < 0.2 else article
        return " ".join([article, *words] if article else words) + after
    number = _one(rng, lx.EN_MANY) if count == MANY else _one(rng, lx.EN_NUMBERS[count], 0.7)
    return " ".join([number, *words, lx.plural(noun)]) + after


# -- Chinese -------------------------------------------------------------------------------------------------


def _chinese(things, ground, count, relation, rng) -> str:
    phrases = [_chinese_thing(thing, 1 if relation else count, rng) for thing in things]
    place = _one(rng, lx.ZH_GROUNDS[ground]) if ground else ""
    if relation is None:
        said = phrases[0]
        if place:
            r = rng.random()
            said = f"{said}在{place}" if r < 0.4 else f"{place}有{said}" if r < 0.7 else f"{place}的{said}"
    elif relation == TOGETHER:
        said = f"{phrases[0]}{_one(rng, lx.ZH_TOGETHER)}{phrases[1]}"
        if place:
            said = f"{place}有{said}" if rng.random() < 0.6 else f"{said}在{place}"
    else:
        word = _one(rng, lx.ZH_BESIDE if relation == BESIDE else lx.ZH_RELATIONS[relation], 0.6)
        where = f"{phrases[1]}{'的' if rng.random() < 0.6 and len(word) > 1 else ''}{word}"
        said = f"{phrases[0]}在{where}" if rng.random() < 0.65 else f"{where}有{phrases[0]}"
        if place:
            said = f"{place}，{said}" if rng.random() < 0.75 else f"{said}，{place}"
    if rng.random() < 0.12:
        said = f"{_one(rng, lx.ZH_OPENINGS, 0.2)}{said}"
    return said + ("。" if rng.random() < 0.1 else "")


def _chinese_thing(thing: Named, count, rng) -> str:
    nouns = lx.ZH_KINDS[thing.kind]
    noun, measure = _one(rng, nouns, 0.6)
    size = colour = ""
    if thing.size:
        size = _one(rng, lx.ZH_SIZES[thing.size], 0.6)
        size += "" if len(size) == 1 else "的"
    if thing.colour:
        colour = _one(rng, lx.ZH_COLOURS[thing.colour], 0.75)
        colour += "的" if len(colour) == 1 or rng.random() < 0.8 else ""
    words = size + colour if len(size) > 1 and rng.random() < 0.6 else colour + size
    if count == MANY:
        many = _one(rng, lx.ZH_MANY)
        return f"{many}{measure if many == '几' else ''}{words}{noun}"
    number = _one(rng, lx.ZH_NUMBERS[count], 0.7)
    measured = "" if count == 1 and rng.random() < 0.12 else f"{number}{measure}"
    return f"{measured}{words}{noun}"


# -- the vocabulary ------------------------------------------------------------------------------------------


def vocabulary() -> tuple[list[str], list[str]]:
    """Every word that captions use: (those that mean something, those that only link). Sorted, each once."""
    english, chinese = set(), set()
    for table in (lx.EN_COLOURS, lx.EN_SIZES, lx.EN_NUMBERS, lx.EN_RELATIONS, lx.EN_GROUNDS):
        english.update(word for phrases in table.values() for phrase in phrases for word in phrase.split())
    for noun in (noun for nouns in lx.EN_KINDS.values() for noun in nouns):
        english.update((noun, lx.plural(noun)))
    for phrase in (*lx.EN_MANY, *lx.EN_BESIDE, *lx.EN_TOGETHER, *lx.EN_OPENINGS):
        english.update(phrase.split())
    english.update(lx.FILLER)
    chinese.update(noun for nouns in lx.ZH_KINDS.values() for noun, _ in nouns)
    measures = {measure for nouns in lx.ZH_KINDS.values() for _, measure in nouns}
    chinese |= measures
    for table in (lx.ZH_COLOURS, lx.ZH_SIZES, lx.ZH_NUMBERS, lx.ZH_RELATIONS, lx.ZH_GROUNDS):
        chinese.update(word for words in table.values() for word in words)
    for words in (lx.ZH_MANY, lx.ZH_BESIDE, lx.ZH_TOGETHER, lx.ZH_OPENINGS, lx.ZH_FUNCTION):
        chinese.update(words)
    return sorted(english | chinese), sorted({*lx.FILLER, *lx.ZH_OPENINGS, *lx.ZH_FUNCTION, *measures})
