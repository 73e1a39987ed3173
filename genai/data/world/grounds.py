"""The grounds outdoors, on land: each a function that draws one of its views, from the sky to the lower edge.

What varies from view to view is where hills lie and what stands on them far away; near the front, where things will stand, it
stays calm. Nothing here looks like one of the kinds of things: what is drawn is small, pale and far.
"""

from __future__ import annotations

import math

from genai.data.world.light import mix
from genai.data.world.motifs import (
    blossoms,
    bush,
    cloud,
    cottage,
    dusting,
    fence,
    fir,
    haze,
    palm,
    peak,
    puddles,
    rock,
    sky,
    tree,
    tufts,
)
from genai.data.world.pen import SIDE, Pen


def grass(p: Pen, view: int) -> None:
    horizon = 62
    sky(p, horizon, (100, 24, 64, 30, 108, 86)[view])
    if view in (1, 4):
        for x, h in ((18, 24), (58, 32), (104, 26)) if view == 1 else ((34, 22), (92, 30)):
            peak(p, x, horizon + 4, 34, h, 0.85, cap=0.35)
    p.ridge(horizon - 4, 9, p.light("#8fc27a", 0.75), 0.9)
    far = p.ridge(horizon, 6, p.light("#7fbf63", 0.45), 1.2)
    haze(p, horizon)
    if view == 0:  # a row of trees on the hill
        for x in range(6, SIDE, 13):
            tree(p, x, far[x] + 2, 10 + 3 * math.sin(x), 0.5)
    elif view == 1:  # two cottages under the mountains
        cottage(p, 34, far[34] + 4, 8, 0.35)
        cottage(p, 52, far[52] + 5, 6, 0.4, roof="#7d8794")
        tree(p, 22, far[22] + 4, 16, 0.35)
    elif view == 2:  # a windmill
        _windmill(p, 94, far[94] + 4, 26)
        bush(p, 80, far[80] + 3, 5, 0.35)
    elif view == 3:  # the edge of a wood
        for x in range(-2, SIDE + 8, 9):
            fir(p, x, far[min(x, 127)] + 5, 20 + 5 * math.sin(1.7 * x), 0.4)
    elif view == 4:  # an orchard
        for x in (16, 36, 58, 82, 104, 122):
            tree(p, x, far[x] + 5 + (x % 5), 17, 0.3, "#69a94a")
    near = p.ridge(horizon + 8, 4, p.shade((0, p.light("#7cc55a", 0.12), 1), (1, p.light("#4f9e3f"), 1)), 0.8)
    if view == 5:  # a brook
        p.path("M70 68C40 74 96 82 66 92S20 104 34 128L62 128C52 108 96 102 98 90S60 76 76 68z", p.light("#6fb4e3"))
        p.path("M70 70C48 76 98 83 74 92S36 104 46 126", "none")
        for y, x, w in ((80, 74, 7), (92, 72, 8), (104, 48, 9), (116, 44, 8)):
            p.rect(x, y, w, 0.9, p.light("#e9f7ff"), 0.7, 0.4)
    if view == 0:
        fence(p, int(near[64]) + 5)
    tufts(p, 26, horizon + 16, "#3f8a35")
    if view in (2, 4, 1):
        blossoms(p, 26, horizon + 16, ("#ffffff", "#ffe27a", "#f6b3d0"))
    dusting(p, horizon + 8)
    puddles(p, horizon + 16, 3)


def _windmill(p: Pen, x: float, y: float, height: float) -> None:
    light, h = p.light, height
    p.polygon(
        [(x - 0.2 * h, y), (x - 0.12 * h, y - 0.7 * h), (x + 0.12 * h, y - 0.7 * h), (x + 0.2 * h, y)],
        light("#efe6d2", 0.35),
    )
    p.polygon([(x - 0.16 * h, y - 0.68 * h), (x, y - 0.88 * h), (x + 0.16 * h, y - 0.68 * h)], light("#a0594a", 0.35))
    p.rect(x - 0.04 * h, y - 0.4 * h, 0.08 * h, 0.12 * h, "#ffd978" if light.dark else light("#6b7a8c", 0.35))
    for angle in (20, 110, 200, 290):
        a = math.radians(angle)
        c, s = math.cos(a) * h, math.sin(a) * h
        cx, cy = x, y - 0.68 * h
        p.polygon([(cx, cy), (cx + 0.55 * c, cy + 0.55 * s), (cx + 0.55 * c - 0.13 * s, cy + 0.55 * s + 0.13 * c),
                   (cx + 0.14 * c - 0.13 * s, cy + 0.14 * s + 0.13 * c)], light("#ffffff", 0.25), 0.95)  # fmt: skip


