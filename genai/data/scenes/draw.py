"""Scenes as pictures: 64x64, anti-aliased. Things are small illustrations, drawn large and shrunk once, then kept.

Every thing is drawn in a unit square (x to the right, y down) by its function in THINGS, grounds likewise in GROUNDS.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from genai.data.scenes.world import Scene, Thing

SIDE = 64
SCALE = 8  # supersampling
PIXELS = {"small": 16, "medium": 22, "large": 30}  # the longer side of a thing
GRID = 8  # that things stand on
HORIZON = 32  # between two rows of the grid
GROUND_VIEWS = 3  # a ground's variants: where its decorations are

RGB = {
    "red": (222, 45, 45), "orange": (247, 140, 30), "yellow": (250, 218, 55), "green": (52, 165, 72),
    "blue": (40, 100, 220), "purple": (140, 65, 185), "pink": (250, 145, 190), "brown": (130, 80, 42),
    "black": (38, 38, 44), "white": (250, 250, 250),
}  # fmt: skip
GLASS, DARK, LIGHT, WOOD, LEAF = (200, 230, 250), (58, 58, 68), (245, 245, 240), (120, 78, 45), (70, 150, 60)

NOTHING = (128, 128, 128)  # where a layer of the picture shows nothing, see `layers`
STAND_IN = "red"  # what things are painted in where only shapes matter
VISIBLE = [0] * 40 + [255] * 216  # alpha that counts as part of a thing

Colour = tuple[int, int, int]


def mix(a: Colour, b: Colour, t: float) -> Colour:
    return tuple(round(x + (y - x) * t) for x, y in zip(a, b))


class Pen:
    """Draws on a square of SCALE times the thing's size, in unit coordinates."""

    def __init__(self, pixels: int, colour: str):
        self.n = pixels * SCALE
        self.image = Image.new("RGBA", (self.n, self.n), (0, 0, 0, 0))
        self.canvas = ImageDraw.Draw(self.image)
        self.main = RGB[colour]
        self.edge = {"black": (112, 112, 124), "white": (140, 142, 158)}.get(colour) or mix(self.main, (0, 0, 0), 0.48)
        self.pale = mix(self.main, (255, 255, 255), 0.55)
        self.deep = mix(self.main, (0, 0, 0) if colour != "black" else (255, 255, 255), 0.28)
        self.width = max(1, round(SCALE * (0.75 + pixels / 60)))

    def _at(self, points):
        return [(x * self.n, y * self.n) for x, y in points]

    def polygon(self, *points, fill=None, line=True):
        self.canvas.polygon(self._at(points), fill=fill or self.main)
        if line:
            closed = self._at([*points, points[0], points[1]])
            self.canvas.line(closed, fill=self.edge, width=self.width, joint="curve")

    def ellipse(self, x0, y0, x1, y1, fill=None, line=True):
        box = (x0 * self.n, y0 * self.n, x1 * self.n, y1 * self.n)
        self.canvas.ellipse(box, fill or self.main, self.edge if line else None, self.width if line else 0)

    def box(self, x0, y0, x1, y1, fill=None, line=True, radius=0.0):
        box = (x0 * self.n, y0 * self.n, x1 * self.n, y1 * self.n)
        outline, width = (self.edge, self.width) if line else (None, 0)
        self.canvas.rounded_rectangle(box, radius * self.n, fill or self.main, outline, width)

    def pie(self, x0, y0, x1, y1, start, end, fill=None, line=True):
        box = (x0 * self.n, y0 * self.n, x1 * self.n, y1 * self.n)
        self.canvas.pieslice(box, start, end, fill or self.main, self.edge if line else None, self.width)

    def arc(self, x0, y0, x1, y1, start, end, fill=None, width=1.0):
        box = (x0 * self.n, y0 * self.n, x1 * self.n, y1 * self.n)
        self.canvas.arc(box, start, end, fill or self.edge, round(self.width * width))

    def line(self, *points, fill=None, width=1.0):
        self.canvas.line(self._at(points), fill or self.edge, round(self.width * width), joint="curve")


# -- things --------------------------------------------------------------------------------------------------


