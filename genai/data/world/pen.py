"""Writes pictures as SVG, in the light of a time and a weather, and rasterises them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from genai.data.world.light import Light
from genai.data.world.svg import rasterise

SIDE = 128  # pixels along each side of a picture


class Pen:
    """Coordinates are pixels, y downwards; what is drawn later lies over what was drawn before. Colours are #rrggbb as they are
    to be seen: `light` makes them of a place's own.

    rng: the same for one view of a ground in whatever light, so that only the light differs.
    """

    def __init__(self, light: Light, rng: np.random.Generator):
        self.light, self.rng = light, rng
        self.parts: list[str] = []
        self.shades = 0

    def pixels(self) -> np.ndarray:
        """All that was drawn, uint8 [128, 128, 4]."""
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}">'
        return rasterise(head + "".join(self.parts) + "</svg>", SIDE)

    def shade(self, *stops: tuple[float, str, float], centre: tuple[float, float, float] | None = None) -> str:
        """A gradient to fill with: stops are (where, colour, opacity), from top to bottom of what is filled; with `centre`
        (x, y, radius in pixels) from there outwards."""
        self.shades += 1
        name = f"s{self.shades}"
        inner = "".join(f'<stop offset="{at}" stop-color="{colour}" stop-opacity="{o}"/>' for at, colour, o in stops)
        if centre is None:
            self.parts.append(f'<linearGradient id="{name}" x1="0" y1="0" x2="0" y2="1">{inner}</linearGradient>')
        else:
            x, y, radius = centre
            self.parts.append(
                f'<radialGradient id="{name}" gradientUnits="userSpaceOnUse" cx="{x}" cy="{y}" r="{radius}">{inner}'
                "</radialGradient>"
            )
        return f"url(#{name})"

    def rect(self, x: float, y: float, width: float, height: float, fill: str, opacity: float = 1, radius: float = 0):
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius}" fill="{fill}" '
            f'opacity="{opacity}"/>'
        )

    def circle(self, x: float, y: float, radius: float, fill: str, opacity: float = 1):
        self.ellipse(x, y, radius, radius, fill, opacity)

    def ellipse(self, x: float, y: float, wide: float, high: float, fill: str, opacity: float = 1):
        self.parts.append(
            f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{wide:.1f}" ry="{high:.1f}" fill="{fill}" opacity="{opacity}"/>'
        )

    def polygon(self, points: list[tuple[float, float]], fill: str, opacity: float = 1):
        at = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polygon points="{at}" fill="{fill}" opacity="{opacity}"/>')

    def figure(
        self,
        x: float,
        y: float,
        wide: float,
        high: float,
        points: list[tuple[float, float]],
        fill: str,
        opacity: float = 1,
    ):
        """A polygon that stands at x, y: its points are shares of its width, to the right, and of its height, upwards."""
        self.polygon([(x + dx * wide, y - dy * high) for dx, dy in points], fill, opacity)

    def path(self, d: str, fill: str, opacity: float = 1):
        self.parts.append(f'<path d="{d}" fill="{fill}" opacity="{opacity}"/>')

    def stroke(self, d: str, colour: str, width: float = 1, opacity: float = 1):
        self.parts.append(
            f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linecap="round" '
            f'stroke-linejoin="round" opacity="{opacity}"/>'
        )

    def ridge(self, y: float, rise: float, fill: str, waves: float = 1.5, opacity: float = 1) -> np.ndarray:
        """Land from a wavy line down to the lower edge. Returns the line: the height at each column, [129]."""
        x, rng = np.arange(SIDE + 1), self.rng
        line = np.zeros(SIDE + 1)
        for k in (1, 2, 3):
            line += np.sin(2 * math.pi * (x / SIDE * waves * k + rng.random())) * rng.uniform(0.5, 1) / k**1.4
        line = y - rise * line / np.abs(line).max()
        points = [(float(i), float(line[i])) for i in range(0, SIDE + 1, 2)]
        self.polygon([(0, SIDE), *points, (SIDE, SIDE)], fill, opacity)
        return line

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Other random numbers for a while: for what only some weathers bring, so that all else stays where it is."""
        kept, self.rng = self.rng, np.random.default_rng(1)
        yield
        self.rng = kept

    def any(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))