def road(p: Pen, view: int) -> None:
    horizon, kerb = 60, 82
    sky(p, horizon, (28, 96, 60, 110, 20, 76)[view])
    if view == 1:
        for x, h in ((10, 30), (52, 40), (100, 32)):
            peak(p, x, horizon + 4, 36, h, 0.8)
    if view == 4:  # along the coast
        p.rect(0, horizon - 8, SIDE, 30, p.light("#4f9ad0", 0.4))
        for y in (56, 61, 67):
            p.rect(p.any(10, 70), y, p.any(12, 30), 0.9, p.light("#e9f7ff", 0.3), 0.7, 0.4)
    else:
        p.ridge(horizon - 3, 8, p.light("#8bbd78", 0.7), 1.1)
    far = p.ridge(horizon + (8 if view == 4 else 2), 4, p.light("#79b35f", 0.35), 1.3)
    haze(p, horizon)
    if view == 0:
        for x in (8, 30, 49, 88, 112):
            tree(p, x, far[x] + 6, 20, 0.3)
    elif view == 2:  # a village
        for x, s, roof in (
            (14, 9, "#a8634a"),
            (36, 7, "#7d8794"),
            (60, 10, "#8d5a4c"),
            (86, 8, "#a8634a"),
            (110, 9, "#6f7f96"),
        ):
            cottage(p, x, far[x] + 9, s, 0.3, roof=roof)
    elif view == 3:
        for x in range(0, SIDE + 6, 11):
            fir(p, x, far[min(x, 127)] + 8, 24 + 4 * math.sin(x), 0.35)
    elif view == 5:  # poplars
        for x in range(6, SIDE, 20):
            p.ellipse(x, far[x] - 9, 4, 15, p.light("#4f8f4c", 0.3))
            p.ellipse(x - 1, far[x] - 11, 2.4, 11, p.light("#79b05c", 0.3))
    p.rect(0, kerb - 8, SIDE, 12, p.shade((0, p.light("#7dbb5c", 0.1), 1), (1, p.light("#65a64c"), 1)))
    p.rect(0, kerb, SIDE, SIDE - kerb, p.shade((0, p.light("#7b7f88"), 1), (1, p.light("#5d616b"), 1)))
    p.rect(0, kerb, SIDE, 2, p.light("#d9d6cc"))
    p.rect(0, kerb + 2, SIDE, 0.8, p.light("#3f424a"), 0.7)
    if view in (1, 4):  # a rail along the road
        for x in range(3, SIDE, 14):
            p.rect(x, kerb - 8, 1.6, 8, p.light("#aab0ba"))
        p.rect(0, kerb - 8, SIDE, 2.6, p.light("#d5dae2"))
    for x in range(-8 + 5 * view, SIDE, 26):
        p.rect(x, 103, 14, 2, p.light("#f4f1e4"), 0.9)
    p.rect(0, SIDE - 4, SIDE, 1.2, p.light("#f4f1e4"), 0.8)
    dusting(p, kerb + 2, 16)
    puddles(p, kerb + 4, 5)


