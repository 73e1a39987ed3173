"""The places of the world, each in several views, by day, at sunset and at night, in four weathers; and what the weather puts
in front of everything."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from genai.data.world.grounds import city, clouds, forest, grass, mountains, road, sand, snow
from genai.data.world.light import Light
from genai.data.world.pen import SIDE, Pen
from genai.data.world.rooms import ROOMS, room
from genai.data.world.waters import sea, underwater

VIEWS = len(ROOMS)  # of each ground

DRAWN: dict[str, Callable[[Pen, int], None]] = {
    "grass": grass, "road": road, "sea": sea, "sand": sand, "snow": snow, "room": room, "forest": forest,
    "mountains": mountains, "city": city, "sky": clouds, "underwater": underwater,
}  # fmt: skip
SHELTERED = ("room", "underwater")  # where no weather comes between


@cache
def backdrop(ground: str, view: int, time: str, weather: str) -> np.ndarray:
    """A place without things, uint8 [128, 128, 3]; to be read, not written. view: 0 to VIEWS - 1: the same place in any light."""
    rng = np.random.default_rng([list(DRAWN).index(ground), view])
    p = Pen(Light(time, weather), rng)
    DRAWN[ground](p, view)
    image = np.ascontiguousarray(p.pixels()[..., :3])
    image.flags.writeable = False
    return image


def overlay(ground: str, view: int, time: str, weather: str) -> np.ndarray | None:
    """What falls or drifts in front of all things, uint8 [128, 128, 4] with straight alpha; None where there is nothing. To be
    read, not written."""
    return None if weather == "clear" or ground in SHELTERED else _veil(view, time, weather)


@cache
def _veil(view: int, time: str, weather: str) -> np.ndarray:
    p = Pen(Light(time, weather), np.random.default_rng([view, 7]))
    {"rain": _rain, "snowfall": _flakes, "fog": _fog}[weather](p)
    image = p.pixels()
    image.flags.writeable = False
    return image


def _rain(p: Pen) -> None:
    colour = {"day": "#f2f8fd", "sunset": "#ffe9d9", "night": "#b9cdf2"}[p.light.time]
    for _ in range(74):
        x, y, near = p.any(-4, SIDE + 14), p.any(-8, SIDE), p.any(0, 1)
        length = 5 + 8 * near
        p.stroke(
            f"M{x:.1f} {y:.1f}l{-0.28 * length:.1f} {length:.1f}",
            colour,
            round(0.5 + 0.5 * near, 2),
            round(0.3 + 0.35 * near, 2),
        )


def _flakes(p: Pen) -> None:
    colour = {"day": "#ffffff", "sunset": "#fff3ea", "night": "#e6eeff"}[p.light.time]
    for _ in range(80):
        near = p.any(0, 1) ** 2
        p.circle(p.any(0, SIDE), p.any(0, SIDE), 0.7 + 1.3 * near, colour, round(0.65 + 0.3 * near, 2))


def _fog(p: Pen) -> None:
    air = p.light.sky[-1]
    p.rect(0, 0, SIDE, SIDE, p.shade((0, air, 0.12), (0.5, air, 0.3), (1, air, 0.1)))
    for _ in range(7):
        x, y, wide = p.any(0, SIDE), p.any(30, SIDE - 6), p.any(34, 62)
        p.parts.append(f'<g transform="translate({x:.0f} {y:.0f}) scale(1 0.16)">')
        p.circle(0, 0, wide, p.shade((0, air, 0.42), (1, air, 0), centre=(0, 0, wide)))
        p.parts.append("</g>")
