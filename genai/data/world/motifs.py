"""What the grounds share: skies, clouds, and what stands far away on them, all paler the further away."""

from __future__ import annotations

import math

from genai.data.world.light import mix
from genai.data.world.pen import SIDE, Pen


def sky(p: Pen, horizon: float, sun: float, clouds: int = 3) -> None:
    """From the top to the horizon, with a sun or a moon at column `sun`, stars at night, and clouds."""
    light = p.light
    p.rect(0, horizon, SIDE, SIDE, light.sky[-1])
    p.rect(0, 0, SIDE, horizon + 8, p.shade(*((at, c, 1) for at, c in zip((0, 0.55, 1), light.sky))))
    height = p.any(0.2, 0.4) * horizon
    stars = [(p.any(0, SIDE), p.any(0, horizon), p.any(0.35, 0.95), p.any(0.35, 1)) for _ in range(46)]
    if light.time == "night":
        for x, y, size, shine in stars if light.clear else []:
            p.circle(x, y, size * 0.8, "#f3f1dc", round(shine, 2))
        moon(p, sun, height, 8)
    elif light.time == "sunset":
        glow(p, sun, horizon - 2, 62, "#ffd98a" if light.clear else "#f0b78e", 0.85 if light.clear else 0.35)
        if light.weather in ("clear", "fog"):
            p.circle(sun, horizon - 5, 12, "#fff0b5" if light.clear else "#ffdfb5", 1 if light.clear else 0.7)
    elif light.clear:
        glow(p, sun, height, 40, "#fff6c9", 0.85)
        p.circle(sun, height, 8.5, "#fff3a6")
        p.circle(sun, height, 7, "#ffe569")
    elif light.weather == "fog":
        glow(p, sun, height, 26, "#ffffff", 0.8)
    for i in range(clouds):
        x, y, size = (i + p.any(0.1, 0.9)) * SIDE / clouds, p.any(0.12, 0.62) * horizon, p.any(0.7, 1.25)
        cloud(p, x + 34 * (1 if x > sun else -1) if abs(x - sun) < 26 else x, y, size)  # not before the sun
    if light.weather in ("rain", "snowfall"):
        with p.apart():
            for i in range(9):
                cloud(p, i * 17 + p.any(-8, 4), p.any(-3, 0.3 * horizon), p.any(1.3, 2))


def glow(p: Pen, x: float, y: float, radius: float, colour: str, strength: float) -> None:
    shade = p.shade((0, colour, strength), (0.35, colour, 0.4 * strength), (1, colour, 0), centre=(x, y, radius))
    p.circle(x, y, radius, shade)


def moon(p: Pen, x: float, y: float, radius: float) -> None:
    seen = 1.0 if p.light.clear else 0.45
    glow(p, x, y, radius * 4, "#cfdcff", 0.5 * seen)
    p.circle(x, y, radius, mix("#f7f2d8", p.light.sky[1], 1 - seen))
    for dx, dy, r in ((-0.3, -0.2, 0.22), (0.25, 0.3, 0.28), (0.35, -0.35, 0.15)):
        p.circle(x + dx * radius, y + dy * radius, r * radius, mix("#ddd6b4", p.light.sky[1], 1 - seen), 0.8)


def cloud(p: Pen, x: float, y: float, size: float, shade: float = 0) -> None:
    """A heap of puffs on a level base, lit from above; `shade`: how much of its light is lost."""
    bright, shaded = p.light.clouds
    bright = mix(bright, shaded, shade)
    puffs = [(-11, 0, 5), (-5, -3.5, 6.5), (3, -5, 7.5), (10, -1.5, 5.5), (15, 0.5, 3.5)]
    flip = 1 if p.rng.random() < 0.5 else -1
    for colour, drop in ((shaded, 1.6), (bright, 0)):
        d = ""
        for dx, dy, r in puffs:
            cx, cy, r = x + flip * dx * size, y + (dy + drop) * size, r * size * (1 if drop else 0.94)
            d += f"M{cx - r:.1f} {cy:.1f}a{r:.1f} {r:.1f} 0 1 0 {2 * r:.1f} 0a{r:.1f} {r:.1f} 0 1 0 {-2 * r:.1f} 0z"
        p.path(d, colour, 0.95)


def tree(p: Pen, x: float, y: float, height: float, depth: float, leaves: str = "#4f9a48") -> None:
    """A leafy tree, its foot at x, y."""
    light, h = p.light, height
    p.rect(x - 0.05 * h, y - 0.4 * h, 0.1 * h, 0.4 * h, light("#7a5636", depth))
    for dx, dy, r, shade in (
        (-0.2, 0.5, 0.24, 0.25),
        (0.2, 0.5, 0.24, 0.3),
        (0, 0.68, 0.3, 0.0),
        (-0.08, 0.74, 0.18, -0.18),
    ):
        colour = mix(leaves, "#12361f", shade) if shade > 0 else mix(leaves, "#d8ee8a", -shade)
        p.circle(x + dx * h, y - dy * h, r * h, light(colour, depth))
    if light.snows:
        p.ellipse(x - 0.03 * h, y - 0.88 * h, 0.22 * h, 0.09 * h, light("#ffffff", depth))


