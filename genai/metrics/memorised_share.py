"""Copies? The share of samples that are nearer to a training picture than the nearest 1 % of test pictures are.

0.01 is what pictures score that have nothing to do with those that were learned from, by construction. A model that returns
its training pictures scores 1, and pleases every metric that asks how real its samples are. Where the mirror image of a picture
is as good as the picture, the nearer of the two counts.
"""

from __future__ import annotations

import torch
from torch import Tensor

from genai.metrics import pictures
from genai.metrics.context import Context
from genai.metrics.features import Space, in_each
from genai.models.neighbours import nearest

SHARE = 0.01  # of the test pictures: so near to a training picture one may be by chance


def memorised_share(test: Tensor, fake: Tensor, training: Tensor, share: float = SHARE) -> tuple[float, float]:
    """The share in [0, 1] of fake pictures nearer to a training picture than `share` of the test pictures are, and that distance.

    test, fake: features [N, V, F] and [M, V, F] of a picture and, for V = 2, its mirror image.  training: features [T, F].
    """
    near = torch.quantile(nearest(test, training)[0][:, 0], share)
    return (nearest(fake, training)[0][:, 0] < near).double().mean().item(), near.item()


def measure(context: Context) -> list[dict]:
    """All samples, all test pictures, and of the training pictures the first 60,000; `near`: the distance that is too near."""

    def record(space: Space) -> dict:
        ways = (False, True) if context.about.mirrored else (False,)
        test, drawn = (
            torch.stack([look(context, space, mirrored).features for mirrored in ways], 1)
            for look in (pictures.real, pictures.samples)
        )
        training = pictures.learned(context, space).features
        value, near = memorised_share(test, drawn, training)
        return {
            "value": value, "unit": "share", "split": context.held_out, "n": len(test), "samples": len(drawn),
            "training_pictures": len(training), "near": near, "expected": SHARE, "mirrored": context.about.mirrored,
            "truncation_psi": context.model.config.truncation_psi,
        }  # fmt: skip

    return in_each(context, record)
