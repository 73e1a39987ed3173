"""What can be in a picture of the world, which combinations training never shows, and how scenes are drawn at random.

A scene is a place, a time of day, a weather, and up to three groups of equal things; links say how groups stand to each other.
Things have habits (`HABITS`): a scene in which a fish swims in a living room is one that somebody asks for, so `sensible` scenes
leave it out, and a caption that does not name the ground is a caption of a sensible scene.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from genai.errors import UserError

LAND, AIR, WATER = "land", "air", "water"

# Each kind's habits: where it is at home. The first is where it is put when nothing else is said.
HABITS: dict[str, tuple[str, ...]] = {
    "cat": (LAND,), "dog": (LAND,), "horse": (LAND,), "cow": (LAND,), "sheep": (LAND,), "rabbit": (LAND,),
    "elephant": (LAND,), "bear": (LAND,), "person": (LAND,), "duck": (WATER, LAND), "fish": (WATER,), "bird": (AIR, LAND),
    "butterfly": (AIR,),
    "tree": (LAND,), "flower": (LAND,), "mushroom": (LAND,), "apple": (LAND,), "cake": (LAND,),
    "car": (LAND,), "bus": (LAND,), "truck": (LAND,), "bicycle": (LAND,), "train": (LAND,), "boat": (WATER,),
    "aeroplane": (AIR,), "rocket": (AIR, LAND), "balloon": (AIR,), "kite": (AIR,),
    "house": (LAND,), "castle": (LAND,), "tent": (LAND,),
    "ball": (LAND,), "cup": (LAND,), "umbrella": (LAND,), "hat": (LAND,), "chair": (LAND,), "table": (LAND,),
    "guitar": (LAND,), "book": (LAND,), "robot": (LAND,), "star": (AIR,), "heart": (AIR,),
    "circle": (AIR, LAND), "square": (LAND, AIR), "triangle": (LAND, AIR),
}  # fmt: skip
KINDS = tuple(HABITS)
# What does not grow, walk or stand in rooms, however much it is at home on land.
OUTDOORS = frozenset({"horse", "cow", "sheep", "elephant", "bear", "tree", "car", "bus", "truck", "train", "boat", "aeroplane",
                      "rocket", "house", "castle", "tent"})  # fmt: skip
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "grey")
SIZES = ("small", "medium", "large")
GROUNDS = ("grass", "road", "sea", "sand", "snow", "room", "forest", "mountains", "city", "sky", "underwater")
TIMES = ("day", "sunset", "night")
WEATHERS = ("clear", "rain", "snowfall", "fog")
# The first group `relation` the second. "beside" is left or right, "with" is anything.
RELATIONS = ("left_of", "right_of", "above", "below", "on", "under", "in_front_of", "behind")
APART, TOUCHING = RELATIONS[:4], RELATIONS[4:]
LOOSE = ("beside", "with")
MIRROR = {"left_of": "right_of", "right_of": "left_of", "above": "below", "below": "above",
          "in_front_of": "behind", "behind": "in_front_of", "beside": "beside", "with": "with"}  # fmt: skip
SYMMETRIC = ("beside", "with")
GROUPS = 3  # at most, in one picture
MAX_COUNT = 5  # of one group
MAX_THINGS = 6  # of all groups together

EMPTY = 0.04  # share of scenes without a thing
TWINS = 0.1  # share of scenes of several groups in which two are of one kind

SPLITS = ("train", "all", "seen", "level1", "level2")

# What a ground offers: where a thing of that habit is sensible on it.
OFFERS: dict[str, tuple[str, ...]] = {
    "grass": (LAND, AIR), "road": (LAND, AIR), "sea": (WATER, AIR), "sand": (LAND, AIR), "snow": (LAND, AIR),
    "room": (LAND,), "forest": (LAND, AIR), "mountains": (LAND, AIR), "city": (LAND, AIR), "sky": (AIR,),
    "underwater": (WATER,),
}  # fmt: skip


@dataclass(frozen=True)
class Group:
    """`count` equal things."""

    kind: str
    colour: str
    size: str
    count: int = 1


@dataclass(frozen=True)
class Link:
    """Group `a` (an index) `relation` group `b`."""

    a: int
    relation: str
    b: int


@dataclass(frozen=True)
class Scene:
    """`groups`: 0 (an empty landscape) to 3, in the order in which they are named; two may be of one kind, in two colours.
    `links`: one for each group after the first, to an earlier one (or an earlier one to it)."""

    ground: str
    time: str
    weather: str
    groups: tuple[Group, ...]
    links: tuple[Link, ...] = ()

    def reordered(self, order: tuple[int, ...]) -> Scene:
        """The same scene with its groups named in another order."""
        new = {old: i for i, old in enumerate(order)}
        links = tuple(Link(new[k.a], k.relation, new[k.b]) for k in self.links)
        return replace(self, groups=tuple(self.groups[i] for i in order), links=links)


@dataclass(frozen=True)
class Seen:
    """A thing in a picture: what it is, and its box in pixels (left, top, right, bottom; y grows downwards)."""

    kind: str
    colour: str
    size: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class View:
    """What somebody who looks at a picture sees. `things`: from back to front."""

    ground: str
    time: str
    weather: str
    things: tuple[Seen, ...]


def turned(link: Link) -> Link:
    """The same link told from the other group's side; itself where there is no such telling."""
    return Link(link.b, MIRROR[link.relation], link.a) if link.relation in MIRROR else link


