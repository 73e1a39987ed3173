"""Is it right? A caption's meaning against what somebody sees in a picture, or against the scene that a planner chose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations, product

from genai.data.world.relations import holds
from genai.data.world.scene import Scene, Seen, View, turned
from genai.data.world.telling import MANY, MEANS, Caption, Named


def compare(caption: Caption, view: View) -> dict[str, bool]:
    """For each thing that the caption says, whether it is so in the picture.

    Returns: some of "ground", "time", "weather"; for the named groups "kind" (each is there), "count", "colour", "size",
        "relation" and, of two groups and more that have colours, "binding" (each has its own); and always "nothing_else": no
        thing that nobody named.

    Which things belong to which group is nowhere written in a picture: the assignment that fits best is the one compared.
    """
    tellings = (_telling(caption, view.things, whose) for whose in _assignments(caption, view.things))
    return _places(caption, view) | _best(tellings)


def right(caption: Caption, view: View) -> bool:
    """Everything that the caption says is so."""
    return all(compare(caption, view).values())


def agrees(caption: Caption, scene: Scene) -> dict[str, bool]:
    """The same of a scene, with no picture of it: its links are what they say, and what follows from each alone."""
    count = len(scene.groups)
    tellings = []
    for order in permutations(range(max(count, len(caption.groups))), len(caption.groups)):
        shown = [[scene.groups[i]] * scene.groups[i].count if i < count else [] for i in order]
        linked = all(_linked(scene, order[k.a], k.relation, order[k.b]) for k in caption.links)
        tellings.append(
            _attributes(caption, shown) | _links(caption, linked) | {"nothing_else": count == len(caption.groups)}
        )
    return _places(caption, scene) | _best(tellings)


def _places(caption: Caption, shown: View | Scene) -> dict[str, bool]:
    names = ("ground", "time", "weather")
    return {name: getattr(shown, name) == wanted for name in names if (wanted := getattr(caption, name)) is not None}


def _best(tellings) -> dict[str, bool]:
    return max(tellings, key=lambda found: (all(found.values()), sum(found.values())))


def _assignments(caption: Caption, things: Sequence[Seen]) -> Iterator[tuple[int, ...]]:
    """For each thing the group that it may belong to, -1 for none: every way that kinds allow."""
    choices = [[g for g, group in enumerate(caption.groups) if group.kind == thing.kind] or [-1] for thing in things]
    return product(*choices)


def _telling(caption: Caption, things: Sequence[Seen], whose: tuple[int, ...]) -> dict[str, bool]:
    shown = [[thing for thing, group in zip(things, whose) if group == g] for g in range(len(caption.groups))]
    boxes = [[thing.box for thing in each] for each in shown]
    linked = all(
        boxes[k.a] and boxes[k.b] and any(holds(relation, boxes[k.a], boxes[k.b]) for relation in _meant(k.relation))
        for k in caption.links
    )
    return _attributes(caption, shown) | _links(caption, bool(linked)) | {"nothing_else": -1 not in whose}


def _meant(relation: str) -> tuple[str, ...]:
    return (relation,) if relation == "with" else MEANS[relation]


def _attributes(caption: Caption, shown: Sequence[Sequence]) -> dict[str, bool]:
    """shown: of each named group, the things (or the group once for each) that stand for it."""
    found: dict[str, bool] = {}
    for group, things in zip(caption.groups, shown):
        fits = {
            "kind": bool(things) and all(thing.kind == group.kind for thing in things),
            "count": _counted(group, len(things)),
        }
        for name in ("colour", "size"):
            fits[name] = bool(things) and all(getattr(thing, name) == getattr(group, name) for thing in things)
        for name, fit in fits.items():
            if getattr(group, name) is not None:
                found[name] = found.get(name, True) and fit
    if sum(group.colour is not None for group in caption.groups) > 1:
        found["binding"] = found["kind"] and found["colour"]
    return found


def _counted(group: Named, count: int) -> bool:
    return count >= 2 if group.count == MANY else count == group.count


def _links(caption: Caption, linked: bool) -> dict[str, bool]:
    return {"relation": linked} if caption.links else {}


def _linked(scene: Scene, a: int, relation: str, b: int) -> bool:
    """Whether a scene's links say that its group a is `relation` its group b."""
    if max(a, b) >= len(scene.groups):
        return False
    if relation == "with":
        return True
    for link in scene.links:
        told = link if (link.a, link.b) == (a, b) else turned(link) if (link.b, link.a) == (a, b) else None
        if told and (told.a, told.b) == (a, b) and told.relation in MEANS[relation]:
            return True
    return False
