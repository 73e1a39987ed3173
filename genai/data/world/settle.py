"""Where the things of a scene stand: what a scene leaves open, drawn at random, so that its links hold in the picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from genai.data.world.backdrops import VIEWS
from genai.data.world.cast import PIXELS, Cast, Spot
from genai.data.world.places import Places
from genai.data.world.relations import Box
from genai.data.world.scene import APART, TOUCHING, Link, Scene
from genai.data.world.sprites import FRAME, box

# Ways to make room, one after the other: of what size all things are, in shares of their own, and who may float in the air.
NOBODY, WHO_IS_ABOVE, EVERYBODY = range(3)
MAKE_ROOM = (
    (1.0, NOBODY), (0.86, NOBODY), (1.0, WHO_IS_ABOVE), (0.86, WHO_IS_ABOVE), (0.74, WHO_IS_ABOVE), (0.64, WHO_IS_ABOVE),
    (0.54, WHO_IS_ABOVE), (0.74, EVERYBODY), (0.54, EVERYBODY), (0.4, EVERYBODY),
)  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """What a scene leaves open: which view of its ground, and where its things stand, from back to front."""

    view: int
    spots: tuple[Spot, ...]


def settle(scene: Scene, rng: np.random.Generator) -> Setting:
    """Draw what the scene leaves open. Things have their own size where they fit into the picture at it; else all are smaller.

    Raises ValueError for what no picture can show, such as a thing that is to the left and to the right of another.
    """
    view = int(rng.integers(VIEWS))
    links = tuple(_settled(link, rng) for link in scene.links)
    casts = [Cast(scene, i, rng) for i in range(len(scene.groups))]
    if not casts:
        return Setting(view, ())
    order = _order(len(casts), links)
    above = {link.a for link in links if link.relation == "above"} | {k.b for k in links if k.relation == "below"}
    for scale, floating in MAKE_ROOM:
        if floating == WHO_IS_ABOVE and not above and scale >= 0.86:
            continue  # that was tried
        sides = [2 * round(PIXELS[cast.size] * scale / 2) for cast in casts]
        afloat = (set(), above, set(range(len(casts))))[floating]
        spots = Places(casts, links, sides, afloat, rng).draw(order)
        if spots is not None:
            return Setting(view, z_order(links, spots))
    raise ValueError(f"no places found for {scene}")


def _settled(link: Link, rng: np.random.Generator) -> Link:
    """A link that says where: what is beside a thing is to its left or right, and so is what is with it."""
    return link if link.relation in (*APART, *TOUCHING) else replace(link, relation=APART[int(rng.integers(2))])


def _order(count: int, links: tuple[Link, ...]) -> list[int]:
    """In which order groups are placed: what others touch, what touches it, the rest.  Raises ValueError for a ring."""
    on = {link.a: link.b for link in links if link.relation in TOUCHING}
    order: list[int] = []
    while len(order) < count:
        ready = [i for i in range(count) if i not in order and (i not in on or on[i] in order)]
        if not ready:
            raise ValueError("things that touch each other in a ring")
        order.append(min(ready, key=lambda i: i not in on and i not in on.values()))
    return order


def z_order(links: tuple[Link, ...], spots: list[Spot]) -> tuple[Spot, ...]:
    """From back to front: what stands further up is further back, but for what stands on something, which comes after it."""
    depth = {i: max(spot.bottom for spot in spots if spot.group == i) for i in {spot.group for spot in spots}}
    carried = {link.a: link.b for link in links if link.relation == "on" and {link.a, link.b} <= depth.keys()}
    return tuple(sorted(spots, key=lambda s: depth[carried[s.group]] + 0.5 if s.group in carried else s.bottom))


def boxes(scene: Scene, setting: Setting) -> list[list[Box]]:
    """What each thing of each group fills of the picture, as (left, top, right, bottom) in pixels."""
    found: list[list[Box]] = [[] for _ in scene.groups]
    for spot in setting.spots:
        found[spot.group].append(box_of(scene.groups[spot.group].kind, spot))
    return found


def box_of(kind: str, spot: Spot) -> Box:
    """What a thing fills of the picture."""
    left, upper, right, lower = box(kind, spot.drawing, spot.build)
    if spot.mirrored:
        left, right = FRAME - right, FRAME - left
    unit, x, y = spot.side / FRAME, spot.x - spot.side // 2, spot.bottom - spot.side
    return x + left * unit, y + upper * unit, x + right * unit, y + lower * unit
