"""A scene as it is settled, as a row of numbers: what a planner writes, and a painter paints.

An entry is a choice among those of PLAN, in that order: first what the words may say, group after group in the order in which
they are named, then what they leave open: how each group is drawn, and where each of its things stands.
"""

from __future__ import annotations

from itertools import accumulate

from genai.data.world.backdrops import VIEWS
from genai.data.world.cast import PIXELS, SIDE, Spot
from genai.data.world.scene import (
    COLOURS,
    GROUNDS,
    GROUPS,
    KINDS,
    MAX_COUNT,
    MAX_THINGS,
    RELATIONS,
    SIZES,
    TIMES,
    WEATHERS,
    Group,
    Link,
    Scene,
    turned,
)  # fmt: skip
from genai.data.world.settle import MAKE_ROOM, Setting, z_order
from genai.data.world.sprites import BUILDS

NONE = "none"
STEP = 2  # pixels between two places
PLACES = tuple(map(str, range(0, SIDE + 10, STEP)))  # the lower edge of a frame may be below the picture
DRAWINGS = 4  # of a kind, at most
TURNED = {"on": "carries", "under": "shelters"}  # links of an earlier group to a later one that have no mirror image
WAYS = (*RELATIONS, *TURNED.values())  # how a later group stands to an earlier one
PAIRS = tuple((later, earlier) for later in range(2, GROUPS + 1) for earlier in range(1, later))
STANCES = ("as drawn", "mirrored", "as drawn, with a shadow", "mirrored, with a shadow")
SCALES = tuple(sorted({scale for scale, _ in MAKE_ROOM}, reverse=True))  # of all things, in shares of their own size


def _entries() -> dict[str, tuple[str, ...]]:
    entries: dict[str, tuple[str, ...]] = {"ground": GROUNDS, "time": TIMES, "weather": WEATHERS}
    for g in range(1, GROUPS + 1):
        entries |= {
            f"kind{g}": (*KINDS, NONE), f"colour{g}": (*COLOURS, NONE), f"size{g}": (*SIZES, NONE),
            f"count{g}": (*map(str, range(1, MAX_COUNT + 1)), NONE),
        }  # fmt: skip
    entries |= {f"way{b}{a}": (*WAYS, NONE) for b, a in PAIRS}
    entries |= {"view": tuple(map(str, range(VIEWS))), "scale": tuple(map(str, SCALES))}
    for g in range(1, GROUPS + 1):
        entries |= {f"drawing{g}": (*map(str, range(DRAWINGS)), NONE), f"build{g}": (*map(str, range(BUILDS)), NONE)}
    for n in range(1, MAX_THINGS + 1):
        entries |= {f"x{n}": (*PLACES, NONE), f"bottom{n}": (*PLACES, NONE), f"stance{n}": (*STANCES, NONE)}
    return entries


PLAN = _entries()


def written(scene: Scene, setting: Setting, order: tuple[int, ...]) -> list[int]:
    """The plan of a scene as it is settled, an index for each entry of PLAN.

    order: its groups in the order in which a caption names them.
    """
    told = scene.reordered(order)
    of = {old: new for new, old in enumerate(order)}
    said = {"ground": scene.ground, "time": scene.time, "weather": scene.weather, "view": str(setting.view)}
    scale = 1.0
    # From left to right, so that there is but one way to write a group's things.
    spots = sorted(setting.spots, key=lambda spot: (of[spot.group], spot.x, spot.bottom))
    for n, spot in enumerate(spots, 1):
        stance = STANCES[int(spot.mirrored) + 2 * int(spot.shadow)]
        said |= {f"x{n}": _place(spot.x), f"bottom{n}": _place(spot.bottom), f"stance{n}": stance}
        group = of[spot.group] + 1
        said |= {f"drawing{group}": str(spot.drawing), f"build{group}": str(spot.build)}
        scale = spot.side / PIXELS[scene.groups[spot.group].size]
    said["scale"] = str(min(SCALES, key=lambda s: abs(s - scale)))
    for g, group in enumerate(told.groups, 1):
        said |= {
            f"kind{g}": group.kind,
            f"colour{g}": group.colour,
            f"size{g}": group.size,
            f"count{g}": str(group.count),
        }
    for link in told.links:
        later, way, earlier = _from_the_later(link)
        said[f"way{later + 1}{earlier + 1}"] = way
    return [choices.index(said.get(name, NONE)) for name, choices in PLAN.items()]


def _place(pixel: int) -> str:
    return PLACES[min(max(0, round(pixel / STEP)), len(PLACES) - 1)]


def _from_the_later(link: Link) -> tuple[int, str, int]:
    """A link told from the group that is named later: (that, its way, the earlier one)."""
    if link.a > link.b:
        return link.a, link.relation, link.b
    mirrored = turned(link)
    return (mirrored.a, mirrored.relation, mirrored.b) if mirrored != link else (link.b, TURNED[link.relation], link.a)


def read(plan: list[int]) -> tuple[Scene, Setting]:
    """`written` undone, for the scene with its groups in the order of the caption. Anything is read, however little sense it
    makes: a group without a kind is none, and so is all that is said of it; a thing without a place stands nowhere."""
    said = {name: choices[i] for (name, choices), i in zip(PLAN.items(), plan)}
    groups: list[Group] = []
    for g in range(1, GROUPS + 1):
        if said[f"kind{g}"] == NONE:
            break
        colour, size, count = (said[f"{name}{g}"] for name in ("colour", "size", "count"))
        groups.append(Group(said[f"kind{g}"], _or(colour, COLOURS[0]), _or(size, "medium"), int(_or(count, "1"))))
    ways = [(b - 1, said[f"way{b}{a}"], a - 1) for b, a in PAIRS if b <= len(groups)]
    links = [_link(later, way, earlier) for later, way, earlier in ways if way != NONE]
    scene = Scene(said["ground"], said["time"], said["weather"], tuple(groups), tuple(links))
    ends = list(accumulate(group.count for group in groups))
    spots = []
    for n in range(1, min(MAX_THINGS, ends[-1] if ends else 0) + 1):
        x, bottom, stance = (said[f"{name}{n}"] for name in ("x", "bottom", "stance"))
        if NONE in (x, bottom):
            continue
        g = next(i for i, end in enumerate(ends) if n <= end)
        stands = STANCES.index(_or(stance, STANCES[0]))
        side = 2 * round(PIXELS[groups[g].size] * float(said["scale"]) / 2)
        drawing, build = (int(_or(said[f"{name}{g + 1}"], "0")) for name in ("drawing", "build"))
        spots.append(Spot(g, int(x), int(bottom), side, bool(stands % 2), drawing, build, stands >= 2))
    return scene, Setting(int(said["view"]), z_order(scene.links, spots))


def _or(said: str, otherwise: str) -> str:
    return otherwise if said == NONE else said


def _link(later: int, way: str, earlier: int) -> Link:
    back = {told: relation for relation, told in TURNED.items()}
    return Link(earlier, back[way], later) if way in back else Link(later, way, earlier)
