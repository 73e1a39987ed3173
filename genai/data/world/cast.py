"""Who is in a picture: how the things of a group are drawn, and where on a ground they are at home."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genai.data.world.scene import AIR, HABITS, LAND, OFFERS, WATER, Scene
from genai.data.world.sprites import BUILDS, FRAME, box, drawings

SIDE = 128  # pixels along each side of a picture
PIXELS = {"large": 60, "medium": 44, "small": 30}  # the side of a thing's frame
MARGIN = 2  # pixels at a picture's edges that stay free

# The rows in which the feet of what stands on a ground, or floats on its water, may be.
FEET = {"grass": (72, 125), "road": (84, 125), "sea": (72, 124), "sand": (76, 125), "snow": (74, 125), "room": (86, 125),
        "forest": (82, 125), "mountains": (90, 125), "city": (88, 125), "sky": (30, 125), "underwater": (108, 125)}  # fmt: skip

# Drawings that show a thing where it is: on the wing or perched, afloat or ashore. All others suit wherever their kind is.
POSES = {
    ("bird", 0): AIR, ("bird", 1): AIR, ("bird", 2): LAND, ("bird", 3): LAND,
    ("duck", 0): WATER, ("duck", 1): LAND, ("duck", 2): LAND,
    ("rocket", 0): LAND, ("rocket", 1): AIR, ("rocket", 2): LAND,
}  # fmt: skip
# Drawings on which one sits lower than at their top, and the row of the frame where.
SEATS = {("chair", 0): 40, ("chair", 1): 42, ("chair", 2): 42}


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


class Cast:
    """The things of one group: one drawing for all of them, mirrored or not."""

    def __init__(self, scene: Scene, index: int, rng: np.random.Generator):
        group = scene.groups[index]
        self.kind, self.size, self.count, self.ground = group.kind, group.size, group.count, scene.ground
        self.carried = any(link.a == index and link.relation == "on" for link in scene.links)
        suits = (None, LAND) if self.carried else (None, *OFFERS[self.ground])
        every = list(range(drawings(self.kind)))
        fitting = [n for n in every if POSES.get((self.kind, n)) in suits] or every
        self.drawing, self.build = fitting[int(rng.integers(len(fitting)))], int(rng.integers(BUILDS))
        self.mirrored = (rng.random(self.count) < 0.5).tolist()
        pose, usual = POSES.get((self.kind, self.drawing)), habitat(self.kind, self.ground, rng)
        self.habitat = pose if pose in OFFERS[self.ground] else usual
        self.box = box(self.kind, self.drawing, self.build)
        self.stands = self.habitat == LAND or (self.ground == "sea" and self.habitat == WATER)

    @property
    def rows(self) -> tuple[int, int]:
        """Between which rows its feet are, or, of what swims or flies, its lower edge."""
        low, high = FEET[self.ground]
        if self.stands:
            return low, high
        return (MARGIN, high - 10) if self.ground in ("sky", "underwater") else (MARGIN, low + 10)

    def span(self, side: int) -> tuple[float, float]:
        """How wide and how high one of them is in a frame of that side, in pixels."""
        left, upper, right, lower = self.box
        return (right - left) * side / FRAME, (lower - upper) * side / FRAME

    def spot(self, index: int, n: int, side: int, left: float, lower: float) -> Spot:
        """Thing n of it, group `index`, where what it fills begins at column `left` and ends at row `lower`."""
        unit, start = side / FRAME, FRAME - self.box[2] if self.mirrored[n] else self.box[0]
        x, bottom = round(left - start * unit) + side // 2, round(lower + (FRAME - self.box[3]) * unit)
        shadow = self.stands and not self.carried and lower >= self.rows[0] - 1
        return Spot(index, x, bottom, side, self.mirrored[n], self.drawing, self.build, shadow)


def habitat(kind: str, ground: str, rng: np.random.Generator) -> str:
    """Where a kind is on a ground: in an element where it is at home, else in what there is."""
    offered = [habit for habit in HABITS[kind] if habit in OFFERS[ground]]
    if offered:
        return offered[int(rng.integers(len(offered)))]
    if ground in ("sky", "underwater"):
        return AIR if ground == "sky" else LAND if HABITS[kind][0] == LAND else WATER
    return AIR if HABITS[kind][0] == AIR else LAND
