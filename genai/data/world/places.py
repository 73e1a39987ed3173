"""Places drawn at random so that links hold: many draws at a time, of which the first good one is taken.

Bounds of where each group may be are narrowed by the links, one group is placed within its own, and so on.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np

from genai.data.world.cast import MARGIN, SEATS, SIDE, Cast, Spot
from genai.data.world.scene import AIR, LAND, TOUCHING, Link
from genai.data.world.sprites import FRAME, top

TRIES = 24  # draws at a time, K
GAP = 3  # pixels between what is apart, at least
SINK = 3  # pixels of a thing that what stands on it hides
CROWDED = 0.04  # of the smaller of two boxes: what two things may share that do not touch
ROWS_APART = {
    LAND: 0.65
}  # of a thing's height, how far rows of a group are apart at least: on the ground they hide each other


class Places:
    """K draws of places for all groups.

    low, high: bounds, [2, G, K], of the left edge and the lower edge of what each group fills; equal once it is placed.
    within: of each group, how far right of that and above it each of its things is, [2, K, n].
    """

    def __init__(
        self, casts: list[Cast], links: tuple[Link, ...], sides: list[int], afloat: set[int], rng: np.random.Generator
    ):
        """sides: of each group's frames, in pixels.  afloat: groups that may be anywhere in the air."""
        self.casts, self.links, self.sides, self.rng = casts, links, sides, rng
        self.spans = [cast.span(side) for cast, side in zip(casts, sides)]
        self.touching = {link.a: link for link in links if link.relation in TOUCHING}
        below = {k.b for k in self.touching.values() if k.relation == "under" and not self._at_the_foot(k)}
        afloat = afloat | below | {i for i, link in self.touching.items() if link.relation in ("on", "under")}
        self.within = [self._formation(i) if cast.count > 1 else _alone() for i, cast in enumerate(casts)]
        self.low, self.high = np.empty((2, 2, len(casts), TRIES))
        self.width, self.height = np.empty((2, len(casts), TRIES))
        for i, (cast, (right, up), (width, height)) in enumerate(zip(casts, self.within, self.spans)):
            self.width[i], self.height[i], spread = right.max(1) + width, up.max(1) + height, up.max(1)
            upper, lower = (MARGIN, SIDE - MARGIN) if i in afloat else cast.rows
            self.low[0, i], self.high[0, i] = MARGIN, SIDE - MARGIN - self.width[i]
            self.low[1, i] = np.maximum(upper + spread, MARGIN + self.height[i])
            # What flies may come down as far as it must to be seen whole.
            self.high[1, i] = np.clip(self.low[1, i], lower, SIDE - MARGIN) if cast.habitat == AIR else lower

    def draw(self, order: list[int]) -> list[Spot] | None:
        """The first draw in which all is well, as a spot for each thing; None where there is none.

        order: the groups, each after the one that it touches.
        """
        self._narrow()
        good = (self.low <= self.high).all((0, 1))
        for i in order if good.any() else ():
            if i in self.touching:
                self._touch(self.touching[i])
            else:
                self._place(i)
            good &= (self.low[:, i] <= self.high[:, i]).all(0)
            self.high[:, i] = self.low[:, i]
            self._narrow()
        boxes = [self._boxes(i) for i in range(len(self.casts))] if good.any() else []
        linked = {(link.a, link.b) for link in self.links}
        for i, j in combinations(range(len(boxes)), 2):
            if not {(i, j), (j, i)} & linked:
                good &= ~_crowded(boxes[i], boxes[j])
        if not good.any():
            return None
        k = int(good.argmax())
        return [
            cast.spot(i, n, self.sides[i], float(boxes[i][0, k, n]), float(boxes[i][3, k, n]))
            for i, cast in enumerate(self.casts)
            for n in range(cast.count)
        ]

    def _formation(self, i: int) -> np.ndarray:
        """Where several things of a group stand to each other, [2, K, n], see `within`: in rows, at random."""
        cast, rng, size = self.casts[i], self.rng, np.array(self.spans[i]) + GAP
        # Groups that it is apart from need their part of the picture; what is left is there to spread in.
        room = np.array([SIDE - 2 * MARGIN, SIDE - 2 * MARGIN]) - self.spans[i]
        for link in self.links:
            if i in (link.a, link.b):
                axis = {"left_of": 0, "right_of": 0, "above": 1, "below": 1}.get(link.relation)
                if axis is not None:
                    room[axis] -= self.spans[link.b if i == link.a else link.a][axis] + GAP
        least = np.array((1.0, ROWS_APART.get(cast.habitat, 1.0)))
        shapes, reach = _rows(cast.count)
        fitting = np.flatnonzero((reach * size * least <= room).all(1))
        chosen = rng.integers(len(shapes), size=TRIES) if not len(fitting) else rng.choice(fitting, TRIES)
        most = np.minimum(room / size / np.maximum(reach[chosen], 1), least + 0.6)  # [K, 2]
        step = least + (most - least).clip(0) * rng.random((TRIES, 2)) ** 2
        within = shapes[chosen] * (step * size)[:, None]  # [K, n, 2]
        shaken = rng.uniform(-1, 1, within.shape)
        shaken[..., 1] *= np.where(reach[chosen, 1] == 0, 6, 1)[:, None]
        within = within + shaken
        return (within - within.min(1, keepdims=True)).transpose(2, 0, 1)

    def _narrow(self) -> None:
        """Take from the bounds of both ends of each link what it does not allow, until all have heard of each other."""
        for link in self.links * len(self.links):
            a, b = link.a, link.b
            if link.relation == "left_of":
                self._apart(0, a, b, self.width[a])
            elif link.relation == "right_of":
                self._apart(0, b, a, self.width[b])
            elif link.relation == "above":
                self._apart(1, a, b, self.height[b])
            elif link.relation == "below":
                self._apart(1, b, a, self.height[a])
            elif link.relation == "on":
                np.maximum(self.low[1, b], MARGIN + self.height[a] + self.height[b], out=self.low[1, b])
            elif link.relation == "under" and not self._at_the_foot(link):
                np.minimum(self.high[1, b], self.high[1, a] - self.height[a], out=self.high[1, b])

    def _apart(self, axis: int, first: int, second: int, size: np.ndarray) -> None:
        """The edge of the second group at least `size` [K] and a gap after that of the first."""
        low, high = self.low[axis], self.high[axis]
        np.maximum(low[second], low[first] + size + GAP, out=low[second])
        np.minimum(high[first], high[second] - size - GAP, out=high[first])

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
        low[:] = np.where(low <= high, np.clip(at, low, np.maximum(low, high)), low)

    def _at_the_foot(self, link: Link) -> bool:
        """Whether what is under a thing has room at its foot; else it is below it."""
        (wa, ha), (wb, hb) = self.spans[link.a], self.spans[link.b]
        return self.casts[link.b].habitat != AIR and ha <= 0.62 * hb and wa <= 0.9 * wb

    def _touch(self, link: Link) -> None:
        """Group a where its first thing touches that of group b, which has its place."""
        rng, a, b = self.rng, link.a, link.b
        (left, upper, right, lower), (wa, ha) = self._boxes(b)[:, :, 0], self.spans[a]
        middle, wb, hb = (left + right) / 2, right - left, lower - upper
        shift, enough = rng.uniform(-1, 1, TRIES), True
        if link.relation == "on":
            x = middle + shift * 0.16 * wb
            y = np.minimum(self._surface(b, x), np.minimum(upper + 0.6 * hb, (upper + lower + ha) / 2 - 2))
        elif link.relation == "under" and self._at_the_foot(link):
            x, y = middle + shift * 0.2 * wb, lower + rng.uniform(2, 5, TRIES)
        elif link.relation == "under":
            x, y = middle + shift * 0.15 * np.minimum(wa, wb), lower + ha + rng.uniform(0, 3, TRIES)
        else:
            y = lower + rng.uniform(5, 12, TRIES) * (1 if link.relation == "in_front_of" else -1)
            tall = np.minimum(y, lower) - np.maximum(y - ha, upper)  # rows in which they meet
            smaller = np.minimum(wa * ha, wb * hb)
            wide = rng.uniform(0.25, 0.5, TRIES) * smaller / np.maximum(tall, 1)
            wide = np.minimum(wide, 0.9 * np.minimum(wa, wb))
            x = np.where(shift < 0, left - wa / 2 + wide, right + wa / 2 - wide)
            enough = wide * tall > 0.2 * smaller
        ahead, up = self.within[a][:, :, 0]
        new = np.stack([x - wa / 2 - ahead, y + up])
        low, high = self.low[:, a], self.high[:, a]
        kept = (new >= low - 0.5) & (new <= high + 0.5) & enough
        low[:], high[:] = np.where(kept, new, 1.0), np.where(kept, new, 0.0)

    def _surface(self, b: int, x: np.ndarray) -> np.ndarray:
        """On which row something stands on the first thing of group b, at columns x [K]."""
        cast, unit = self.casts[b], self.sides[b] / FRAME
        left, _, _, lower = self._boxes(b)[:, :, 0]
        rows = top(cast.kind, cast.drawing, cast.build)[:: -1 if cast.mirrored[0] else 1]
        rows = np.maximum(rows, SEATS.get((cast.kind, cast.drawing), 0))
        start = FRAME - cast.box[2] if cast.mirrored[0] else cast.box[0]
        column = np.clip((x - left) / unit + start, 0, FRAME - 1).astype(int)
        return lower - (cast.box[3] - rows[column]) * unit + SINK

    def _boxes(self, i: int) -> np.ndarray:
        """What the things of a group fill: [4 (left, top, right, bottom), K, n]."""
        (right, up), (width, height) = self.within[i], self.spans[i]
        left, lower = self.low[0, i, :, None] + right, self.low[1, i, :, None] - up
        return np.stack([left, lower - height, left + width, lower])


@cache
def _alone() -> np.ndarray:
    return np.zeros((2, TRIES, 1))


@cache
def _rows(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Ways to stand in rows, [ways, count, 2]: of each thing the column, and the row from the front; and how far that reaches,
    [ways, 2]."""
    ways = []
    for columns in range(1, count + 1):
        lengths = [columns] * (count // columns) + [count % columns] * (count % columns > 0)
        for order in {tuple(lengths), tuple(lengths[::-1])}:
            shift = [(columns - n) / 2 + 0.3 * (row % 2) * (n == columns > 1) for row, n in enumerate(order)]
            ways.append([(shift[row] + c, row) for row, n in enumerate(order) for c in range(n)])
    shapes = np.array(ways, float)
    return shapes, shapes.max(1)


def _crowded(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Whether any of the boxes [4, K, n] hides some of any of the boxes [4, K, m]: [K]."""
    a, b = one[:, :, :, None], other[:, :, None, :]
    width, height = (np.minimum(a[i + 2], b[i + 2]) - np.maximum(a[i], b[i]) for i in (0, 1))
    smaller = np.minimum((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return (np.maximum(width, 0) * np.maximum(height, 0) > CROWDED * smaller).any((1, 2))