def sand(p: Pen, view: int) -> None:
    horizon, desert = 62, view % 2
    sky(p, horizon, (96, 30, 24, 100, 70, 60)[view], 2)
    if desert:
        if view == 1:
            for x, s in ((30, 22), (58, 15), (100, 11)):
                p.polygon(
                    [(x - 1.3 * s, horizon + 4), (x, horizon - s), (x + 1.3 * s, horizon + 4)], p.light("#dfb573", 0.45)
                )
                p.polygon(
                    [(x, horizon - s), (x + 1.3 * s, horizon + 4), (x + 0.3 * s, horizon + 4)], p.light("#b98b52", 0.45)
                )
        elif view == 3:  # table mountains
            for x, w, h in ((8, 46, 24), (74, 30, 17), (112, 26, 28)):
                p.figure(x, horizon + 6, w, h + 6, [(-0.1, 0), (0, 1), (1, 1), (1.15, 0)], p.light("#c9805a", 0.5))
                p.figure(x, horizon + 6, w, h + 6, [(0.6, 1), (1, 1), (1.15, 0), (0.7, 0)], p.light("#a5624a", 0.5))
        p.ridge(horizon - 1, 6, p.light("#e6c68a", 0.5), 1.0)
        p.ridge(horizon + 4, 5, p.light("#e8c684", 0.25), 0.7)
        haze(p, horizon)
        if view == 5:
            for x, h in ((18, 18), (104, 24)):
                _cactus(p, x, horizon + 12, h)
    else:
        p.rect(0, horizon - 12, SIDE, 26, p.shade((0, p.light("#3d8fd1", 0.45), 1), (1, p.light("#66c3d9"), 1)))
        if view == 2:
            p.path(
                f"M84 {horizon - 11}Q92 {horizon - 24} 106 {horizon - 20}T132 {horizon - 11}z", p.light("#6da06b", 0.6)
            )
        for _ in range(7):
            p.rect(p.any(0, 110), p.any(horizon - 10, horizon + 4), p.any(8, 22), 0.8, p.light("#eaf8ff"), 0.65, 0.4)
        haze(p, horizon - 6)
    line = p.ridge(horizon + 9, 3, p.shade((0, p.light("#f3dcab", 0.1), 1), (1, p.light("#dcb878"), 1)), 0.8)
    if not desert:
        foam = " ".join(f"{'ML'[i > 0]}{i} {line[i] - 0.6:.1f}" for i in range(0, SIDE + 1, 4))
        p.stroke(foam, p.light("#ffffff"), 1.8, 0.9)
        if view == 0:
            palm(p, 12, 84, 40, 0.3, 0.1)
        elif view == 4:
            for x, s in ((112, 9), (122, 6), (101, 4)):
                rock(p, x, 78, s, 0.15)
    with_ripples = [(p.any(4, 100), p.any(horizon + 20, SIDE - 4), p.any(10, 24)) for _ in range(12)]
    for x, y, w in with_ripples:
        p.stroke(f"M{x:.1f} {y:.1f}q{w / 4:.1f} -1.6 {w / 2:.1f} 0t{w / 2:.1f} 0", p.light("#c39c5c"), 0.8, 0.45)
    for _ in range(0 if desert else 7):
        p.circle(p.any(4, 124), p.any(horizon + 24, SIDE - 3), p.any(0.7, 1.2), p.light("#fff7ee"), 0.9)
    puddles(p, horizon + 18, 3)


def _cactus(p: Pen, x: float, y: float, height: float) -> None:
    h, colour = height, p.light("#4f8f5a", 0.25)
    p.stroke(f"M{x} {y}V{y - h}", colour, round(0.2 * h, 1))
    p.stroke(
        f"M{x} {y - 0.35 * h}h{-0.3 * h:.1f}v{-0.3 * h:.1f}M{x} {y - 0.5 * h}h{0.28 * h:.1f}v{-0.28 * h:.1f}",
        colour,
        round(0.13 * h, 1),
    )


