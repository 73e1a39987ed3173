"""Scenes: small coloured illustrations with captions in English and Chinese, drawn as they are needed.

From: this code; scene i of a split is a function of (seed, split, i): nothing is stored, nothing repeats, nothing is downloaded.
Checksum: none, for there is no file.
Splits: `train` never shows the combinations of holdout.json, nor does `seen`, its counterpart for measuring; `level1` and
`level2` show one or two of them in each picture; `all` shows everything.
Licence: that of this code.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genai.data.about import About
from genai.data.base import Procedural
from genai.data.scenes.captions import Caption, describe
from genai.data.scenes.draw import GRID, GROUND_VIEWS, SIDE, Setting, layers, rasterise, render, settle
from genai.data.scenes.prompts import CAPTION_LENGTH, OPENINGS, ScenePrompts, tokenizer
from genai.data.scenes.world import (
    COLOURS,
    GROUNDS,
    KINDS,
    MAX_COUNT,
    RELATIONS,
    SIZES,
    SPLITS,
    Scene,
    Thing,
    held_out,
    holdout,
    random_scene,
)
from genai.data.words import WordTokenizer

__all__ = [
    "ATTRIBUTES", "CAPTION_LENGTH", "COLOURS", "GROUNDS", "KINDS", "PLACES", "PLAN", "RELATIONS", "SIZES", "SPLITS",
    "Caption", "Scene", "Thing", "attributes", "describe", "held_out", "holdout", "load", "plan", "render", "sample", "settle",
    "tokenizer",
]  # fmt: skip

ARRANGEMENTS = ("one", "two", "three", "four", "left_of", "above", "on", "in_front_of")

# What a judge answers about a picture, each with its choices. Of two things, the first is the left, upper or front one.
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "ground": GROUNDS,
    "arrangement": ARRANGEMENTS,
    "kind": KINDS, "colour": COLOURS, "size": SIZES,
    "kind2": ("none", *KINDS), "colour2": ("none", *COLOURS), "size2": ("none", *SIZES),
}  # fmt: skip

ABOUT = About(
    kind="captions", held_out="seen", judge="judge-scenes", pixels="crisp", scale=4, openings=OPENINGS,
    prompts=ScenePrompts(), questions=ATTRIBUTES,
)  # fmt: skip


def attributes(scene: Scene) -> dict[str, str]:
    """A scene as answers to ATTRIBUTES."""
    plain = scene.canonical()
    first, second = plain.things[0], plain.things[1] if plain.relation else Thing("none", "none", "none")
    return {
        "ground": plain.ground, "arrangement": plain.relation or ARRANGEMENTS[plain.count - 1],
        "kind": first.kind, "colour": first.colour, "size": first.size,
        "kind2": second.kind, "colour2": second.colour, "size2": second.size,
    }  # fmt: skip


# What a picture of a scene shows, all of it, in the order in which a painter settles it: what there is, then where. A place
# is the cell of the grid that a thing's lower edge stands in, at its middle.
PLAN: dict[str, tuple[str, ...]] = {
    name: ATTRIBUTES[name] for name in ("arrangement", "ground", "kind", "kind2", "colour", "colour2", "size", "size2")
} | {"view": tuple(map(str, range(GROUND_VIEWS)))}  # fmt: skip
PLACES = (MAX_COUNT, 1)  # of the first thing, of the second


def plan(scene: Scene, setting: Setting) -> list[int]:
    """A scene as it is settled, as an index for each entry of PLAN and each of PLACES (the number of cells: nowhere)."""
    answers = attributes(scene) | {"view": str(setting.view)}
    first, cells = scene.canonical().things[0], SIDE // GRID
    stand: tuple[list[int], ...] = ([], [])
    for thing, x, bottom in setting.spots:
        stand[thing != first].append((bottom // GRID - 1) * cells + min(x // GRID, cells - 1))
    places = [cell for spots, most in zip(stand, PLACES) for cell in (spots + [cells**2] * most)[:most]]
    return [choices.index(answers[name]) for name, choices in PLAN.items()] + places


def sample(split: str, seed: int, index: int) -> tuple[Scene, np.random.Generator]:
    """Scene `index` of a split's endless stream, and the generator that goes on to draw and describe it."""
    rng = np.random.Generator(np.random.PCG64([seed, SPLITS.index(split), index]))
    return random_scene(rng, split), rng


def load(split: str, root: Path, targets: str = "caption", layered: bool = False) -> Procedural:
    """uint8 images [B, 3, 64, 64], with as targets caption ids int64 [B, 20] ("caption"), these and what the picture shows
    int64 [B, 20 + 14] ("plan", see PLAN and PLACES), indices into ATTRIBUTES int64 [B, 8] ("attributes"), or nothing: scenes
    have no classes, 0 [B] ("classes").

    layered: with what each picture is made of, the picture first: uint8 [B, 5, 3, 64, 64], see `draw.layers`.
    """
    words = tokenizer()
    said = {
        "classes": {}, "attributes": {"answers": tuple(map(len, ATTRIBUTES.values()))},
        "caption": {"tokenizer": words}, "plan": {"tokenizer": words, "plan": PLAN, "places": PLACES},
    }  # fmt: skip
    return Procedural(partial(_make, split, words, targets, layered), (3, SIDE, SIDE), **said[targets])


def _make(
    split: str, words: WordTokenizer, targets: str, layered: bool, seed: int, indices: np.ndarray
) -> tuple[Tensor, Tensor]:
    images, described = [], []
    for index in indices.tolist():
        scene, rng = sample(split, seed, index)
        setting = settle(scene, rng)
        images.append(layers(scene, setting) if layered else np.asarray(rasterise(scene, setting)))
        if targets == "classes":
            described.append(0)
        elif targets == "attributes":
            answers = attributes(scene)
            described.append([c.index(answers[name]) for name, c in ATTRIBUTES.items()])
        else:
            ids = words.ids(describe(scene, rng).text)
            described.append(ids + plan(scene, setting) if targets == "plan" else ids)
    return torch.from_numpy(np.stack(images)).movedim(-1, -3).contiguous(), torch.tensor(described)


def stand_in(root: Path) -> None:
    """Nothing: scenes need no files."""
