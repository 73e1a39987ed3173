"""Rooms: a wall, a floor, and a window through which the time and the weather are seen."""

from __future__ import annotations

from genai.data.world.colours import rgb
from genai.data.world.light import mix, named
from genai.data.world.motifs import cloud, glow
from genai.data.world.pen import SIDE, Pen

# Of each view: wall, its pattern, skirting, floor, where the window is (x, y, width, height), curtains.
ROOMS = (
    ("#e9d3b0", "stripes", "#fbf6ea", "#b9824f", (72, 14, 40, 42), "#c2665a"),
    ("#a9c3b4", "panels", "#eef3ee", "#a8744a", (14, 12, 36, 46), "#f1e6cf"),
    ("#c98f7a", "plain", "#f4e3d6", "#8c6a55", (44, 10, 42, 40), ""),
    ("#9fb4d1", "dots", "#f2f5fa", "#c9a878", (84, 16, 34, 38), "#e8d9a8"),
    ("#d9b7bd", "stripes", "#fdf3f3", "#a98a76", (12, 16, 46, 36), "#8f86b5"),
    ("#b9b2a6", "bricks", "#e9e4da", "#7d6a5f", (40, 8, 52, 44), ""),
)


def room(p: Pen, view: int) -> None:
    wall, pattern, skirting, boards, window, curtain = ROOMS[view]
    floor = 80

    def lit(colour: str) -> str:
        """Indoors it is a lamp that lights the night, and the weather is outside."""
        seen = mix(colour, "#ffb978", 0.1) if p.light.time == "sunset" else colour
        return named(rgb(seen) * (0.66, 0.58, 0.56) + (10, 6, 14)) if p.light.dark else seen

    p.rect(0, 0, SIDE, floor, p.shade((0, lit(mix(wall, "#000000", 0.07)), 1), (1, lit(mix(wall, "#ffffff", 0.1)), 1)))
    _pattern(p, pattern, lit(mix(wall, "#ffffff", 0.3)), lit(mix(wall, "#3a2a20", 0.16)), floor)
    _window(p, *window, lit(skirting))
    if curtain:
        _curtains(p, *window, lit(curtain), lit(mix(curtain, "#2b1a2b", 0.3)))
    x, _, width, _ = window
    aside = x - 34 if x > 60 else x + width + 14
    _decoration(p, view, aside, lit)
    p.rect(0, floor - 6, SIDE, 6, lit(skirting))
    p.rect(0, floor - 6, SIDE, 0.8, lit(mix(skirting, "#5a4a3c", 0.25)), 0.6)
    p.rect(
        0,
        floor,
        SIDE,
        SIDE - floor,
        p.shade(
            (0, lit(mix(boards, "#20130a", 0.14)), 1), (0.4, lit(boards), 1), (1, lit(mix(boards, "#fff0d8", 0.14)), 1)
        ),
    )
    _floor(p, view, floor, lit(mix(boards, "#20130a", 0.3)))
    if view in (0, 3, 4):
        colour = lit(("#a3564d", "", "", "#5f7fae", "#7f9f8c")[view])
        p.ellipse(64, 106, 56, 16, colour, 0.9)
        p.ellipse(64, 106, 50, 13.4, lit("#f3e6cf"), 0.35)
        p.ellipse(64, 106, 47, 12.2, colour, 0.95)
    if p.light.time != "night" and p.light.clear:  # what falls in through the window
        p.polygon([(x + 2, floor + 4), (x + width - 2, floor + 4), (x + width - 14, 124), (x - 26, 124)],
                  p.shade((0, "#ffd08a" if p.light.time == "sunset" else "#fff6d8", 0.3), (1, "#fff6d8", 0.04)))  # fmt: skip
    if p.light.dark:
        glow(p, aside + 10, 36, 84, "#ffc56b", 0.5)


def _pattern(p: Pen, pattern: str, pale: str, deep: str, floor: float) -> None:
    if pattern == "stripes":
        for x in range(2, SIDE, 12):
            p.rect(x, 0, 5, floor, pale, 0.45)
    elif pattern == "dots":
        for row in range(7):
            for x in range(4 + 7 * (row % 2), SIDE, 14):
                p.circle(x, 6 + 11 * row, 1.3, pale, 0.7)
    elif pattern == "panels":
        p.rect(0, 52, SIDE, floor - 52, pale, 0.55)
        p.rect(0, 50, SIDE, 2.4, pale)
        for x in range(4, SIDE, 24):
            p.rect(x, 56, 17, 15, deep, 0.22, 1)
            p.rect(x + 1, 57, 16, 14, pale, 0.6, 1)
    elif pattern == "bricks":
        for row in range(14):
            for x in range(-12 + 6 * (row % 2), SIDE, 12):
                p.rect(x + 0.6, 6 * row + 0.6, 10.8, 4.8, pale if (x * 7 + row * 5) % 4 else deep, 0.3, 0.6)


