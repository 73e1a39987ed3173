"""Scenes as pictures: a backdrop, things on it from back to front, and what the weather puts before them all."""

from __future__ import annotations

from functools import cache

import numpy as np

from genai.data.world.backdrops import backdrop, overlay
from genai.data.world.cast import SIDE, Spot
from genai.data.world.scene import Scene, Seen, View
from genai.data.world.settle import Setting, box_of, settle
from genai.data.world.sprites import FRAME, sprite


def render(scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """A scene as a picture, uint8 [128, 128, 3]. What it leaves open is drawn from `rng`."""
    return rasterise(scene, settle(scene, rng))


def rasterise(scene: Scene, setting: Setting) -> np.ndarray:
    """A scene as it is settled, uint8 [128, 128, 3]."""
    back, sprites, over = layers(scene, setting)
    return compose(back, sprites, setting.spots, over)


def layers(scene: Scene, setting: Setting) -> tuple[np.ndarray, list[np.ndarray], np.ndarray | None]:
    """What a picture is made of: its backdrop uint8 [128, 128, 3]; a sprite uint8 [64, 64, 4] for each of the setting's spots;
    what is before them all, uint8 [128, 128, 4], or None where there is nothing."""
    sprites = []
    for spot in setting.spots:
        group = scene.groups[spot.group]
        sprites.append(sprite(group.kind, spot.drawing, spot.build, group.colour, scene.time, spot.shadow))
    back = backdrop(scene.ground, setting.view, scene.time, scene.weather)
    return back, sprites, overlay(scene.ground, setting.view, scene.time, scene.weather)


def compose(
    back: np.ndarray, sprites: list[np.ndarray], spots: tuple[Spot, ...], over: np.ndarray | None = None
) -> np.ndarray:
    """Put together what `layers` took apart, uint8 [128, 128, 3]: each sprite shrunk to its spot, in the order of the spots."""
    picture = back.astype(np.float32).transpose(2, 0, 1)  # [3, y, x]
    for image, spot in zip(sprites, spots):
        _paste(picture, shrunk(image, spot.side, spot.mirrored), spot.x - spot.side // 2, spot.bottom - spot.side)
    if over is not None:
        _paste(picture, _premultiplied(over), 0, 0)
    return (picture + 0.5).astype(np.uint8).transpose(1, 2, 0)


def shrunk(image: np.ndarray, side: int, mirrored: bool = False) -> np.ndarray:
    """A sprite uint8 [64, 64, 4] at another size, each pixel the mean of what it covers: float32 [4, side, side] in 0..255,
    colours multiplied by alpha."""
    pixels = _premultiplied(image[:, ::-1] if mirrored else image)
    return np.matmul(_areas(side), np.matmul(pixels, _areas(side).T))


def _premultiplied(image: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 4] -> float32 [4, H, W]."""
    pixels = np.ascontiguousarray(image.transpose(2, 0, 1), np.float32)
    pixels[:3] *= pixels[3] * np.float32(1 / 255)
    return pixels


@cache
def _areas(side: int) -> np.ndarray:
    """Which share each of FRAME pixels has in each of `side` pixels, [side, FRAME]: rows add up to 1."""
    edges = np.arange(side + 1) * FRAME / side
    cells = np.arange(FRAME)
    covered = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
    return (covered.clip(0) * side / FRAME).astype(np.float32)


def _paste(picture: np.ndarray, image: np.ndarray, x: int, y: int) -> None:
    """Lay an image [4, h, w], premultiplied, over a picture [3, H, W], its corner at x, y; what is outside is lost."""
    top, left = max(0, -y), max(0, -x)
    image = image[:, top : max(0, SIDE - y), left : max(0, SIDE - x)]
    here = picture[:, y + top : y + top + image.shape[1], x + left : x + left + image.shape[2]]
    here *= 1 - image[3] * np.float32(1 / 255)
    here += image[:3]


def view_of(scene: Scene, setting: Setting) -> View:
    """What somebody who sees all of the picture, and knows the world, says of it."""
    things = []
    for spot in setting.spots:
        group = scene.groups[spot.group]
        things.append(Seen(group.kind, group.colour, group.size, box_of(group.kind, spot)))
    return View(scene.ground, scene.time, scene.weather, tuple(things))
