"""Things as pictures: each an SVG drawing, in any colour, by the light of any time of day.

A drawing is linear in its colours: wherever its shapes lie over one another, a pixel is what the fixed colours leave there plus
a share of each of the four tones. These shares are rendered once for each drawing; a colour in some light is then one matrix.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from genai.data.world.colours import GAIN, LIFT, TONES, rgb
from genai.data.world.svg import rasterise

FRAME = 64  # pixels along each side of a sprite
FOOT = 62  # where in its frame stands what stands
BUILDS = 4  # of each drawing: with either, both or none of its two groups of details
FOLDER = Path(__file__).with_name("drawings")
VISIBLE = 64  # alpha from which a pixel counts as part of a thing

SHADE = np.array((22, 26, 48), np.float32)  # the colour of shadows on the ground
SHADOW = {"day": 0.4, "sunset": 0.44, "night": 0.5}  # how deep they are


@cache
def drawings(kind: str) -> int:
    """How many drawings there are of a kind."""
    return len(list(FOLDER.glob(f"{kind}-[0-9].svg")))


@lru_cache(maxsize=3000)
def sprite(kind: str, drawing: int, build: int, colour: str, time: str, shadow: bool) -> np.ndarray:
    """A thing in its own frame, uint8 [64, 64, 4] RGBA, straight alpha; to be read, not written.

    Args:
        drawing: 0 to `drawings(kind)` - 1.  build: 0 to 3, see `BUILDS`.
        shadow: with a soft shadow at its foot, for what stands on something.
    """
    shares = _shares(kind, drawing, build).astype(np.float32)
    pixels, alpha = _paint(colour, time) @ shares, shares[7] / 255  # [3, 4096] premultiplied, [4096]
    if shadow:
        under = _shadow(kind, drawing, build) * (SHADOW[time] * (1 - alpha))
        pixels, alpha = pixels + SHADE[:, None] * under, alpha + under
    image = np.empty((4, FRAME * FRAME), np.float32)
    np.divide(pixels, np.maximum(alpha, 1e-3), out=image[:3])
    np.multiply(alpha, 255, out=image[3])
    image = np.clip(image + 0.5, 0, 255).astype(np.uint8).T.reshape(FRAME, FRAME, 4)
    image.flags.writeable = False
    return image


@cache
def box(kind: str, drawing: int, build: int) -> tuple[int, int, int, int]:
    """What of its frame a thing fills: left, top, right, bottom."""
    seen = _seen(kind, drawing, build)
    columns, rows = np.flatnonzero(seen.any(0)), np.flatnonzero(seen.any(1))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


@cache
def top(kind: str, drawing: int, build: int) -> np.ndarray:
    """Where a thing begins, from above: for each column of its frame a row, int [64]; FOOT where there is nothing of it."""
    seen = _seen(kind, drawing, build)
    return np.where(seen.any(0), seen.argmax(0), FOOT)


def coloured(kind: str, drawing: int, build: int) -> float:
    """The share of what is seen of a thing that shows its colour, in any of its four tones."""
    shares = _shares(kind, drawing, build).astype(np.float32)
    return float(shares[3:7].sum() / shares[7].sum())


def _seen(kind: str, drawing: int, build: int) -> np.ndarray:
    return (_shares(kind, drawing, build)[7] > VISIBLE).reshape(FRAME, FRAME)


@cache
def _shares(kind: str, drawing: int, build: int) -> np.ndarray:
    """What a drawing is made of, uint8 [8, 4096]: what its fixed colours leave (RGB, premultiplied), the shares of its own tone,
    the paler one, the deeper one and that of its edges, alpha."""
    svg = (FOLDER / f"{kind}-{drawing}.svg").read_text(encoding="utf-8")
    hidden = "".join(f".{name}{{display:none}}" for bit, name in enumerate("ab") if not build >> bit & 1)
    none, fills, edges = (
        _rasterise(_styled(svg, tones, hidden))
        for tones in (("#000",) * 4, ("#f00", "#0f0", "#00f", "#000"), ("#000", "#000", "#000", "#f00"))
    )
    parts = [none[:3], fills[:3] - none[:3], edges[:1] - none[:1], none[3:]]
    return np.concatenate(parts).round().clip(0, 255).astype(np.uint8)


def _styled(svg: str, tones: tuple[str, ...], more: str = "") -> str:
    """A drawing in other tones than those that it comes with: of two rules the later one holds."""
    main, light, dark, line = tones
    rules = f".main{{fill:{main}}}.light{{fill:{light}}}.dark{{fill:{dark}}}.line{{stroke:{line}}}{more}"
    return svg.replace("</style>", rules + "</style>", 1)


def _rasterise(svg: str) -> np.ndarray:
    """float32 [4, 4096] in 0..255, premultiplied."""
    image = rasterise(svg, FRAME).astype(np.float32).reshape(-1, 4).T
    image[:3] *= image[3] / 255
    return image


@cache
def _paint(colour: str, time: str) -> np.ndarray:
    """What makes the pixels of a colour, in the light of a time of day, of `_shares`: [3, 8]."""
    gain = np.diag(np.array(GAIN[time], np.float32))
    tones = np.stack([rgb(tone) for tone in TONES[colour]], axis=1) / 255  # a column for each
    return np.concatenate([gain, gain @ tones, np.array(LIFT[time], np.float32)[:, None] / 255], axis=1)


@cache
def _shadow(kind: str, drawing: int, build: int) -> np.ndarray:
    """How dark it is under a thing, [4096] in 0..1: below its lowest parts, softer to the sides and up."""
    alpha = _shares(kind, drawing, build)[7].reshape(FRAME, FRAME) / 255
    reach = np.arange(-6, 7)
    soft = np.convolve(np.pad(alpha[FOOT - 9 :].max(0), 6), np.exp(-((reach / 3.2) ** 2)), "valid")
    depth = np.exp(-(((np.arange(FRAME)[:, None] - (FOOT - 0.6)) / 1.9) ** 2))
    return (depth * np.minimum(soft / 4.5, 1)).astype(np.float32).ravel()
