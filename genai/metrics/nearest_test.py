"""How near a picture that nobody learned from is to the nearest one that the features were learned from.

The distances of the test pictures, as quantiles: they make a percentile of the distance of any other picture. A sample at the
second percentile is nearer to a training picture than 98 % of the test pictures are.
"""

from __future__ import annotations

import torch

from genai.errors import UserError
from genai.metrics import pictures
from genai.metrics.context import Context

QUANTILES = 101  # the 0th to the 100th percentile


def measure(context: Context) -> dict:
    """The median, and all quantiles. Raises UserError for a model without a gallery."""
    if not (gallery := context.model.config.gallery):
        raise UserError(
            "data_does_not_fit", family=context.meta.family, needs="a gallery, which it has of up to 20,000 pictures",
            got="none",
        )  # fmt: skip
    distances = context.model.nearest(pictures.real_images(context))[0][:, 0].cpu().double()
    quantiles = torch.quantile(distances, torch.linspace(0, 1, QUANTILES, dtype=torch.float64))
    return {
        "value": quantiles[QUANTILES // 2].item(), "unit": "features", "split": context.held_out, "n": len(distances),
        "gallery": gallery, "quantiles": [float(f"{q:.5g}") for q in quantiles.tolist()],
    }  # fmt: skip
