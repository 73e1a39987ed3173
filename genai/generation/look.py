"""Looks at a model in training, the same seeds every time. A family's own stands beside its actions:

@look("gan")
def look_at(model, meta, data) -> a picture uint8 [H, W, C], or text
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from torch import nn

from genai.checkpoint import Meta
from genai.data import about
from genai.generation import images

Look = Callable[[nn.Module, Meta, object], np.ndarray | str]

LOOKS: dict[str, Look] = {}
SCALE = 2
COLUMNS = 8  # of samples that belong to no class


def look(family: str) -> Callable[[Look], Look]:
    """Register the decorated function: how a model of `family` is looked at while it learns from `data`."""

    def register(draw: Look) -> Look:
        LOOKS[family] = draw
        return draw

    return register


def take_look(model: nn.Module, meta: Meta, path: Path, data) -> None:
    """Write a picture (PNG) or a text (TXT) at `path`; nothing for a family that nobody looks at."""
    if meta.family not in LOOKS:
        return
    seen = LOOKS[meta.family](model, meta, data)
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(seen, str):
        path.with_suffix(".txt").write_text(seen, encoding="utf-8")
    else:
        images.to_pil(seen, SCALE, about(meta.dataset).pixels == "smooth").save(path.with_suffix(".png"))
