"""What can be in a scene, which combinations training never shows, and how scenes are drawn at random.

A scene is 1 to 4 equal things, or two things with a relation, on a ground. Factors are drawn independently, so that a
model has nothing to learn a combination from but its parts; the combinations in holdout.json are refused, whole.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from genai.errors import UserError

KINDS = (
    "car", "bus", "boat", "rocket", "house", "tree", "flower", "mushroom", "apple", "ball", "balloon", "star",
    "heart", "cat", "fish", "bird", "butterfly", "cup", "umbrella", "hat", "chair", "circle", "square", "triangle",
)  # fmt: skip
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white")
SIZES = ("small", "medium", "large")
GROUNDS = ("grass", "road", "sea", "sand", "snow", "night", "sunset", "room")
RELATIONS = ("left_of", "right_of", "above", "below", "on", "in_front_of")
MAX_COUNT = 4

# The same picture told from the other thing's side.
MIRROR = {"left_of": "right_of", "right_of": "left_of", "above": "below", "below": "above"}

SPLITS = ("train", "all", "seen", "level1", "level2")
TWO_THINGS = 0.6  # share of scenes with a relation
# In training it is more, and those relations more often that have no mirror image: what takes longer to learn.
PRACTICE, PRACTISED = 0.8, (*RELATIONS, "on", "in_front_of")


@dataclass(frozen=True)
class Thing:
    kind: str
    colour: str
    size: str


@dataclass(frozen=True)
class Scene:
    """`things`: one (drawn `count` times), or two, of which the first is `relation` the second."""

    ground: str
    things: tuple[Thing, ...]
    count: int = 1
    relation: str | None = None

    def mirrored(self) -> Scene:
        """The same picture with the roles of the two things exchanged; itself where there is no such telling."""
        if self.relation not in MIRROR:
            return self
        return replace(self, things=self.things[::-1], relation=MIRROR[self.relation])

    def canonical(self) -> Scene:
        """One of the two tellings of a picture: left of, above, on, in front of; never right of or below."""
        return self.mirrored() if self.relation in ("right_of", "below") else self


@lru_cache(maxsize=1)
def holdout() -> dict[str, frozenset]:
    """The combinations that training never shows: "colour_thing" pairs, "thing_ground" pairs, "relation" triples."""
    lists = json.loads(Path(__file__).with_name("holdout.json").read_text(encoding="utf-8"))
    return {name: frozenset(tuple(item) for item in items) for name, items in lists.items()}


def held_out(scene: Scene) -> list[tuple[str, ...]]:
    """The held-out combinations that a scene contains, each once: the number of them is its level."""
    lists = holdout()
    found = []
    for thing in scene.things:
        if (thing.colour, thing.kind) in lists["colour_thing"]:
            found.append((thing.colour, thing.kind))
        if (thing.kind, scene.ground) in lists["thing_ground"]:
            found.append((thing.kind, scene.ground))
    if scene.relation:
        plain = scene.canonical()
        triple = (plain.things[0].kind, plain.relation, plain.things[1].kind)
        if triple in lists["relation"]:
            found.append(triple)
    return list(dict.fromkeys(found))


def random_scene(rng: np.random.Generator, split: str = "train") -> Scene:
    """A scene of a split: "train" and "seen" hold none of the held-out combinations, "level1" one, "level2" two, and
    "all" whatever comes."""
    if split not in SPLITS:
        raise UserError("unknown_split", value=split, dataset="scenes", choices=list(SPLITS))
    wanted = {"train": 0, "seen": 0, "level1": 1, "level2": 2}.get(split)
    while True:
        scene = _seeded(rng, wanted) if wanted else _free(rng, practice=split == "train")
        if wanted is None or len(held_out(scene)) == wanted:
            return scene


def _free(rng: np.random.Generator, practice: bool = False) -> Scene:
    """All factors independent and uniform (the two things of a pair differ in kind), but for what `practice` makes frequent."""
    two_things, relations = (PRACTICE, PRACTISED) if practice else (TWO_THINGS, RELATIONS)
    r = rng.random(10)

    def pick(values, i):
        return values[int(r[i] * len(values))]

    first = Thing(pick(KINDS, 0), pick(COLOURS, 1), pick(SIZES, 2))
    ground = pick(GROUNDS, 3)
    if r[4] >= two_things:
        return Scene(ground, (first,), count=pick((1, 1, 2, 3, 4), 5))
    others = tuple(kind for kind in KINDS if kind != first.kind)
    second = Thing(pick(others, 6), pick(COLOURS, 7), pick(SIZES, 8))
    return Scene(ground, (first, second), relation=pick(relations, 9))


def _seeded(rng: np.random.Generator, level: int) -> Scene:
    """A free scene with `level` held-out combinations written over it, each of a kind chosen at random.

    What is written later may undo or add one: the caller counts.
    """
    scene = _free(rng)
    lists = holdout()
    for name in rng.permutation(sorted(lists))[:level]:
        item = sorted(lists[name])[rng.integers(len(lists[name]))]
        first, *others = scene.things
        if name == "relation":
            second = others[0] if others else Thing("", first.colour, first.size)
            scene = replace(scene, count=1, relation=item[1],
                            things=(replace(first, kind=item[0]), replace(second, kind=item[2])))  # fmt: skip
            if rng.random() < 0.5:
                scene = scene.mirrored()
        elif name == "colour_thing":
            scene = replace(scene, things=(replace(first, colour=item[0], kind=item[1]), *others))
        else:
            scene = replace(scene, ground=item[1], things=(replace(first, kind=item[0]), *others))
    kinds = [thing.kind for thing in scene.things]
    return scene if len(set(kinds)) == len(kinds) else _seeded(rng, level)