def _window(p: Pen, x: float, y: float, width: float, height: float, frame: str) -> None:
    """With the sky of the hour behind it, hills, and rain, snow or stars."""
    light = p.light
    p.rect(x - 3, y - 3, width + 6, height + 6, frame, 1, 1)
    p.rect(x, y, width, height, p.shade(*((at, c, 1) for at, c in zip((0, 0.55, 1), light.sky))))
    inside = p.parts
    p.parts = []  # what is beyond is cut along the frame
    cx, cy = x + 0.68 * width, y + 0.3 * height
    if light.time == "night" and light.clear:
        for _ in range(14):
            p.circle(p.any(x, x + width), p.any(y, y + 0.7 * height), p.any(0.4, 0.8), "#f3f1dc", 0.9)
        p.circle(cx, cy, 5, "#f7f2d8")
    else:
        for _ in range(14):
            p.any(0, 1), p.any(0, 1), p.any(0, 1)
    if light.time == "sunset" and light.clear:
        glow(p, cx, y + 0.66 * height, 22, "#ffe0a0", 0.9)
        p.circle(cx, y + 0.66 * height, 6.5, "#fff0b5")
    elif light.time == "day" and light.clear:
        p.circle(cx, cy, 5, "#ffe569")
    for dx, dy in ((0.2, 0.3), (0.75, 0.5)):
        cloud(p, x + dx * width, y + dy * height, 0.55)
    ground = "#eef4fb" if light.snows else "#7db866"
    p.ellipse(x + 0.2 * width, y + height + 2, 0.6 * width, 0.3 * height, light(ground, 0.5))
    p.ellipse(x + 0.9 * width, y + height + 4, 0.6 * width, 0.3 * height, light(ground, 0.25))
    with p.apart():
        for _ in range(26 if light.weather in ("rain", "snowfall") else 0):
            px, py = p.any(x, x + width), p.any(y, y + height)
            if light.snows:
                p.circle(px, py, p.any(0.6, 1.2), "#ffffff", 0.95)
            else:
                p.stroke(f"M{px:.1f} {py:.1f}l-1.3 5", "#e6f1fa", 0.7, 0.75)
    if light.weather == "fog":
        p.rect(x, y, width, height, light.sky[-1], 0.62)
    beyond, p.parts = p.parts, inside
    p.shades += 1
    p.parts.append(f'<clipPath id="w{p.shades}"><rect x="{x}" y="{y}" width="{width}" height="{height}"/></clipPath>')
    p.parts.append(f'<g clip-path="url(#w{p.shades})">{"".join(beyond)}</g>')
    p.rect(x + width / 2 - 0.9, y, 1.8, height, frame)
    p.rect(x, y + 0.48 * height, width, 1.8, frame)
    p.rect(x - 5, y + height + 2, width + 10, 3, frame, 1, 0.8)
    p.rect(x - 5, y + height + 4.4, width + 10, 0.9, "#20130a", 0.2)


def _curtains(p: Pen, x: float, y: float, width: float, height: float, colour: str, fold: str) -> None:
    p.rect(x - 10, y - 6, width + 20, 1.8, fold, 1, 0.9)
    for side in (-1, 1):
        edge = x - 8 if side < 0 else x + width + 8
        inner = edge + side * -13
        p.path(
            f"M{edge} {y - 5}H{inner}Q{inner + side * 1} {y + 0.6 * height:.1f} {edge + side * -6} {y + height + 10}H{edge}z",
            colour,
        )
        for i in (3, 7):
            p.stroke(
                f"M{edge - side * i} {y - 4}Q{edge - side * i} {y + 0.6 * height:.1f} {edge - side * (0.5 * i)} {y + height + 9}",
                fold,
                0.9,
                0.6,
            )


def _decoration(p: Pen, view: int, x: float, lit) -> None:
    """On the wall beside the window."""
    if view in (0, 4):  # a landscape in a frame
        p.rect(x, 22, 22, 18, lit("#8a6238"), 1, 0.6)
        p.rect(x + 2, 24, 18, 14, lit("#cfe6f2"))
        p.polygon([(x + 2, 38), (x + 9, 28), (x + 14, 34), (x + 17, 31), (x + 20, 38)], lit("#7f9fb5"))
        p.rect(x + 2, 35.5, 18, 2.5, lit("#9cc083"))
    elif view == 1:  # shelves with jars
        for y in (28, 46):
            p.rect(x, y, 30, 2, lit("#8a6238"))
            for i, colour in enumerate(("#c8795b", "#7f9fb5", "#d8b562", "#8fae84")):
                p.rect(x + 2 + 7 * i, y - 6 - (i * 3) % 4, 4.6, 6 + (i * 3) % 4, lit(colour), 1, 1)
    elif view == 2:  # plates
        for dx, y, r in ((-2, 26, 7), (12, 38, 5)):
            p.circle(x + dx, y, r, lit("#f6efe2"))
            p.circle(x + dx, y, 0.62 * r, lit("#7fa0b8"), 0.6)
    elif view == 3:  # a clock
        p.circle(x + 8, 30, 9, lit("#7a5a3c"))
        p.circle(x + 8, 30, 7.4, lit("#fbf7ec"))
        p.stroke(f"M{x + 8} 30V25M{x + 8} 30l3.4 2", lit("#3a3a44"), 1)
    else:  # a hanging lamp
        p.rect(x + 6.6, 0, 0.9, 16, lit("#4a4440"))
        p.path(f"M{x} 25Q{x + 2} 15 {x + 7} 15T{x + 14} 25z", lit("#cf9a4a"))
        p.ellipse(x + 7, 25, 7, 1.4, "#fff0b5" if p.light.dark else lit("#f4e4c2"))


def _floor(p: Pen, view: int, floor: float, line: str) -> None:
    """Boards across, or boards that run to the back."""
    if view % 2:
        for i in range(-6, 7):
            p.stroke(f"M{64 + 9 * i} {floor}L{64 + 19 * i} {SIDE}", line, 0.7, 0.4)
        return
    for i in range(5):
        y = floor + 48 * (i / 5) ** 1.25
        p.rect(0, y, SIDE, 0.8, line, 0.45)
        for j in range(3):
            p.rect((37 * i + 47 * j + 11) % SIDE, y, 0.8, 48 * (((i + 1) / 5) ** 1.25 - (i / 5) ** 1.25), line, 0.4)
