"""How different the pictures of one caption are, beside how different the renderer's are for the same scene.

Root mean square distance between pictures of the same full caption, over all pairs; 1 is as varied as the training data.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from genai.data import scenes
from genai.metrics.context import FRESH, Context
from genai.metrics.scenes import draw_prompts, prompts

SAMPLES = 6


def spread(images: Tensor) -> float:
    """Mean RMS distance over the pairs of uint8 images [k, C, H, W], in grey levels."""
    flat = images.float().flatten(1)
    distances = torch.pdist(flat) / flat.size(1) ** 0.5
    return distances.mean().item()


def measure(context: Context) -> dict:
    count = context.count(30, 10_000)
    made, drawn = [], []
    for prompt in prompts("seen", "en", count, full=True):
        seeds = [prompt.seed + i for i in range(SAMPLES)]
        made.append(spread(draw_prompts(context, [prompt.caption.text] * SAMPLES, seeds)))
        rng = np.random.default_rng([FRESH, prompt.seed])
        rendered = np.stack([np.asarray(scenes.render(prompt.scene, rng)) for _ in range(SAMPLES)])
        drawn.append(spread(torch.from_numpy(rendered)))
    generated, real = float(np.mean(made)), float(np.mean(drawn))
    return {
        "value": generated / real, "unit": "ratio", "split": "seen", "n": count, "samples": SAMPLES,
        "generated": round(generated, 2), "rendered": round(real, 2),
    }  # fmt: skip
