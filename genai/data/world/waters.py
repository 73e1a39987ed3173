"""The sea, from above and from below."""

from __future__ import annotations

import math

from genai.data.world.colours import rgb
from genai.data.world.light import mix, named
from genai.data.world.motifs import cottage, haze, palm, peak, rock, sky
from genai.data.world.pen import SIDE, Pen


def sea(p: Pen, view: int) -> None:
    horizon, light = 62, p.light
    sun = (30, 98, 64, 24, 106, 76)[view]
    sky(p, horizon, sun)
    if view == 3:
        for x, h in ((84, 20), (112, 28)):
            peak(p, x, horizon + 2, 32, h, 0.75, cap=0.3)
    haze(p, horizon)
    p.rect(
        0,
        horizon,
        SIDE,
        SIDE,
        p.shade((0, light("#5cabdc", 0.45), 1), (0.3, light("#3c8fcd", 0.1), 1), (1, light("#1e5f9f"), 1)),
    )
    if view == 1:  # an island
        p.ellipse(28, horizon + 4, 24, 4.5, light("#ecd29c", 0.25))
        p.ellipse(28, horizon + 1, 15, 5, light("#6fae5d", 0.3))
        palm(p, 24, horizon + 1, 24, 0.3, 0.3)
        palm(p, 32, horizon + 1, 17, -0.35, 0.3)
    elif view == 2:  # a lighthouse
        rock(p, 104, horizon + 5, 15, 0.25)
        _lighthouse(p, 104, horizon - 8, 30)
    elif view == 4:  # cliffs
        cliff = [(-2, 28), (14, 26), (26, 11), (34, 6), (42, -6), (-2, -8)]
        p.figure(0, horizon, 1, 1, cliff, light("#b9ab97", 0.3))
        p.figure(
            0, horizon, 1, 1, [*cliff[:3], (14, 19), (-2, 21)], light("#ffffff" if light.snows else "#79b35f", 0.25)
        )
        for x in (6, 14):
            p.stroke(f"M{x} {horizon - 18}l3 22", light("#948672", 0.3), 1)
    elif view == 5:  # a far coast with a village
        p.path(f"M-2 {horizon + 2}Q20 {horizon - 12} 46 {horizon - 7}T92 {horizon + 2}z", light("#7fb06a", 0.55))
        for x, s in ((20, 4), (32, 5), (45, 4)):
            cottage(p, x, horizon - 3, s, 0.4)
    if light.time != "day" or view == 0:  # the light's path on the water
        colour = {"day": "#fff3c0", "sunset": "#ffdf9a", "night": "#d9e3ff"}[light.time]
        for i in range(9 if light.clear else 0):
            w = 5 + 2.2 * i + p.any(-2, 2)
            p.rect(sun - w / 2 + p.any(-2, 2), horizon + 2 + 6.6 * i, w, 1 + 0.1 * i, colour, 0.5, 0.6)
    crest = light("#cfeafa", 0.1)
    for row in range(9):
        t = row / 8
        y = horizon + 5 + 58 * t**1.3
        for _ in range(4):
            x, w = p.any(-8, SIDE), (5 + 9 * t) * p.any(0.7, 1.3)
            p.stroke(
                f"M{x:.1f} {y:.1f}q{w / 4:.1f} {-0.22 * w:.1f} {w / 2:.1f} 0t{w / 2:.1f} 0",
                crest,
                round(0.6 + 0.5 * t, 2),
                0.55,
            )


def _lighthouse(p: Pen, x: float, y: float, height: float) -> None:
    light, h = p.light, height
    for i, colour in enumerate(("#f6f3ea", "#c9504a", "#f6f3ea", "#c9504a", "#f6f3ea")):
        low, high = i / 5, (i + 1) / 5
        a, b = (0.17 - 0.06 * low) * h, (0.17 - 0.06 * high) * h
        p.figure(x, y, 1, 0.75 * h, [(-a, low), (-b, high), (b, high), (a, low)], light(colour, 0.2))
    if light.dark or light.weather == "fog":
        p.polygon(
            [(x, y - 0.84 * h), (-10, y - 1.3 * h), (-10, y - 0.6 * h)],
            p.shade((0, "#fff2b8", 0.32), (1, "#fff2b8", 0.22)),
        )
    p.rect(x - 0.08 * h, y - 0.92 * h, 0.16 * h, 0.17 * h, "#fff0a8" if light.dark else light("#5b6675", 0.2))
    p.polygon([(x - 0.13 * h, y - 0.9 * h), (x, y - 1.08 * h), (x + 0.13 * h, y - 0.9 * h)], light("#8f3a38", 0.2))