def snow(p: Pen, view: int) -> None:
    horizon = 62
    sky(p, horizon, (26, 100, 64, 96, 30, 110)[view], 2)
    if view in (1, 4):
        for x, h in ((6, 34), (44, 44), (86, 36), (122, 42)) if view == 1 else ((30, 26), (100, 34)):
            peak(p, x, horizon + 6, 38, h, 0.6, "#8b95b5", 0.6)
    p.ridge(horizon - 3, 8, p.light("#d3deef", 0.55), 1.0)
    far = p.ridge(horizon + 2, 5, p.light("#e4ecf7", 0.3), 1.2)
    haze(p, horizon)
    if view == 0:
        for x, h in ((10, 30), (24, 22), (100, 26), (116, 34)):
            fir(p, x, far[x] + 6, h, 0.25, True)
    elif view == 2:
        for x in range(0, SIDE + 8, 10):
            fir(p, x, far[min(x, 127)] + 5, 18 + 5 * math.sin(1.3 * x), 0.45, True)
    elif view == 3:
        _hut(p, 30, far[30] + 8, 11)
        fir(p, 50, far[50] + 7, 22, 0.3, True)
        fir(p, 10, far[10] + 7, 26, 0.3, True)
    elif view == 5:  # ice
        for x, w, h in ((4, 30, 26), (54, 22, 15), (92, 34, 30)):
            ice = [(0, 0), (0.2, 0.65), (0.5, 1), (0.8, 0.55), (1, 0)]
            p.figure(x, horizon + 6, w, h + 6, ice, p.light("#c8e4f5", 0.3))
            p.figure(x, horizon + 6, w, h + 6, [*ice[2:], (0.55, 0)], p.light("#93bfe0", 0.3))
    p.ridge(
        horizon + 9,
        4,
        p.shade((0, p.light("#f1f6fd"), 1), (0.5, p.light("#dfe9f6"), 1), (1, p.light("#c3d4ea"), 1)),
        0.7,
    )
    if view == 4:  # a frozen pond
        p.ellipse(70, 92, 44, 8, p.light("#b7d7ee"))
        p.ellipse(70, 91.4, 42, 7, p.light("#cfe6f6"))
        for x, w in ((44, 18), (76, 24)):
            p.rect(x, 90, w, 0.9, p.light("#ffffff"), 0.8, 0.4)
    for _ in range(9):
        x, y, w = p.any(0, SIDE), p.any(horizon + 20, SIDE), p.any(8, 20)
        p.ellipse(x, y, w, 1.6, p.light("#c3d3ea"), 0.5)
        p.ellipse(x, y - 1.2, w, 1.4, p.light("#ffffff"), 0.7)
    puddles(p, horizon + 20, 3)


def _hut(p: Pen, x: float, y: float, size: float) -> None:
    light, s = p.light, size
    p.rect(x - s, y - 0.8 * s, 2 * s, 0.8 * s, light("#8a5f43", 0.2))
    for i in range(1, 4):
        p.rect(x - s, y - 0.2 * i * s, 2 * s, 0.6, light("#5f3f2c", 0.2), 0.7)
    p.polygon([(x - 1.3 * s, y - 0.7 * s), (x, y - 1.6 * s), (x + 1.3 * s, y - 0.7 * s)], light("#fbfdff", 0.1))
    p.rect(x - 0.25 * s, y - 0.6 * s, 0.5 * s, 0.36 * s, "#ffd978" if light.dark else light("#5d6b7c", 0.2))


