"""The world: 128x128 illustrations of things in places, with captions in English and Chinese, drawn as they are needed.

From: this code and its drawings; scene i of a split is a function of (seed, split, i): nothing is stored, nothing repeats,
nothing is downloaded.
Checksum: none, for there is no file.
Splits: `train` never shows the combinations that `scene.held_out` names, nor does `seen`, its counterpart for measuring; `level1`
and `level2` show one or two of them in each picture; `all` shows everything.
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
from genai.data.words import WordTokenizer
from genai.data.world.captions import describe, tokenizer
from genai.data.world.cast import SIDE
from genai.data.world.paint import rasterise
from genai.data.world.plans import PLAN, written
from genai.data.world.scene import SPLITS, Scene, random_scene
from genai.data.world.settle import settle

__all__ = ["ABOUT", "OPENINGS", "SPLITS", "load", "sample", "stand_in"]

# Prompts to begin with; those of the two languages side by side need not say the same.
OPENINGS = {
    "en": (
        "a red car on the grass",
        "a small white cat next to a big green tree",
        "three yellow ducks on the sea at sunset",
        "a brown dog under a table in a room",
        "a castle in the snow at night",
        "two orange balloons above a blue house in the rain",
    ),
    "zh": (
        "一个红色的汽车在草地上",
        "雪地里有一座城堡",
        "夕阳下，海上有三只黄色的鸭子",
        "桌子底下有一只棕色的狗",
        "夜空中有两个橙色的气球",
        "下雨天，一匹白马站在一棵大树旁边",
    ),
}

ABOUT = About(kind="captions", held_out="seen", pixels="smooth", scale=4, openings=OPENINGS)


def sample(split: str, seed: int, index: int) -> tuple[Scene, np.random.Generator]:
    """Scene `index` of a split's endless stream, and the generator that goes on to settle and describe it."""
    rng = np.random.Generator(np.random.PCG64([seed, SPLITS.index(split), index]))
    return random_scene(rng, split), rng


def load(split: str, root: Path, targets: str = "caption") -> Procedural:
    """uint8 images [B, 3, 128, 128], with as targets caption ids int64 [B, 40] ("caption"), these and what it shows int64
    [B, 40 + 44] ("plan", see `plans.PLAN`), or nothing: scenes have no classes, 0 [B] ("classes")."""
    words = tokenizer()
    said = {"classes": {}, "caption": {"tokenizer": words}, "plan": {"tokenizer": words, "plan": PLAN}}[targets]
    return Procedural(partial(_make, split, words, targets), (3, SIDE, SIDE), **said)


def _make(split: str, words: WordTokenizer, targets: str, seed: int, indices: np.ndarray) -> tuple[Tensor, Tensor]:
    images, described = [], []
    for index in indices.tolist():
        scene, rng = sample(split, seed, index)
        setting = settle(scene, rng)
        images.append(rasterise(scene, setting))
        if targets == "classes":
            described.append(0)
            continue
        caption = describe(scene, rng)
        ids = words.ids(caption.text)
        described.append(ids + written(scene, setting, caption.order) if targets == "plan" else ids)
    return torch.from_numpy(np.stack(images)).movedim(-1, -3).contiguous(), torch.tensor(described)


def stand_in(root: Path) -> None:
    """Nothing: the world needs no files."""