def car(p: Pen):
    p.polygon((0.22, 0.48), (0.33, 0.26), (0.66, 0.26), (0.8, 0.48), fill=p.main)
    p.polygon((0.3, 0.46), (0.37, 0.32), (0.48, 0.32), (0.48, 0.46), fill=GLASS, line=False)
    p.polygon((0.54, 0.46), (0.54, 0.32), (0.63, 0.32), (0.72, 0.46), fill=GLASS, line=False)
    p.box(0.02, 0.46, 0.98, 0.7, radius=0.08)
    for x in (0.16, 0.62):
        p.ellipse(x, 0.58, x + 0.22, 0.8, fill=DARK)
        p.ellipse(x + 0.07, 0.65, x + 0.15, 0.73, fill=LIGHT, line=False)


def bus(p: Pen):
    p.box(0.02, 0.14, 0.98, 0.78, radius=0.08)
    for x in (0.09, 0.32, 0.55, 0.78):
        p.box(x, 0.24, x + 0.15, 0.44, fill=GLASS, line=False)
    p.box(0.04, 0.54, 0.96, 0.6, fill=p.pale, line=False)
    for x in (0.16, 0.62):
        p.ellipse(x, 0.66, x + 0.22, 0.88, fill=DARK)


def boat(p: Pen):
    p.line((0.5, 0.04), (0.5, 0.7), fill=WOOD, width=1.5)
    p.polygon((0.54, 0.08), (0.9, 0.58), (0.54, 0.58), fill=p.pale)
    p.polygon((0.46, 0.2), (0.46, 0.58), (0.16, 0.58), fill=LIGHT)
    p.polygon((0.03, 0.66), (0.97, 0.66), (0.8, 0.96), (0.2, 0.96))


def rocket(p: Pen):
    p.polygon((0.36, 0.82), (0.5, 1.0), (0.64, 0.82), fill=(255, 190, 40), line=False)
    p.polygon((0.34, 0.56), (0.14, 0.88), (0.36, 0.82), fill=p.deep)
    p.polygon((0.66, 0.56), (0.86, 0.88), (0.64, 0.82), fill=p.deep)
    curve = [(0.5 + s * 0.17 * math.sin(math.pi * (0.08 + 0.55 * t)), 0.02 + 0.82 * t)
             for s, ts in ((1, range(13)), (-1, range(12, -1, -1))) for t in (i / 12 for i in ts)]  # fmt: skip
    p.polygon(*curve)
    p.ellipse(0.41, 0.32, 0.59, 0.5, fill=GLASS)


def house(p: Pen):
    p.box(0.14, 0.42, 0.86, 0.98)
    p.polygon((0.02, 0.46), (0.5, 0.04), (0.98, 0.46), fill=p.deep)
    p.box(0.42, 0.64, 0.6, 0.98, fill=WOOD)
    p.box(0.21, 0.54, 0.36, 0.7, fill=GLASS)
    p.box(0.67, 0.54, 0.8, 0.7, fill=GLASS)


def tree(p: Pen):
    p.box(0.43, 0.6, 0.57, 0.99, fill=WOOD, line=False)
    p.polygon((0.5, 0.02), (0.78, 0.34), (0.22, 0.34))
    p.polygon((0.5, 0.18), (0.84, 0.55), (0.16, 0.55))
    p.polygon((0.5, 0.36), (0.9, 0.78), (0.1, 0.78))


def flower(p: Pen):
    p.line((0.5, 0.5), (0.5, 0.99), fill=LEAF, width=2.2)
    p.ellipse(0.52, 0.72, 0.78, 0.86, fill=LEAF, line=False)
    p.ellipse(0.22, 0.78, 0.48, 0.92, fill=LEAF, line=False)
    for i in range(5):
        a = math.tau * i / 5 - math.pi / 2
        x, y = 0.5 + 0.2 * math.cos(a), 0.33 + 0.2 * math.sin(a)
        p.ellipse(x - 0.15, y - 0.15, x + 0.15, y + 0.15)
    p.ellipse(0.38, 0.21, 0.62, 0.45, fill=(255, 235, 120))


def mushroom(p: Pen):
    p.box(0.36, 0.45, 0.64, 0.96, fill=(240, 228, 205), radius=0.1)
    p.pie(0.03, 0.06, 0.97, 1.06, 180, 360)
    for x, y, r in ((0.3, 0.38, 0.08), (0.54, 0.22, 0.09), (0.74, 0.42, 0.07)):
        p.ellipse(x - r, y - r, x + r, y + r, fill=p.pale, line=False)