def forest(p: Pen, view: int) -> None:
    horizon, light = 66, p.light
    sky(p, horizon, (60, 90, 30, 64, 104, 44)[view], 2)
    autumn, birches, pines = view == 4, view == 1, view in (2, 5)
    leaves = "#c98a3c" if autumn else "#4f9a55"
    shade = light("#8a6a3c" if autumn else "#3f7050", 0.55)
    p.rect(0, horizon - 22, SIDE, 50, p.shade((0, shade, 0), (0.5, shade, 1), (1, shade, 1)))  # the wood is deep
    for depth, step, high in ((0.75, 9, 40), (0.5, 13, 52)):
        for x in range(-4, SIDE + 10, step):
            dx, h = x + p.any(-3, 3), high * p.any(0.8, 1.15)
            if pines:
                fir(p, dx, horizon + 14 * (1 - depth) + 4, h, depth)
            else:
                tree(
                    p,
                    dx,
                    horizon + 14 * (1 - depth) + 4,
                    h,
                    depth,
                    mix(leaves, "#d8a24a", 0.3) if autumn and x % 2 else leaves,
                )
        if depth == 0.75:
            haze(p, horizon + 6)
    if view == 3 and light.clear and not light.dark:  # rays between the crowns
        for x in (30, 58, 88):
            p.polygon(
                [(x, 0), (x + 12, 0), (x - 14, 90), (x - 38, 90)], p.shade((0, "#fff6c4", 0.4), (1, "#fff6c4", 0))
            )
    floor = p.ridge(
        horizon + 12,
        3,
        p.shade(
            (0, light("#7da653" if not autumn else "#c79a55", 0.15), 1),
            (1, light("#4c7c3c" if not autumn else "#8a6a3c"), 1),
        ),
        0.9,
    )
    for x, w in ((-3, 12), (14, 6), (116, 7), (125, 13)):  # near trunks at both sides
        if birches:
            p.rect(x - w / 2, -4, 0.8 * w, floor[64] + 14, light("#eef0ec"))
            for y in range(6, 80, 11):
                p.rect(x - w / 2, y + p.any(-3, 3), 0.4 * w, 1.4, light("#3d3d42"))
            p.rect(x + 0.15 * w, -4, 0.15 * w, floor[64] + 14, light("#c6cbc8"))
        else:
            p.rect(x - w / 2, -4, 0.8 * w, floor[64] + 14, light("#6b4b33"))
            p.rect(x + 0.05 * w, -4, 0.25 * w, floor[64] + 14, light("#4c3323"))
    for x in (6, 118):
        bush(p, x, floor[x] + 13, 8, 0.05, "#b5772f" if autumn else "#3f8747")
    for x, y, r, shade in (
        (-2, 2, 26, 0.2),
        (20, -6, 20, 0.05),
        (128, 0, 28, 0.2),
        (106, -8, 20, 0.05),
    ):  # crowns above
        p.circle(x, y, r, light(mix("#4a8f3f" if not autumn else "#d07f2c", "#12361f", shade + 0.15 * pines)))
    if view in (0, 3):
        p.path(f"M56 {floor[60] + 1:.0f}Q50 96 34 128H92Q74 98 66 {floor[66] + 1:.0f}z", light("#c9b183"), 0.75)
    tufts(p, 20, horizon + 22, "#3c6a30" if not autumn else "#7a5426")
    if autumn:
        blossoms(p, 30, horizon + 16, ("#d9722c", "#e3a23a", "#b5502a"))
    dusting(p, horizon + 14)
    puddles(p, horizon + 20, 3)


def mountains(p: Pen, view: int) -> None:
    horizon, light = 72, p.light
    sky(p, horizon, (104, 22, 64, 34, 90, 112)[view], 2)
    far = {0: ((20, 40), (70, 54), (112, 44)), 1: ((64, 62),), 2: ((6, 48), (124, 52)), 3: ((40, 50), (96, 60)),
           4: ((10, 36), (48, 44), (88, 40), (124, 46)), 5: ((30, 60), (92, 42))}[view]  # fmt: skip
    for x in range(-10, 150, 34):
        peak(p, x + 7 * view % 19, horizon + 6, 34, p.any(20, 32), 0.85, cap=0.45)
    for x, h in far:
        peak(p, x, horizon + 8, 0.85 * h + 4, h, 0.4, ("#7c7f98", "#857a86", "#6f8094")[view % 3])
    haze(p, horizon)
    hills = p.ridge(horizon + 3, 6, light("#6f9f5d", 0.35), 1.1)
    if view in (0, 3, 5):
        for x in range(2, SIDE, 9):
            fir(p, x, hills[x] + 4, 13 + 4 * math.sin(2.1 * x), 0.35)
    if view in (2, 4):  # a lake
        p.rect(0, horizon + 6, SIDE, 14, p.shade((0, light("#5aa0cf", 0.3), 1), (1, light("#7cc0dd", 0.1), 1)))
        for _ in range(6):
            p.rect(p.any(0, 110), p.any(horizon + 8, horizon + 16), p.any(8, 20), 0.8, light("#eaf8ff"), 0.7, 0.4)
    p.ridge(horizon + 13, 4, p.shade((0, light("#86b962", 0.08), 1), (1, light("#5b9148"), 1)), 0.7)
    if view == 1:
        cottage(p, 100, horizon + 16, 7, 0.25, "#b98d62", "#6e4c3a")
    for x, s in ((8, 5), (120, 7)) if view in (1, 3, 5) else ((114, 5),):
        rock(p, x, horizon + 22, s, 0.1)
    tufts(p, 18, horizon + 24, "#477a38")
    blossoms(p, 14, horizon + 22, ("#ffffff", "#f4d35e", "#b6a3f0"))
    dusting(p, horizon + 14)
    puddles(p, horizon + 22, 3)


