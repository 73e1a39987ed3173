"""Is a picture right? A caption's meaning against what a judge (or the renderer itself) says is in the picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from genai.data.scenes.captions import BESIDE, MANY, TOGETHER, Caption
from genai.data.scenes.world import MIRROR

PAIRS = ("left_of", "above", "on", "in_front_of")  # arrangements of two things; the others count one kind
COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4}


def compare(caption: Caption, seen: Mapping[str, str]) -> dict[str, bool]:
    """For each attribute that the caption names, whether the picture has it.

    Args:
        seen: answers to scenes.ATTRIBUTES.
    Returns: some of "ground", "count", "relation", "kind", "colour", "size" (of the one kind of thing), and for two
        things "kind", "colour", "size" (both right, each on its own thing) and "binding" (every colour that is named
        is on the thing it is named for, both things there).

    Two things may be told from either side. The telling that fits best is the one compared.
    """
    return max(_tellings(caption, seen), key=lambda found: (all(found.values()), sum(found.values())))


def right(caption: Caption, seen: Mapping[str, str]) -> bool:
    """Everything that the caption names is so."""
    return all(compare(caption, seen).values())


def _tellings(caption: Caption, seen: Mapping[str, str]) -> Iterator[dict[str, bool]]:
    found = {} if caption.ground is None else {"ground": seen["ground"] == caption.ground}
    first = {k: seen[k] for k in ("kind", "colour", "size")}
    second = {k: seen[f"{k}2"] for k in first}
    arrangement = seen["arrangement"]
    if caption.relation is None:
        count = COUNTS.get(arrangement, 0)
        if caption.count is not None:
            found["count"] = count >= 2 if caption.count == MANY else count == caption.count
        yield found | _things(caption, (first,))
        return
    relation = caption.relation
    for things, seen_as in (((first, second), arrangement), ((second, first), MIRROR.get(arrangement, ""))):
        if relation == TOGETHER:
            fits = arrangement in PAIRS
        elif relation == BESIDE:
            fits = arrangement == "left_of"
        else:
            fits = seen_as == relation
        yield found | {"relation": fits} | _things(caption, things)


def _things(caption: Caption, seen: tuple[Mapping[str, str], ...]) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for thing, shown in zip(caption.things, seen):
        for name in ("kind", "colour", "size"):
            wanted = getattr(thing, name)
            if wanted is not None:
                found[name] = found.get(name, True) and shown[name] == wanted
    if len(caption.things) == 2 and all(thing.colour for thing in caption.things):
        found["binding"] = found["kind"] and found["colour"]
    return found