def apple(p: Pen):
    p.ellipse(0.08, 0.24, 0.62, 0.96)
    p.ellipse(0.38, 0.24, 0.92, 0.96)
    p.ellipse(0.3, 0.3, 0.7, 0.92, line=False)
    p.line((0.5, 0.32), (0.54, 0.06), fill=WOOD, width=2)
    p.polygon((0.55, 0.2), (0.68, 0.06), (0.86, 0.08), (0.74, 0.22), fill=LEAF, line=False)
    p.ellipse(0.2, 0.4, 0.32, 0.56, fill=p.pale, line=False)


def ball(p: Pen):
    p.ellipse(0.03, 0.03, 0.97, 0.97)
    band = LIGHT if p.main[1] < 225 else DARK
    p.arc(-0.42, 0.0, 0.38, 1.0, -43, 43, fill=band, width=2.6)
    p.arc(0.62, 0.0, 1.42, 1.0, 137, 223, fill=band, width=2.6)
    p.arc(0.03, 0.03, 0.97, 0.97, 0, 360)


def balloon(p: Pen):
    p.line((0.5, 0.74), (0.44, 0.86), (0.54, 1.0), fill=DARK)
    p.polygon((0.5, 0.7), (0.42, 0.78), (0.58, 0.78))
    p.ellipse(0.18, 0.02, 0.82, 0.74)
    p.ellipse(0.3, 0.12, 0.44, 0.3, fill=p.pale, line=False)


def star(p: Pen):
    points = []
    for i in range(10):
        r, a = (0.52, 0.22)[i % 2], math.tau * i / 10 - math.pi / 2
        points.append((0.5 + r * math.cos(a), 0.54 + r * math.sin(a)))
    p.polygon(*points)


def heart(p: Pen):
    points = []
    for i in range(48):
        t = math.tau * i / 48
        x = 16 * math.sin(t) ** 3
        y = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
        points.append((0.5 + x * 0.029, 0.46 - y * 0.029))
    p.polygon(*points)


def cat(p: Pen):
    p.arc(0.6, 0.3, 1.0, 0.9, 290, 100, fill=p.deep, width=2.4)  # tail
    p.ellipse(0.2, 0.45, 0.78, 0.98)
    p.polygon((0.14, 0.3), (0.14, 0.02), (0.34, 0.16))
    p.polygon((0.66, 0.3), (0.66, 0.02), (0.46, 0.16))
    p.ellipse(0.1, 0.1, 0.7, 0.6)
    eye = DARK if sum(p.main) > 240 else (240, 225, 90)
    for x in (0.24, 0.46):
        p.ellipse(x, 0.28, x + 0.1, 0.4, fill=eye, line=False)
    p.polygon((0.36, 0.44), (0.45, 0.44), (0.405, 0.5), fill=(245, 150, 160), line=False)


def fish(p: Pen):
    p.polygon((0.66, 0.5), (0.97, 0.26), (0.97, 0.76), fill=p.deep)
    p.polygon((0.34, 0.3), (0.6, 0.14), (0.6, 0.34), fill=p.deep)
    p.ellipse(0.03, 0.26, 0.76, 0.76)
    p.arc(0.1, 0.3, 0.36, 0.72, -60, 60)
    p.ellipse(0.13, 0.38, 0.25, 0.5, fill=LIGHT, line=False)
    p.ellipse(0.16, 0.41, 0.22, 0.47, fill=DARK, line=False)


def bird(p: Pen):
    p.line((0.44, 0.78), (0.4, 0.97), fill=(230, 140, 30), width=1.5)
    p.line((0.58, 0.78), (0.56, 0.97), fill=(230, 140, 30), width=1.5)
    p.polygon((0.7, 0.5), (0.99, 0.34), (0.94, 0.62), fill=p.deep)
    p.polygon((0.16, 0.24), (0.0, 0.33), (0.16, 0.4), fill=(245, 160, 40), line=False)
    p.ellipse(0.2, 0.3, 0.86, 0.84)
    p.ellipse(0.1, 0.08, 0.5, 0.5)
    p.pie(0.4, 0.36, 0.8, 0.76, 0, 180, fill=p.deep)
    p.ellipse(0.2, 0.2, 0.29, 0.29, fill=DARK if sum(p.main) > 240 else LIGHT, line=False)