def city(p: Pen, view: int) -> None:
    horizon, light = 78, p.light
    sky(p, horizon, (98, 26, 60, 110, 34, 80)[view], 2)
    walls = ("#8fa3bd", "#a7b4c6", "#b59a8e", "#9aa0ad", "#c2ab93", "#7f94ad")
    x = -6.0
    while x < SIDE:  # the skyline
        w, h = p.any(9, 17), p.any(22, 58 if view in (0, 3) else 40)
        _block(p, x, horizon + 2, w, h, walls[int(p.any(0, 6))], 0.7)
        x += w + p.any(-1, 2)
    haze(p, horizon)
    if view in (1, 4):  # an old street of gables
        x = -4.0
        while x < SIDE:
            w, h = p.any(15, 20), p.any(26, 36)
            _gable(p, x, horizon + 4, w, h, ("#d9a08a", "#e3c48f", "#9fb7a6", "#b7a8c9", "#d8c3ae")[int(p.any(0, 5))])
            x += w
    elif view in (0, 2):
        x = -3.0
        while x < SIDE:
            w, h = p.any(18, 28), p.any(24, 46)
            _block(p, x, horizon + 4, w, h, walls[int(p.any(0, 6))], 0.25)
            x += w + p.any(1, 5)
    elif view == 3:  # a park
        p.ridge(horizon - 2, 3, light("#7cb065", 0.3), 1.2)
        for x in range(4, SIDE, 15):
            tree(p, x, horizon + 4, 20 + 5 * math.sin(x), 0.2)
    else:  # a bridge over a river
        p.rect(0, horizon - 10, SIDE, 16, p.shade((0, light("#5f9cc4", 0.3), 1), (1, light("#84c0d8"), 1)))
        top, foot = horizon - 12, horizon + 4
        arches = f"M4 {top + 2}Q24 {top} 30 {foot}H36Q42 {top} 64 {top}T94 {foot}H100Q106 {top} 124 {top + 2}z"
        p.path(f"M-4 {top + 2}H132V{top - 3}H-4z{arches}", light("#b9a893", 0.2))
    p.rect(0, horizon + 4, SIDE, 7, p.shade((0, light("#d3cfc8"), 1), (1, light("#bdb8b0"), 1)))
    p.rect(0, horizon + 10, SIDE, 1.6, light("#efece4"))
    p.rect(0, horizon + 11.6, SIDE, SIDE, p.shade((0, light("#8d8f97"), 1), (1, light("#70737d"), 1)))
    for x in range(-6 + 7 * view, SIDE, 30):
        p.rect(x, 110, 15, 1.8, light("#f1efe6"), 0.7)
    for x in ((18, 108), (44, 116), (10, 84), (30, 100), (60, 120), (20, 90))[view]:
        p.rect(x - 0.7, horizon - 24, 1.4, 30, light("#3f4654"))
        p.circle(x, horizon - 25, 2.4, "#ffe9a8" if light.dark else light("#e9eef2"))
        if light.dark:
            p.circle(x, horizon - 25, 12, p.shade((0, "#ffe39a", 0.6), (1, "#ffe39a", 0), centre=(x, horizon - 25, 12)))
    dusting(p, horizon + 6, 16)
    puddles(p, horizon + 14, 5)


