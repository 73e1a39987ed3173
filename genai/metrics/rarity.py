"""How rare a VAE finds test pictures: what a visitor's own picture is placed among.

rarity: -log p(mu) of a picture's latent under the prior that samples come from, in nats.  off: how far the reconstruction is
from the picture, the mean absolute difference in grey levels. Both as 101 quantiles, from the least to the most.
`train`: the median rarity of as many training pictures; where that is much lower, the prior knows them by heart.
"""

from __future__ import annotations

import torch
from torch import Tensor

from genai.metrics.context import CHUNK, Context, progress


@torch.inference_mode()
def rarity_and_loss(model, images: Tensor, device: torch.device) -> tuple[Tensor, Tensor]:
    """Images uint8 [N, C, H, W] -> rarity [N], nats, and mean absolute error [N], grey levels; float64 on the CPU."""
    rarities, errors = [], []
    for chunk in progress(images.split(CHUNK // 5), "rarity"):
        x = chunk.to(device).float() / 255
        mu, _ = model.encode(x)
        rarities.append(-model.log_prior(mu).double().cpu())
        errors.append(255 * (model.decode(mu) - x).abs().flatten(1).mean(1).double().cpu())
    return torch.cat(rarities), torch.cat(errors)


def quantiles(values: Tensor, count: int = 101) -> list[float]:
    """From the least of the values [N] to the greatest."""
    return [round(v, 3) for v in values.quantile(torch.linspace(0, 1, count, dtype=values.dtype)).tolist()]


def measure(context: Context) -> dict:
    """The first 10,000 test images and as many of those that it learned from; of fewer, all."""
    n = context.count(10_000, len(context.test))
    split = context.meta.training.get("split", "train")
    seen = min(n, len(context.data(split)))
    rare, off = rarity_and_loss(context.model, context.pictures(context.held_out, range(n))[0], context.device)
    known, _ = rarity_and_loss(context.model, context.pictures(split, range(seen))[0], context.device)
    return {
        "value": rare.median().item(),
        "unit": "nats",
        "split": context.held_out,
        "n": n,
        "train": known.median().item(),
        "rarity": quantiles(rare),
        "off": quantiles(off),
    }