def fir(p: Pen, x: float, y: float, height: float, depth: float, snowy: bool = False) -> None:
    light, h = p.light, height
    p.rect(x - 0.04 * h, y - 0.15 * h, 0.08 * h, 0.15 * h, light("#6a4a30", depth))
    for low, wide, high in ((0.1, 0.3, 0.5), (0.34, 0.24, 0.74), (0.58, 0.17, 1.0)):
        p.polygon(
            [(x - wide * h, y - low * h), (x, y - high * h), (x + wide * h, y - low * h)], light("#2f6b4a", depth)
        )
        p.polygon(
            [(x, y - high * h), (x + wide * h, y - low * h), (x + 0.05 * h, y - low * h)], light("#1f5038", depth)
        )
        if snowy or light.snows:
            tip = high - 0.4 * (high - low)
            p.polygon(
                [(x - 0.4 * wide * h, y - tip * h), (x, y - high * h), (x + 0.4 * wide * h, y - tip * h)],
                light("#f4f8ff", depth),
            )


def palm(p: Pen, x: float, y: float, height: float, lean: float, depth: float) -> None:
    light, h = p.light, height
    tx, ty = x + lean * h, y - h
    p.stroke(
        f"M{x} {y}Q{x + 0.1 * lean * h:.1f} {y - 0.6 * h:.1f} {tx:.1f} {ty:.1f}",
        light("#96704a", depth),
        round(0.09 * h, 1),
    )
    for i, angle in enumerate((200, 165, 235, 340, 15, 305)):
        a = math.radians(angle)
        ex, ey = tx + 0.5 * h * math.cos(a), ty + 0.42 * h * math.sin(a) + 0.16 * h
        mx, my = tx + 0.28 * h * math.cos(a), ty + 0.4 * h * math.sin(a) - 0.08 * h
        d = f"M{tx:.1f} {ty:.1f}Q{mx:.1f} {my:.1f} {ex:.1f} {ey:.1f}Q{mx:.1f} {my + 0.16 * h:.1f} {tx:.1f} {ty:.1f}z"
        p.path(d, light("#3f9350" if i % 2 else "#2f7a45", depth))


def bush(p: Pen, x: float, y: float, size: float, depth: float, colour: str = "#4c9447") -> None:
    light = p.light
    for dx, r, shade in ((-0.7, 0.6, 0.25), (0.7, 0.6, 0.25), (0, 0.85, 0)):
        p.circle(x + dx * size, y - 0.35 * size, r * size, light(mix(colour, "#12361f", shade), depth))
    p.circle(x - 0.2 * size, y - 0.6 * size, 0.4 * size, light(mix(colour, "#d8ee8a", 0.2), depth))
    if light.snows:
        p.ellipse(x, y - 1.0 * size, 0.6 * size, 0.22 * size, light("#ffffff", depth))


def tufts(p: Pen, count: int, top: float, colour: str, depth: float = 0) -> None:
    """Blades of grass, here and there, larger to the front."""
    for _ in range(count):
        x, t = p.any(2, SIDE - 2), p.any(0, 1)
        y, h = top + (SIDE - 2 - top) * t, 1.8 + 2.4 * t
        p.stroke(f"M{x - h * 0.6:.1f} {y - h:.1f}L{x:.1f} {y:.1f}L{x + h * 0.1:.1f} {y - 1.2 * h:.1f}M{x:.1f} {y:.1f}"
                 f"L{x + h * 0.7:.1f} {y - 0.8 * h:.1f}", p.light(colour, depth), 0.7, 0.8)  # fmt: skip


def blossoms(p: Pen, count: int, top: float, colours: tuple[str, ...]) -> None:
    for i in range(count):
        x, t = p.any(1, SIDE - 1), p.any(0, 1)
        y, r = top + (SIDE - 1 - top) * t, 0.6 + 0.5 * t
        p.circle(x, y, r, p.light(colours[i % len(colours)]), 0.9)