def _block(p: Pen, x: float, foot: float, width: float, height: float, wall: str, depth: float) -> None:
    """A building with rows of windows, some of them lit at night."""
    light, top = p.light, foot - height
    p.rect(x, top, width, height, p.shade((0, light(wall, depth), 1), (1, light(mix(wall, "#3a4256", 0.2), depth), 1)))
    p.rect(x + 0.8 * width, top, 0.2 * width, height, light("#2b3346", depth), 0.25)
    if light.snows:
        p.rect(x - 0.5, top - 1, width + 1, 2, light("#ffffff", 0.5 * depth))
    for i in range(int((width - 2) // 3.2)):
        for j in range(int((height - 4) // 4)):
            on = p.rng.random() < 0.45
            glass = "#ffd978" if light.dark and on else light(mix(wall, "#26324a", 0.55), depth)
            p.rect(x + 1.6 + 3.2 * i, top + 2.4 + 4 * j, 1.6, 2, glass, 0.9)


def _gable(p: Pen, x: float, foot: float, width: float, height: float, wall: str) -> None:
    """A narrow old front with a stepped top."""
    light, top, w = p.light, foot - height, width
    p.rect(x, top, w, height, light(wall, 0.2))
    roof = light("#f6f9ff" if light.snows else "#a05f4d", 0.2)
    p.polygon([(x - 0.5, top), (x + w / 2, top - 0.5 * w), (x + w + 0.5, top)], roof)
    p.polygon([(x + 2, top), (x + w / 2, top - 0.5 * w + 2.4), (x + w - 2, top)], light(wall, 0.2))
    for row in range(3):
        for i in range(3):
            on = p.rng.random() < 0.5
            glass = "#ffd978" if light.dark and on else light("#56657c", 0.2)
            p.rect(x + w * (0.16 + 0.26 * i), top + 3 + 8 * row, 0.16 * w, 4.6, glass)
            p.rect(x + w * (0.16 + 0.26 * i), top + 7.6 + 8 * row, 0.16 * w, 0.7, light("#fff8ea", 0.2))


def clouds(p: Pen, view: int) -> None:
    """In the sky: clouds around and below, and nothing else."""
    light = p.light
    sky(p, SIDE, (96, 28, 64, 20, 108, 50)[view], 3)
    if view == 1:
        for x, h in ((10, 20), (60, 30), (112, 22)):
            peak(p, x, SIDE + 4, 32, h, 0.6, cap=0.55)
    elif view == 3 and light.weather in ("clear", "rain") and not light.dark:  # a rainbow
        for i, colour in enumerate(("#ff6f6f", "#ffb05c", "#ffe36b", "#7fd67f", "#6fb4f5", "#a98af0")):
            r = 70 - 2.4 * i
            p.stroke(f"M{64 - r:.1f} 118A{r:.1f} {r:.1f} 0 0 1 {64 + r:.1f} 118", colour, 2.6, 0.42)
    elif view == 4:  # feathers of ice, high up
        for y in (24, 40, 58):
            p.stroke(f"M{p.any(-5, 30):.0f} {y}q30 -9 60 -2t50 -8", light.clouds[0], 2.4, 0.5)
            p.stroke(f"M{p.any(10, 40):.0f} {y + 5}q24 -6 46 -2", light.clouds[0], 1.6, 0.4)
    for x, y, s in (
        ((16, 66, 1.3), (112, 78, 1.5), (62, 92, 1.1)) if view in (0, 2, 5) else ((24, 88, 1.3), (104, 62, 1.1))
    ):
        cloud(p, x + p.any(-6, 6), y + p.any(-6, 6), s)
    if view in (0, 3, 5):  # a sea of clouds below
        for row, (y, size, shade) in enumerate(((100, 1.1, 0.8), (109, 1.4, 0.5), (118, 1.7, 0.2), (130, 2, 0))):
            p.rect(0, y, SIDE, SIDE, mix(*light.clouds, shade))
            for i in range(7):
                cloud(p, i * 24 - 8 + 11 * (row % 2) + p.any(-4, 4), y + p.any(-2, 2), size, shade)
    haze(p, 116)