def butterfly(p: Pen):
    for s in (-1, 1):
        c = 0.5 + s * 0.26
        p.ellipse(c - 0.23, 0.1, c + 0.23, 0.58)
        d = 0.5 + s * 0.2
        p.ellipse(d - 0.17, 0.5, d + 0.17, 0.88, fill=p.deep)
        p.ellipse(c - 0.09, 0.24, c + 0.09, 0.42, fill=p.pale, line=False)
    p.line((0.49, 0.2), (0.36, 0.04), fill=DARK)
    p.line((0.51, 0.2), (0.64, 0.04), fill=DARK)
    p.ellipse(0.45, 0.16, 0.55, 0.86, fill=DARK, line=False)


def cup(p: Pen):
    p.arc(0.62, 0.32, 0.99, 0.74, -100, 110, width=2.4)
    p.polygon((0.06, 0.2), (0.78, 0.2), (0.7, 0.94), (0.14, 0.94))
    p.ellipse(0.06, 0.1, 0.78, 0.3, fill=p.pale)


def umbrella(p: Pen):
    p.line((0.5, 0.5), (0.5, 0.88), fill=WOOD, width=1.8)
    p.arc(0.5, 0.78, 0.68, 0.98, 0, 180, fill=WOOD, width=1.8)
    p.pie(0.02, 0.06, 0.98, 1.02, 180, 360)
    for x in (0.02, 0.34, 0.66):
        p.pie(x, 0.48, x + 0.32, 0.62, 180, 360, fill=p.pale)
    p.line((0.5, 0.06), (0.34, 0.54))
    p.line((0.5, 0.06), (0.66, 0.54))


def hat(p: Pen):
    p.box(0.24, 0.14, 0.76, 0.78, radius=0.06)
    p.box(0.25, 0.56, 0.75, 0.68, fill=LIGHT if sum(p.main) < 560 else DARK, line=False)
    p.ellipse(0.01, 0.68, 0.99, 0.88)


def chair(p: Pen):
    for x in (0.2, 0.72):
        p.box(x, 0.58, x + 0.1, 0.99, fill=p.deep, line=False)
    p.box(0.18, 0.02, 0.34, 0.62)
    p.box(0.18, 0.5, 0.86, 0.66)


def circle(p: Pen):
    p.ellipse(0.03, 0.03, 0.97, 0.97)


def square(p: Pen):
    p.box(0.05, 0.05, 0.95, 0.95)


def triangle(p: Pen):
    p.polygon((0.5, 0.06), (0.96, 0.92), (0.04, 0.92))


THINGS = {f.__name__: f for f in (
    car, bus, boat, rocket, house, tree, flower, mushroom, apple, ball, balloon, star, heart, cat, fish, bird,
    butterfly, cup, umbrella, hat, chair, circle, square, triangle,
)}  # fmt: skip


@lru_cache(maxsize=24 * 10 * 3)
def sprite(thing: Thing) -> Image.Image:
    """The thing as RGBA, cut to what is drawn; its longer side is PIXELS[size] or one less."""
    pixels = PIXELS[thing.size]
    pen = Pen(pixels, thing.colour)
    THINGS[thing.kind](pen)
    image = pen.image.resize((pixels, pixels), Image.Resampling.BOX)
    return image.crop(image.getchannel("A").point(VISIBLE).getbbox())


# -- grounds -------------------------------------------------------------------------------------------------


def _gradient(top: Colour, bottom: Colour, n: int) -> Image.Image:
    t = np.linspace(0, 1, n)[:, None]
    rows = np.asarray(top) * (1 - t) + np.asarray(bottom) * t
    return Image.fromarray(np.repeat(rows.round().astype(np.uint8)[:, None], n, 1))


SKY = {
    "grass": ((150, 205, 245), (215, 238, 250)), "road": ((165, 200, 225), (222, 232, 238)),
    "sea": ((130, 200, 245), (225, 242, 250)), "sand": ((155, 215, 240), (240, 240, 215)),
    "snow": ((190, 205, 222), (226, 233, 240)), "night": ((14, 18, 52), (48, 52, 104)),
    "sunset": ((110, 70, 140), (255, 170, 90)), "room": ((238, 222, 196), (232, 212, 182)),
}  # fmt: skip
SOIL = {
    "grass": (118, 190, 92), "road": (138, 140, 148), "sea": (62, 140, 195), "sand": (236, 210, 150),
    "snow": (240, 244, 250), "night": (40, 58, 66), "sunset": (122, 78, 74), "room": (186, 140, 98),
}  # fmt: skip


