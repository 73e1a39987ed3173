"""Where the things of a scene stand: what a scene leaves open, drawn at random, so that its links hold in the picture.

Places are drawn `TRIES` at a time, group after group, each within what links to the others leave of the picture; the first
draw in which nothing hides what it should not is taken. Where there is none, things are made smaller, or may float.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from genai.data.world.relations import Box
from genai.data.world.scene import AIR, APART, HABITS, LAND, OFFERS, TOUCHING, WATER, Link, Scene
from genai.data.world.sprites import BUILDS, FRAME, box, drawings, top

SIDE = 128  # pixels along each side of a picture
VIEWS = 6  # of each ground
PIXELS = {"large": 60, "medium": 44, "small": 30}  # the side of a thing's frame
# Ways to make room, one after the other: of what size all things are, in shares of their own, and who may float in the air.
NOBODY, WHO_IS_ABOVE, EVERYBODY = range(3)
MAKE_ROOM = (
    (1.0, NOBODY), (0.86, NOBODY), (1.0, WHO_IS_ABOVE), (0.86, WHO_IS_ABOVE), (0.74, WHO_IS_ABOVE), (0.64, WHO_IS_ABOVE),
    (0.54, WHO_IS_ABOVE), (0.74, EVERYBODY), (0.54, EVERYBODY), (0.4, EVERYBODY),
)  # fmt: skip
TRIES = 24

MARGIN, GAP = 2, 3  # pixels at a picture's edges and between what is apart, at least
SINK = 3  # pixels of a thing that what stands on it hides
CROWDED = 0.04  # of the smaller of two boxes: what any two things may share

# The rows in which the feet of what stands on a ground, or floats on its water, may be.
FEET = {"grass": (72, 125), "road": (84, 125), "sea": (72, 124), "sand": (76, 125), "snow": (74, 125), "room": (86, 125),
        "forest": (82, 125), "mountains": (90, 125), "city": (88, 125), "sky": (30, 125), "underwater": (108, 125)}  # fmt: skip


@dataclass(frozen=True)
class Spot:
    """A thing in its place: the `group` that it is one of; the middle of its frame and the frame's lower edge, in pixels; the
    side of the frame; how it is drawn, and whether with a shadow."""

    group: int
    x: int
    bottom: int
    side: int
    mirrored: bool
    drawing: int
    build: int
    shadow: bool


@dataclass(frozen=True)
class Setting:
    """What a scene leaves open: which view of its ground, and where its things stand, from back to front."""

    view: int
    spots: tuple[Spot, ...]


def settle(scene: Scene, rng: np.random.Generator) -> Setting:
    """Draw what the scene leaves open.

    Raises ValueError for what no picture can show, such as a thing that is to the left and to the right of another.
    """
    view = int(rng.integers(VIEWS))
    scene = replace(scene, links=tuple(_settled(link, rng) for link in scene.links))
    casts = [_Cast(scene, i, rng) for i in range(len(scene.groups))]
    for scale, afloat in MAKE_ROOM if casts else ():
        spots = _Draw(scene, casts, scale, afloat, rng).spots()
        if spots is not None:
            return Setting(view, z_order(scene.links, spots))
    if casts:
        raise ValueError(f"no places found for {scene}")
    return Setting(view, ())


def _settled(link: Link, rng: np.random.Generator) -> Link:
    """A link that says where: what is beside a thing is to its left or right, and so is what is with it."""
    return link if link.relation in (*APART, *TOUCHING) else replace(link, relation=APART[int(rng.integers(2))])


def z_order(links: tuple[Link, ...], spots: list[Spot]) -> tuple[Spot, ...]:
    """From back to front: what stands further up is further back, but for what stands on something, which comes just after it."""
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


def habitat(kind: str, ground: str, rng: np.random.Generator) -> str:
    """Where a kind is on a ground: in an element where it is at home, else in what there is."""
    offered = [habit for habit in HABITS[kind] if habit in OFFERS[ground]]
    if offered:
        return offered[int(rng.integers(len(offered)))]
    if ground in ("sky", "underwater"):
        return AIR if ground == "sky" else LAND if HABITS[kind][0] == LAND else WATER
    return AIR if HABITS[kind][0] == AIR else LAND


class _Cast:
    """The things of one group: how they are drawn, and where they are at home. One drawing for all, mirrored or not."""

    def __init__(self, scene: Scene, index: int, rng: np.random.Generator):
        group = scene.groups[index]
        self.kind, self.size, self.count, self.ground = group.kind, group.size, group.count, scene.ground
        self.drawing, self.build = int(rng.integers(drawings(self.kind))), int(rng.integers(BUILDS))
        self.mirrored = rng.random(self.count) < 0.5
        self.habitat = habitat(self.kind, scene.ground, rng)
        self.box = box(self.kind, self.drawing, self.build)

    def rows(self) -> tuple[float, float]:
        """Between which rows its feet are, or, of what swims or flies, its lower edge."""
        low, high = FEET[self.ground]
        if self.habitat == LAND or (self.ground == "sea" and self.habitat == WATER):
            return low, high
        return (MARGIN, high - 10) if self.ground in ("sky", "underwater") else (MARGIN, low + 10)


class _Draw:
    """K = `TRIES` draws of places for all groups, at one size.

    low, high: bounds, [2, G, K], of the left edge and the lower edge of what each group fills; equal once it is placed.
    within: of each group, how far right of that and above it each of its things is, [2, K, n].
    """

    def __init__(self, scene: Scene, casts: list[_Cast], scale: float, afloat: int, rng: np.random.Generator):
        self.links, self.casts, self.rng = scene.links, casts, rng
        self.sides = [2 * round(PIXELS[cast.size] * scale / 2) for cast in casts]
        self.spans = [
            ((c.box[2] - c.box[0]) * s / FRAME, (c.box[3] - c.box[1]) * s / FRAME) for c, s in zip(casts, self.sides)
        ]
        self.touching = {link.a: link for link in scene.links if link.relation in TOUCHING}
        self.within = [self._formation(i) for i in range(len(casts))]
        self.width = np.stack([x.max(1) + span[0] for (x, _), span in zip(self.within, self.spans)])
        self.height = np.stack([y.max(1) + span[1] for (_, y), span in zip(self.within, self.spans)])
        free = set(range(len(casts))) if afloat == EVERYBODY else set()
        if afloat == WHO_IS_ABOVE:
            free |= {
                link.a if link.relation == "above" else link.b
                for link in scene.links
                if link.relation in ("above", "below")
            }
        free |= {i for i, link in self.touching.items() if link.relation in ("on", "under")}
        free |= {
            link.b for i, link in self.touching.items() if link.relation == "under" and not self._at_the_foot(link)
        }
        self.low, self.high = np.empty((2, 2, len(casts), TRIES), np.float32)  # [x or y, G, K] each
        for i, cast in enumerate(casts):
            upper, lower = (MARGIN, SIDE - MARGIN) if i in free else cast.rows()
            self.low[0, i], self.high[0, i] = MARGIN, SIDE - MARGIN - self.width[i]
            self.low[1, i] = np.maximum(upper + self.within[i][1].max(1), MARGIN + self.height[i])
            self.high[1, i] = np.maximum(lower, self.low[1, i]) if cast.habitat == AIR else lower

    def spots(self) -> list[Spot] | None:
        """The first draw in which all is well, as a spot for each thing; None where there is none."""
        good = np.ones(TRIES, dtype=bool)
        for i in self._order():
            for _ in self.links:
                self._narrow()
            if i in self.touching:
                self._touch(self.touching[i])
            else:
                self._place(i)
            good &= (self.low[:, i] <= self.high[:, i]).all(0)
            self.high[:, i] = self.low[:, i]
        at = [self._boxes(i) for i in range(len(self.casts))]  # of [4, K, n]
        for i, one in enumerate(at):
            good &= (one[0] >= MARGIN - 1).all(1) & (one[1] >= MARGIN - 1).all(1)
            good &= (one[2] <= SIDE - MARGIN + 1).all(1) & (one[3] <= SIDE - MARGIN + 1).all(1)
            for j in range(i):
                if not any({link.a, link.b} == {i, j} for link in self.touching.values()):
                    good &= ~_crowded(one, at[j])
        k = int(good.argmax())
        return [spot for i in range(len(at)) for spot in self._spots(i, k, at[i])] if good[k] else None

    def _order(self) -> list[int]:
        """Groups, each after the one that it touches."""
        order: list[int] = []
        left = list(range(len(self.casts)))
        while left:
            ready = [i for i in left if i not in self.touching or self.touching[i].b in order]
            if not ready:
                raise ValueError("things that stand on each other in a ring")
            first = min(
                ready, key=lambda i: (i not in self.touching and i not in {k.b for k in self.touching.values()}, i)
            )
            order.append(first)
            left.remove(first)
        return order

    def _formation(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """Where the things of a group stand to each other: right of the leftmost and above the lowest, each [K, n], >= 0."""
        count, (width, height), rng = self.casts[i].count, self.spans[i], self.rng
        if count == 1:
            return np.zeros((2, TRIES, 1), np.float32)
        # What the groups that it is apart from need at least is not its own; forms that leave it have what is left to spread in.
        others = [
            (link.relation, {link.a: link.b, link.b: link.a}.get(i)) for link in self.links if i in (link.a, link.b)
        ]
        wide = (
            SIDE
            - 2 * MARGIN
            - width
            - sum(self.spans[j][0] + GAP for way, j in others if way in ("left_of", "right_of"))
        )
        high = (
            SIDE - 2 * MARGIN - height - sum(self.spans[j][1] + GAP for way, j in others if way in ("above", "below"))
        )
        closest = 0.65 if self.casts[i].habitat == LAND else 1.0  # rows on the ground may hide some of those behind
        shapes = _rows(count)
        need = shapes.max(1) * (width + GAP, closest * (height + GAP))
        fitting = shapes[(need <= (wide, high)).all(1)]
        shapes = fitting if len(fitting) else shapes
        unit = shapes[rng.integers(len(shapes), size=TRIES)]  # [K, n, 2]
        most = np.array((wide, high)) / np.maximum(unit.max(1), 1) / (width + GAP, height + GAP)  # [K, 2]
        least = np.array((1.0, closest))
        step = least + (np.minimum(most, least + 0.6) - least).clip(0) * rng.random((TRIES, 2)) ** 2
        x, y = (unit * step[:, None] * (width + GAP, height + GAP)).transpose(2, 0, 1)
        flat = y.max(1, keepdims=True) == 0
        x = x + rng.uniform(-1, 1, (TRIES, count))
        y = y + rng.uniform(-1, 1, (TRIES, count)) * np.where(flat, 6, 1)
        return x - x.min(1, keepdims=True), y - y.min(1, keepdims=True)

    def _narrow(self) -> None:
        """Take from the bounds of both ends of a link what it does not allow."""
        for link in self.links:
            (xa, ya), (xb, yb) = self.low[:, link.a], self.low[:, link.b]
            (xa_, ya_), (xb_, yb_) = self.high[:, link.a], self.high[:, link.b]
            wa, wb, ha, hb = self.width[link.a], self.width[link.b], self.height[link.a], self.height[link.b]
            if link.relation == "left_of":
                np.maximum(xb, xa + wa + GAP, out=xb)
                np.minimum(xa_, xb_ - wa - GAP, out=xa_)
            elif link.relation == "right_of":
                np.maximum(xa, xb + wb + GAP, out=xa)
                np.minimum(xb_, xa_ - wb - GAP, out=xb_)
            elif link.relation == "above":
                np.maximum(yb, ya + hb + GAP, out=yb)
                np.minimum(ya_, yb_ - hb - GAP, out=ya_)
            elif link.relation == "below":
                np.maximum(ya, yb + ha + GAP, out=ya)
                np.minimum(yb_, ya_ - ha - GAP, out=yb_)
            elif link.relation == "on":
                np.maximum(yb, MARGIN + ha + hb, out=yb)
            elif link.relation == "under" and not self._at_the_foot(link):
                np.minimum(yb_, ya_ - ha, out=yb_)

    def _place(self, i: int) -> None:
        """A group anywhere within its bounds; near the line of what it is apart from, if that is placed."""
        rng, low, high = self.rng, self.low[:, i], self.high[:, i]
        at = low + (high - low) * rng.random((2, TRIES))
        for link in self.links:
            other = {link.a: link.b, link.b: link.a}.get(i)
            if other is None or (self.low[:, other] != self.high[:, other]).any():
                continue
            if link.relation in ("left_of", "right_of"):
                at[1] = self.low[1, other] + rng.normal(0, 8, TRIES)
            elif link.relation in ("above", "below"):
                at[0] = self.low[0, other] + (self.width[other] - self.width[i]) / 2 + rng.normal(0, 10, TRIES)
        fits = low <= high
        low[:] = np.where(fits, np.clip(at, low, np.maximum(low, high)), low)

    def _at_the_foot(self, link: Link) -> bool:
        """Whether what is under a thing has room at its foot; else it is below it."""
        (wa, ha), (wb, hb) = self.spans[link.a], self.spans[link.b]
        return self.casts[link.b].habitat != AIR and ha <= 0.62 * hb and wa <= 0.9 * wb

    def _touch(self, link: Link) -> None:
        """Group a where it touches the first thing of group b, which has its place."""
        rng, a, b = self.rng, link.a, link.b
        (left, upper, right, lower), wa, ha = self._boxes(b)[:, :, 0], self.width[a], self.height[a]
        wb, hb, shift, enough = right - left, lower - upper, rng.uniform(-1, 1, TRIES), True
        if link.relation == "on":
            x, y = (left + right) / 2 + shift * 0.16 * wb, self._surface(b, (left + right) / 2 + shift * 0.16 * wb)
        elif link.relation == "under":
            x = (left + right) / 2 + shift * (0.2 * wb if self._at_the_foot(link) else 0.15 * np.minimum(wa, wb))
            y = lower + (rng.uniform(2, 5, TRIES) if self._at_the_foot(link) else ha + rng.uniform(0, 3, TRIES))
        else:
            y = lower + rng.uniform(5, 12, TRIES) * (1 if link.relation == "in_front_of" else -1)
            tall = np.minimum(y, lower) - np.maximum(y - ha, upper)  # rows in which they meet
            smaller = np.minimum(wa * ha, wb * hb)
            wide = rng.uniform(0.25, 0.5, TRIES) * smaller / np.maximum(tall, 1)
            wide = np.minimum(wide, 0.9 * np.minimum(wa, wb))
            enough = wide * tall > 0.2 * smaller
            x = np.where(shift < 0, left - wa / 2 + wide, right + wa / 2 - wide)
        new = np.stack([x - wa / 2, y])
        low, high = self.low[:, a], self.high[:, a]
        kept = (new >= low - 0.5) & (new <= high + 0.5) & enough
        low[:], high[:] = np.where(kept, new, 1.0), np.where(kept, new, 0.0)

    def _surface(self, b: int, x: np.ndarray) -> np.ndarray:
        """On which row something stands on the first thing of group b, at columns x [K]."""
        cast, unit = self.casts[b], self.sides[b] / FRAME
        left, _, _, lower = self._boxes(b)[:, :, 0]
        rows = top(cast.kind, cast.drawing, cast.build)
        rows = np.minimum.reduce([np.roll(rows, d) for d in (-2, 0, 2)])[:: -1 if cast.mirrored[0] else 1]
        start = FRAME - cast.box[2] if cast.mirrored[0] else cast.box[0]
        column = np.clip((x - left) / unit + start, 0, FRAME - 1).astype(int)
        return lower - (cast.box[3] - rows[column]) * unit + SINK

    def _boxes(self, i: int) -> np.ndarray:
        """What the things of a group fill: [4 (left, top, right, bottom), K, n]."""
        (dx, dy), (width, height) = self.within[i], self.spans[i]
        left, lower = self.low[0, i, :, None] + dx, self.low[1, i, :, None] - dy
        return np.stack([left, lower - height, left + width, lower])

    def _spots(self, i: int, k: int, at: np.ndarray) -> list[Spot]:
        cast, side = self.casts[i], self.sides[i]
        unit, (first, _, last, foot) = side / FRAME, cast.box
        found = []
        for n in range(cast.count):
            left, lower = float(at[0, k, n]), float(at[3, k, n])
            start = FRAME - last if cast.mirrored[n] else first
            x, bottom = round(left - start * unit) + side // 2, round(lower + (FRAME - foot) * unit)
            carried = i in self.touching and self.touching[i].relation == "on"
            grounded = cast.habitat != AIR and cast.rows()[0] > MARGIN and cast.rows()[0] - 1 <= lower and not carried
            found.append(Spot(i, x, bottom, side, bool(cast.mirrored[n]), cast.drawing, cast.build, grounded))
        return found


@cache
def _rows(count: int) -> np.ndarray:
    """Ways to stand in rows, [ways, count, 2]: of each thing the column, and the row from the front."""
    ways = []
    for columns in range(1, count + 1):
        lengths = [columns] * (count // columns) + [count % columns] * (count % columns > 0)
        for order in {tuple(lengths), tuple(lengths[::-1])}:
            shift = [(columns - n) / 2 + 0.3 * (row % 2) * (n == columns > 1) for row, n in enumerate(order)]
            ways.append([(shift[row] + c, row) for row, n in enumerate(order) for c in range(n)])
    return np.array(ways, np.float32)


def _crowded(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Whether any of the boxes [4, K, n] hides some of any of the boxes [4, K, m]: [K]."""
    a, b = one[:, :, :, None], other[:, :, None, :]
    width, height = (np.minimum(a[i + 2], b[i + 2]) - np.maximum(a[i], b[i]) for i in (0, 1))
    smaller = np.minimum((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return (np.maximum(width, 0) * np.maximum(height, 0) > CROWDED * smaller).any((1, 2))
