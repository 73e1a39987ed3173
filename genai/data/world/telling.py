"""What a caption is, and what the grammars of both languages share: a die to throw, and what is to be said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from genai.data.world.scene import HABITS, MIRROR, RELATIONS, Link

LANGUAGES = ("en", "zh")
MANY = "many"
# What a word may leave open, and what a scene may then show: 上面 is on or above, "under" is right beneath or further down.
MEANS = {
    "beside": ("left_of", "right_of"), "over": ("on", "above"), "beneath": ("under", "below"), "with": RELATIONS,
    **{relation: (relation,) for relation in RELATIONS},
}  # fmt: skip
# Who does what: only to find a verb for it.
RIDERS = frozenset({"person", "robot", "cat", "dog", "bear", "rabbit"})
RIDDEN = frozenset({"horse", "bicycle", "elephant", "cow"})
ANIMALS = frozenset({"cat", "dog", "horse", "cow", "sheep", "rabbit", "elephant", "bear", "person"})
VEHICLES = frozenset({"car", "bus", "truck", "bicycle", "train"})
PLANTS = frozenset({"tree", "flower", "mushroom"})


def does(kind: str) -> str:
    """Which verbs suit a kind: a key of the lexicons' tables of them."""
    if kind in ANIMALS:
        return "animal"
    if kind in VEHICLES:
        return "vehicle"
    if kind in PLANTS:
        return "plant"
    return {"air": "flyer", "water": "swimmer"}.get(HABITS[kind][0], "thing")


@dataclass(frozen=True)
class Named:
    """A group as a caption names it. `count`: 1 to 5, "many" (two or more); None everywhere: not said."""

    kind: str
    colour: str | None = None
    size: str | None = None
    count: int | str | None = None


@dataclass(frozen=True)
class Caption:
    """text, and what it says; what it leaves out is None, and may be anything in a picture that is right.

    groups: in the order in which the text first names them.  links: between them, their relations are keys of MEANS; two
        groups that no link joins stand anyhow.  absent: kinds that shall not be there; nor shall any that is not named.
    order: for a caption of a scene, which of the scene's groups each of these is.
    """

    text: str
    language: str
    groups: tuple[Named, ...] = ()
    links: tuple[Link, ...] = ()
    ground: str | None = None
    time: str | None = None
    weather: str | None = None
    absent: tuple[str, ...] = ()
    order: tuple[int, ...] = ()


def weighted(weights: dict[str, int]) -> tuple[str, ...]:
    """Each value as often as its weight says, to choose one of at random."""
    return tuple(value for value, weight in weights.items() for _ in range(weight))


class Dice:
    """Choices from a generator, fast enough for thousands of captions a second."""

    def __init__(self, rng: np.random.Generator):
        self.random = rng.random

    def chance(self, share: float) -> bool:
        return self.random() < share

    def one(self, values, usual: float = 0.0):
        """The first of the values with probability `usual`, else any."""
        return values[0] if usual and self.random() < usual else values[int(self.random() * len(values))]


@dataclass
class Telling:
    """What is to be said of a scene: groups and links by the scene's own numbers. A grammar says it, writes down in `order`
    whom it named first, and may loosen a link where its words do."""

    groups: tuple[Named, ...]
    links: list[Link]
    ground: str | None
    time: str | None
    weather: str | None
    absent: tuple[str, ...]
    order: list[int] = field(default_factory=list)

    def name(self, i: int) -> Named:
        """Group i, which the text names here."""
        if i not in self.order:
            self.order.append(i)
        return self.groups[i]

    def twin(self, i: int) -> bool:
        """Whether another group is of its kind, so that its noun alone does not tell it."""
        return sum(group.kind == self.groups[i].kind for group in self.groups) > 1

    def between(self) -> tuple[int, int, int] | None:
        """(the middle one, two others), where one of three stands left of one and right of the other."""
        lefts = [(k.a, k.b) if k.relation == "left_of" else (k.b, k.a) for k in self.links
                 if k.relation in ("left_of", "right_of")]  # fmt: skip
        for a, b in lefts:
            for c, d in lefts:
                if b == c:
                    return b, a, d
        return None

    def loosen(self, relation: str) -> None:
        """All links to `relation`."""
        self.links = [Link(k.a, relation, k.b) for k in self.links]


class Teller:
    """What grammars do alike: things, with what is said of them after all else; or a landscape; or next to nothing."""

    t: Telling
    NOTHING: ClassVar[str]

    def said(self) -> str:
        t = self.t
        if t.groups:
            late = self.postpone()
            ways = (self.single, lambda: self.pair(t.links[0]), self.three)
            return self.around(ways[len(t.groups) - 1]()) + late
        return self.landscape() if t.ground or t.time or t.weather else self.NOTHING


def turn(link: Link) -> Link | None:
    """The same link told from the other side, or None where no word does; "over" and "beneath" are no exact opposites."""
    return Link(link.b, MIRROR[link.relation], link.a) if link.relation in MIRROR else None