def underwater(p: Pen, view: int) -> None:
    """By day and by night alone; what lives here keeps to the sides and the sand."""
    night = p.light.dark

    def deep(colour: str, depth: float = 0.0) -> str:
        """Colours as they are under water: bluer with distance, dim at night."""
        water = "#123a6b" if night else "#2f8fc0"
        seen = mix(colour, water, 0.08 + 0.7 * depth)
        return named(rgb(seen) * (0.5, 0.58, 0.72)) if night else seen

    tint = ("#0f9bc4", "#1278d6", "#16ab9c", "#4a7fe0", "#0b9fd0", "#2f6fc4")[view]
    top, bottom = (
        (mix(tint, "#061233", 0.55), "#071433") if night else (mix(tint, "#c9f6ff", 0.45), mix(tint, "#0c3d78", 0.6))
    )
    p.rect(0, 0, SIDE, SIDE, p.shade((0, top, 1), (1, bottom, 1)))
    for i in range(5):  # rays from above
        x, w = 10 + 26 * i + p.any(-8, 8), p.any(6, 15)
        colour = "#a9c4ff" if night else "#f2ffff"
        p.polygon(
            [(x, -2), (x + w, -2), (x - 26 + 2 * w, 112), (x - 44, 112)],
            p.shade((0, colour, 0.13 if night else 0.34), (1, colour, 0)),
        )
    far = p.ridge(98, 6, deep("#7fb6c9", 0.75), 1.1)
    if view in (1, 4):
        for x, s in ((20, 22), (42, 13), (110, 18)):
            y = far[x] + 4
            d = f"M{x - s} {y:.0f}Q{x - 0.8 * s:.0f} {y - 1.1 * s:.0f} {x} {y - s:.0f}T{x + s} {y:.0f}z"
            p.path(d, deep("#5d7f95", 0.55))
    elif view == 2:  # columns of a sunken place
        for x, h in ((14, 42), (30, 30), (100, 38), (118, 22)):
            p.rect(x - 3.5, far[x] - h, 7, h + 4, deep("#b9c2bb", 0.55))
            p.rect(x - 5, far[x] - h - 2.5, 10, 3, deep("#cdd5cc", 0.5))
            for dx in (-1.6, 1):
                p.rect(x + dx, far[x] - h + 2, 0.8, h, deep("#7d8c90", 0.55), 0.7)
    elif view == 5:  # the wreck of a ship
        p.path("M70 98Q76 72 84 70L126 78V104H74z", deep("#6d5646", 0.6))
        for x in (86, 98, 110):
            p.circle(x, 84, 2.4, deep("#22323f", 0.4))
        p.stroke("M100 74L94 44", deep("#6d5646", 0.6), 2.2)
    floor = p.ridge(106, 3, p.shade((0, deep("#f7dfa2", 0.12), 1), (1, deep("#e0b86f"), 1)), 0.9)
    for _ in range(10):
        x, y, w = p.any(0, 110), p.any(112, 126), p.any(7, 18)
        p.stroke(f"M{x:.1f} {y:.1f}q{w / 4:.1f} -1.4 {w / 2:.1f} 0t{w / 2:.1f} 0", deep("#a8854e"), 0.8, 0.5)
    weeds = (
        ((6, 40), (14, 26), (122, 46)), ((4, 30), (124, 34)), ((8, 22), (122, 30)),
        ((6, 54), (13, 38), (20, 26), (120, 24)), ((118, 52), (124, 34), (110, 26)), ((5, 36), (12, 24)),
    )  # fmt: skip
    for x, h in weeds[view]:
        _weed(p, x, floor[x] + 4, h, deep(("#3fae6b", "#2f8f77", "#7fae3f")[x % 3]))
    if view in (0, 1, 3):
        for x, s, colour in ((108, 12, "#f2777f"), (24, 8, "#f6a560"), (118, 8, "#c98be0"))[: 2 + view % 2]:
            _coral(p, x, floor[x] + 5, s, deep(colour))
    for x in (30, 66, 96):
        x = x + p.any(-10, 10)
        p.ellipse(x, 123 + p.any(-3, 2), 2.6, 1.4, deep("#fff0e0"), 0.8)
    for _ in range(12):
        x, y, r = p.any(4, 124), p.any(8, 96), p.any(0.7, 2.1)
        p.circle(x, y, r, "#e9fbff", 0.22 if night else 0.38)
        p.circle(x - 0.3 * r, y - 0.3 * r, 0.35 * r, "#ffffff", 0.5 if night else 0.8)


def _weed(p: Pen, x: float, y: float, height: float, colour: str) -> None:
    for dx, share in ((-3, 0.75), (0, 1), (3, 0.6)):
        h, s = height * share, 3.2 * (1 if dx else -1)
        p.stroke(
            f"M{x + dx:.1f} {y:.1f}q{s:.1f} {-h / 6:.1f} 0 {-h / 3:.1f}t0 {-h / 3:.1f}t0 {-h / 3:.1f}",
            mix(colour, "#0a2a3a", 0.12 * (dx > 0)),
            2,
        )


def _coral(p: Pen, x: float, y: float, size: float, colour: str) -> None:
    for angle in (-52, -26, 0, 24, 50):
        a = math.radians(angle)
        ex, ey = x + size * math.sin(a), y - size * math.cos(a) * (1.1 - abs(angle) / 160)
        p.stroke(
            f"M{x:.1f} {y:.1f}Q{x + 0.2 * (ex - x):.1f} {y - 0.5 * size:.1f} {ex:.1f} {ey:.1f}",
            colour,
            round(0.2 * size, 1),
        )
        p.circle(ex, ey, 0.15 * size, mix(colour, "#ffffff", 0.3))