@lru_cache(maxsize=len(SKY) * GROUND_VIEWS)
def backdrop(ground: str, view: int) -> Image.Image:
    """A ground and its sky, 64x64 RGB; `view` chooses where cloud, sun, moon or window is.

    All of it keeps to the grid, and what things stand on repeats from cell to cell: see `render`.
    """
    s = 4
    n, y0, cell = SIDE * s, HORIZON * s, GRID * s
    image = _gradient(*SKY[ground], n)
    d = ImageDraw.Draw(image)
    d.rectangle((0, y0, n, n), fill=SOIL[ground])
    light, dark = mix(SOIL[ground], (255, 255, 255), 0.3), mix(SOIL[ground], (0, 0, 0), 0.16)
    left = cell * (1, 3, 5)[view]  # of what the view places: two cells wide

    def cells(top: int, bottom: int):
        """Every other cell of rows `top` to `bottom`, as on a chess board: its upper left corner."""
        return ((cell * x, cell * y) for y in range(top, bottom) for x in range(SIDE // GRID) if (x + y) % 2 == 0)

    def cloud(x, y):
        for dx, dy, r in ((16, 19, 12), (32, 15, 14), (48, 20, 11)):
            d.ellipse((x + dx - r, y + dy - r * 0.8, x + dx + r, y + dy + r * 0.8), fill=(255, 255, 255))

    if ground in ("grass", "sea", "road"):
        cloud(left, 0)
        cloud((left + 3 * cell) % n, cell)
    if ground == "grass":
        for x, y in cells(4, 8):
            d.line((x + 10, y + 10, x + 15, y + 20, x + 20, y + 10), fill=dark, width=3)
    elif ground == "road":
        d.rectangle((0, y0, n, y0 + 6), fill=(200, 200, 196))
        for x in range(0, n, 2 * cell):
            d.rectangle((x, y0 + 2 * cell + 12, x + cell - 1, y0 + 2 * cell + 19), fill=(240, 238, 225))
    elif ground == "sea":
        for x, y in cells(4, 8):
            d.arc((x + 2, y + 11, x + 30, y + 23), 200, 340, fill=light, width=4)
    elif ground == "sand":
        d.ellipse((left + 5, 5, left + 59, 59), fill=(255, 225, 90))
        for x, y in cells(4, 8):
            d.ellipse((x + 6, y + 8, x + 11, y + 13), fill=dark)
            d.ellipse((x + 20, y + 20, x + 25, y + 25), fill=dark)
    elif ground == "snow":
        d.pieslice((-cell, y0 - 24, 5 * cell, y0 + 24), 180, 360, fill=SOIL["snow"])
        d.pieslice((4 * cell, y0 - 16, 9 * cell, y0 + 16), 180, 360, fill=SOIL["snow"])
        for x, y in cells(0, 3):
            d.ellipse((x + 12, y + 12, x + 18, y + 18), fill=(255, 255, 255))
        for x, y in cells(4, 8):
            d.ellipse((x + 12, y + 14, x + 20, y + 18), fill=mix(SOIL["snow"], (120, 150, 200), 0.25))
        d.ellipse((left + 10, 10, left + 54, 54), fill=(246, 243, 222))
    elif ground == "night":
        for x, y in cells(0, 4):
            d.ellipse((x + 13, y + 13, x + 17, y + 17), fill=(230, 230, 210))
        d.ellipse((left + 8, 8, left + 52, 52), fill=(245, 240, 200))
        d.ellipse((left + 22, 2, left + 60, 40), fill=mix(*SKY["night"], 0.12))
        for x, y in cells(4, 8):
            d.line((x + 10, y + 10, x + 15, y + 20, x + 20, y + 10), fill=dark, width=3)
    elif ground == "sunset":
        d.pieslice((left, y0 - cell, left + 2 * cell - 1, y0 + cell), 180, 360, fill=(255, 226, 120))
        d.rectangle((left + 8, y0 + 8, left + 55, y0 + 12), fill=mix(SOIL["sunset"], (255, 220, 120), 0.5))
        d.rectangle((left + 18, y0 + 19, left + 45, y0 + 23), fill=mix(SOIL["sunset"], (255, 220, 120), 0.35))
    elif ground == "room":
        d.rectangle((0, y0 - 6, n, y0 - 1), fill=(250, 245, 235))
        for y in range(y0 + 2 * cell, n, 2 * cell):
            d.line((0, y + 2, n, y + 2), fill=dark, width=3)
        d.rectangle((left + 4, 4, left + 59, 59), fill=(180, 220, 245), outline=(250, 246, 238), width=6)
        d.line((left + 32, 4, left + 32, 59), fill=(250, 246, 238), width=5)
    return image.resize((SIDE, SIDE), Image.Resampling.BOX)


# -- the whole picture ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Setting:
    """What a scene leaves open: which view of its ground, and where its things stand.

    spots: in the order of painting, each thing, its middle and its lower edge in pixels.
    """

    view: int
    spots: tuple[tuple[Thing, int, int], ...]


def settle(scene: Scene, rng: np.random.Generator) -> Setting:
    """Draw what the scene leaves open."""
    view = int(rng.integers(GROUND_VIEWS))
    things = {id(sprite(thing)): thing for thing in scene.things}
    return Setting(view, tuple((things[id(image)], x, bottom) for image, (x, bottom) in places(scene, rng)))


def render(scene: Scene, rng: np.random.Generator) -> Image.Image:
    """The scene at 64x64, RGB. What the scene leaves open (places, view) is drawn from `rng`."""
    return rasterise(scene, settle(scene, rng))


def rasterise(scene: Scene, setting: Setting) -> Image.Image:
    """The scene as it is settled, at 64x64, RGB.

    Things stand on a grid of 8 pixels where they can: places vary, but the same thing falls into the 8x8 tokens of an image
    tokenizer in the same way, instead of in 64 ways, each to be learned by itself.
    """
    picture = backdrop(scene.ground, setting.view).copy()
    for thing, x, bottom in setting.spots:
        image = sprite(thing)
        picture.paste(image, (x - image.width // 2, bottom - image.height), image)
    return picture


def layers(scene: Scene, setting: Setting) -> np.ndarray:
    """The picture that `rasterise` makes, and what it is made of, each alone: uint8 [5, 64, 64, 3].

    The picture; the shapes of its things (in one colour, on nothing; in each cell of the grid that of the thing in front);
    their colours (whatever the shape: each cell is a chip of the colour of the thing in it; where two meet, the upper half of
    the one in front); its ground; the shapes that are behind another, whole, in the cells where they can be seen.
    """
    n = SIDE // GRID
    front, chips, behind = stack = np.full((3, n, n, GRID, GRID, 3), NOTHING, np.uint8)  # [.., row, column, y, x, RGB]
    free = np.ones((n, n), dtype=bool)  # cells that show no thing yet
    for thing, x, bottom in setting.spots:
        image = sprite(thing)
        top, left = bottom - image.height, x - image.width // 2
        shape, here, hides = _cells(thing.kind, thing.size, top % GRID, left % GRID)
        rows, columns = (slice(at // GRID, at // GRID + size) for at, size in zip((top, left), here.shape))
        under, over, chip, new = behind[rows, columns], front[rows, columns], chips[rows, columns], free[rows, columns]
        under[here] = over[here]
        under[hides] = NOTHING
        over[here] = shape[here]
        chip[here, : GRID // 2] = RGB[thing.colour]
        chip[hides | here & new, GRID // 2 :] = RGB[thing.colour]
        new[here] = False
    whole = stack.transpose(0, 1, 3, 2, 4, 5).reshape(3, SIDE, SIDE, 3)
    return np.stack([np.asarray(rasterise(scene, setting)), *whole[:2], _ground(scene.ground, setting.view), whole[2]])


@lru_cache(maxsize=24 * 3 * 8)
def _cells(kind: str, size: str, y: int, x: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A thing's shape cut along the grid, if its corner is y, x pixels from one of the grid's: pixels [rows, columns, GRID,
    GRID, 3], and of each cell whether the thing is in it, and whether it fills it [rows, columns]."""
    image = sprite(Thing(kind, STAND_IN, size))
    rows, columns = (-(-length // GRID) for length in (y + image.height, x + image.width))
    alone, mask = (
        Image.new("RGB", (columns * GRID, rows * GRID), NOTHING),
        Image.new("L", (columns * GRID, rows * GRID)),
    )
    alone.paste(image, (x, y), image)
    mask.paste(image.getchannel("A").point(VISIBLE), (x, y))
    covered = np.asarray(mask).reshape(rows, GRID, columns, GRID) > 0
    pixels = np.asarray(alone).reshape(rows, GRID, columns, GRID, 3).swapaxes(1, 2)
    return pixels, covered.any((1, 3)), covered.all((1, 3))


@lru_cache(maxsize=len(SKY) * GROUND_VIEWS)
def _ground(ground: str, view: int) -> np.ndarray:
    return np.asarray(backdrop(ground, view))


def places(scene: Scene, rng: np.random.Generator) -> list[tuple[Image.Image, tuple[int, int]]]:
    """Each thing's picture, in the order of painting, and where it stands: (its middle, its lower edge) in pixels."""
    sprites = [sprite(thing) for thing in scene.things]
    return _equal(sprites[0], scene.count, rng) if scene.relation is None else _pair(sprites, scene.relation, rng)


def _one(rng: np.random.Generator, *values: int) -> int:
    return values[int(rng.integers(len(values)))]


def _on_grid(x: int, image: Image.Image) -> int:
    """The centre nearest to x that puts a thing into as few columns of the grid as it needs."""
    odd = -(-image.width // GRID) % 2 * GRID // 2
    left = (x - odd) // GRID * GRID + odd
    return min(left, left + GRID, key=lambda centre: (abs(centre - x), abs(centre - SIDE // 2)))


def _equal(image: Image.Image, count: int, rng: np.random.Generator) -> list:
    """1 to 4 of the same thing: anywhere, side by side, in a row or a triangle, two by two."""
    small = max(image.size) <= PIXELS["small"]
    if count == 1:
        spots = [(_one(rng, 16, 24, 32, 40, 48), _one(rng, 48, 56))]
    elif count == 2:
        bottom = _one(rng, 48, 56)
        spots = [(x, bottom) for x in (16, 48)]
    elif count == 3 and small and rng.random() < 0.5:
        bottom = _one(rng, 48, 56)
        spots = [(x, bottom) for x in (8, 32, 56)]
    else:
        low = 64 if image.height > 24 else 56  # two rows of large things need it all
        above = (32,) if count == 3 else (16, 48)
        spots = [*((x, 32) for x in above), *((x, low) for x in (16, 48))]
    return [(image, (_on_grid(x, image), bottom)) for x, bottom in spots]


def _pair(sprites: list[Image.Image], relation: str, rng: np.random.Generator) -> list:
    """Two things, the first `relation` the second; what is in front is painted last.

    All stand on the grid. What stands on another may so hide a little of it, or, where that were much, float by a hair.
    """
    if relation in ("right_of", "below"):
        return _pair(sprites[::-1], {"right_of": "left_of", "below": "above"}[relation], rng)
    a, b = sprites
    if relation == "left_of":
        bottom = _one(rng, 48, 56)
        return [(a, (_on_grid(16, a), bottom)), (b, (_on_grid(48, b), bottom))]
    if relation == "in_front_of":
        xb, side = _one(rng, (24, 1), (40, -1))
        xb = xa = _on_grid(xb, b)
        while abs(xa - xb) + b.width / 2 - a.width / 2 < 0.45 * b.width:  # that much of b stays in sight
            xa = _on_grid(xa + side * GRID, a)
        return [(b, (xb, 48)), (a, (xa, 56))]
    x = _one(rng, 24, 32, 40)
    if relation == "on":
        rows, hidden = divmod(b.height, GRID)
        rows += hidden == GRID - 1 or hidden > 0.4 * b.height
        return [(b, (_on_grid(x, b), 56)), (a, (_on_grid(x, a), 56 - rows * GRID))]
    bottom = 56 if a.height + b.height <= 52 else 64
    lowest, highest = -(-a.height // GRID), (bottom - b.height - 3) // GRID
    y = GRID * int(rng.integers(lowest, max(lowest, highest) + 1))
    return [(a, (_on_grid(x, a), y)), (b, (_on_grid(x, b), bottom))]