def rock(p: Pen, x: float, y: float, size: float, depth: float, colour: str = "#8d8a86") -> None:
    light, s = p.light, size
    p.path(f"M{x - s:.1f} {y:.1f}Q{x - 0.95 * s:.1f} {y - 0.9 * s:.1f} {x - 0.2 * s:.1f} {y - s:.1f}Q{x + 0.8 * s:.1f} "
           f"{y - 0.9 * s:.1f} {x + s:.1f} {y:.1f}z", light(mix(colour, "#2b2b35", 0.25), depth))  # fmt: skip
    p.path(f"M{x - 0.85 * s:.1f} {y - 0.15 * s:.1f}Q{x - 0.8 * s:.1f} {y - 0.85 * s:.1f} {x - 0.2 * s:.1f} {y - 0.92 * s:.1f}"
           f"Q{x + 0.35 * s:.1f} {y - 0.8 * s:.1f} {x + 0.1 * s:.1f} {y - 0.3 * s:.1f}z", light(colour, depth))  # fmt: skip
    if light.snows:
        p.ellipse(x - 0.1 * s, y - 0.92 * s, 0.5 * s, 0.16 * s, light("#ffffff", depth))


def peak(
    p: Pen, x: float, foot: float, wide: float, high: float, depth: float, colour: str = "#7c7f98", cap: float = 0.4
) -> None:
    """A mountain with a lit and a shaded side, and snow down to `cap` of its height."""
    light, top, kink = p.light, foot - high, p.any(-0.12, 0.12)
    slope = [(0, 1), (0.5, 0.55), (1, 0)]
    p.figure(x, foot, wide, high, [(-1, 0), (-0.45, 0.5), *slope], light(colour, depth))
    p.figure(x, foot, wide, high, [(0.1, 0), (kink, 0.6), *slope], light(mix(colour, "#2a2c50", 0.3), depth))
    if cap:
        y = top + cap * high
        left, right = x - 0.9 * cap * wide, x + 0.9 * cap * wide
        zigzag = [
            (left + (right - left) * i / 6, y + (-0.12 if i % 2 else 0.05) * high * (i not in (0, 6))) for i in range(7)
        ]
        p.polygon([(x, top), *reversed(zigzag)], light("#f7faff", depth))
        p.polygon([(x, top), (right, y), *[q for q in reversed(zigzag) if q[0] > x]], light("#c5d0e8", depth), 0.9)


def cottage(
    p: Pen, x: float, y: float, size: float, depth: float, wall: str = "#efe2c8", roof: str = "#a8634a"
) -> None:
    """Far away, its foot at x, y; its window lit at night."""
    light, s = p.light, size
    p.rect(x - s, y - 0.8 * s, 2 * s, 0.8 * s, light(wall, depth))
    p.figure(
        x,
        y,
        s,
        s,
        [(-1.25, 0.75), (-0.6, 1.5), (0.6, 1.5), (1.25, 0.75)],
        light("#f6f9ff" if light.snows else roof, depth),
    )
    for dx in (-0.55, 0.25):
        p.rect(x + dx * s, y - 0.58 * s, 0.32 * s, 0.32 * s, "#ffd978" if light.dark else light("#6b7a8c", depth))


def fence(p: Pen, y: float, colour: str = "#c9ab82") -> None:
    for x in range(-4, SIDE, 11):
        p.rect(x, y - 8, 1.8, 9, p.light(colour, 0.1))
    for dy in (-6.2, -3):
        p.rect(0, y + dy, SIDE, 1.2, p.light(colour, 0.1))
    if p.light.snows:
        p.rect(0, y - 6.8, SIDE, 0.9, p.light("#ffffff"))


def haze(p: Pen, horizon: float) -> None:
    """What fog leaves of the distance: a bank at the horizon."""
    if p.light.weather == "fog":
        air = p.light.sky[-1]
        p.rect(0, horizon - 44, SIDE, 44, p.shade((0, air, 0), (1, air, 0.8)))
        p.rect(0, horizon, SIDE, 46, p.shade((0, air, 0.8), (1, air, 0)))


def puddles(p: Pen, top: float, count: int = 4) -> None:
    """What rain leaves on the ground: patches that mirror the sky."""
    with p.apart():
        for _ in range(count if p.light.weather == "rain" else 0):
            t = p.any(0.15, 1)
            x, y, w = p.any(8, SIDE - 8), top + (SIDE - 4 - top) * t, (5 + 8 * t) * p.any(0.7, 1.2)
            p.ellipse(x, y, w, 0.17 * w, p.light.sky[1], 0.55)
            p.ellipse(x - 0.1 * w, y - 0.02 * w, 0.6 * w, 0.07 * w, p.light.sky[2], 0.5)


def dusting(p: Pen, top: float, count: int = 26) -> None:
    """What snowfall leaves on the ground: thin white patches."""
    with p.apart():
        for _ in range(count if p.light.snows else 0):
            t = p.any(0, 1)
            p.ellipse(p.any(0, SIDE), top + (SIDE - top) * t, 4 + 9 * t, 0.7 + 1.3 * t, p.light("#ffffff"), 0.55)