def sensible(kind: str, ground: str) -> bool:
    """Whether nobody would wonder at such a thing on such a ground."""
    at_home = set(HABITS[kind]) & set(OFFERS[ground])
    return bool(at_home) and not (ground == "room" and kind in OUTDOORS)


def possible(ground: str, time: str, weather: str) -> bool:
    """Whether such a place can be painted: there is no rain under water, and it does not snow onto a beach."""
    if ground == "underwater":
        return weather == "clear" and time != "sunset"
    return not (weather == "snowfall" and ground in ("sea", "sand"))


# -- what training never shows -------------------------------------------------------------------------------


@cache
def _share(*parts: str) -> float:
    """A number in [0, 1) that belongs to these words."""
    return int.from_bytes(hashlib.sha256("/".join(parts).encode()).digest()[:4], "big") / 2**32


@cache
def _kept(attribute: str, kind: str, value: str) -> bool:
    """Of each kind one colour, and one of the grounds on which it is sensible, is never shown in training."""
    if attribute == "colour":
        return value == min(COLOURS, key=lambda v: _share("colour", kind, v))
    fits = [ground for ground in GROUNDS if sensible(kind, ground)]
    return len(fits) > 2 and value == min(fits, key=lambda v: _share("ground", kind, v))


def held_out(scene: Scene) -> list[tuple[str, ...]]:
    """The combinations of a scene that training never shows, each once: (colour, kind), (kind, ground) and (kind, relation,
    kind), one in twelve of the latter. The number of them is the scene's level."""
    found: list[tuple[str, ...]] = []
    for group in scene.groups:
        if _kept("colour", group.kind, group.colour):
            found.append((group.colour, group.kind))
        if _kept("ground", group.kind, scene.ground):
            found.append((group.kind, scene.ground))
    for link in scene.links:
        plain = turned(link) if link.relation in ("right_of", "below", "behind") else link
        if plain.relation in RELATIONS:
            triple = (scene.groups[plain.a].kind, plain.relation, scene.groups[plain.b].kind)
            if _share(*triple) < 1 / 12:
                found.append(triple)
    return list(dict.fromkeys(found))


# -- scenes at random ----------------------------------------------------------------------------------------


def random_scene(rng: np.random.Generator, split: str = "train", wild: float = 0.3) -> Scene:
    """A scene of a split: "train" and "seen" hold none of the held-out combinations, "level1" one, "level2" two, "all"
    whatever comes.  wild: the share of scenes in which things need not be where they are at home."""
    if split not in SPLITS:
        raise UserError("unknown_split", value=split, dataset="world", choices=list(SPLITS))
    wanted = {"train": 0, "seen": 0, "level1": 1, "level2": 2}.get(split)
    while True:
        scene = _free(rng, tame=rng.random() >= wild)
        if wanted is None or len(held_out(scene)) == wanted:
            return scene


def _pick(rng: np.random.Generator, values):
    return values[int(rng.integers(len(values)))]


def _free(rng: np.random.Generator, tame: bool) -> Scene:
    """All factors independent; `tame`: but kinds are at home on the ground."""
    ground, time = _pick(rng, GROUNDS), _pick(rng, ("day", "day", "sunset", "night"))
    weather = _pick(rng, ("clear", "clear", *WEATHERS))
    while not possible(ground, time, weather):
        time, weather = _pick(rng, TIMES), _pick(rng, WEATHERS)
    kinds = [kind for kind in KINDS if not tame or sensible(kind, ground)]
    count = 0 if rng.random() < EMPTY else _pick(rng, (1, 1, 1, 2, 2, 2, 2, 3, 3))
    groups: list[Group] = []
    chosen = rng.permutation(kinds)[:count].tolist()
    if count > 1 and rng.random() < TWINS:
        chosen[1] = chosen[0]
    for kind in chosen:
        # Of several groups most are single things; together no more than fit into a picture.
        many = int(rng.integers(1, MAX_COUNT + 1)) if rng.random() < (0.6 if count == 1 else 0.25) else 1
        most = MAX_THINGS - (count - 1 - len(groups)) - sum(g.count for g in groups)
        free = [colour for colour in COLOURS if all((kind, colour) != (g.kind, g.colour) for g in groups)]
        groups.append(Group(kind, _pick(rng, free), _pick(rng, SIZES), min(many, most)))
    links: list[Link] = []
    for i in range(1, count):
        links.append(_link(rng, groups, links, i))
    return Scene(ground, time, weather, tuple(groups), tuple(links))


def _link(rng: np.random.Generator, groups: list[Group], links: list[Link], i: int) -> Link:
    """Of group i to an earlier one. Only single things touch or hide one another, and only one pair of a picture does."""
    j = i - 1 if i == 1 or rng.random() < 0.7 else 0
    may_touch = groups[i].count == groups[j].count == 1 and not any(link.relation in TOUCHING for link in links)
    relation = _pick(rng, (*RELATIONS, "on", "under") if may_touch else APART)
    return Link(j, relation, i) if rng.random() < 0.5 else Link(i, relation, j)
