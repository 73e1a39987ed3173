"""Fréchet distance between generated and real images (Heusel et al. 2017), in a network's features.

Not an FID: that name belongs to Inception's features, and figures in two feature spaces do not compare. Nor do figures of two
sample counts: the distance falls with n. Beside each stands its floor: what real images score, that the network never saw.
"""

from __future__ import annotations

from torch import Tensor, nn

from genai.metrics import pictures
from genai.metrics.context import CHUNK, Context
from genai.metrics.features import Space, in_each
from genai.metrics.reconstructions import reconstructions


class Features(nn.Module):
    """A feature extractor for torchmetrics whose inputs are features already: [B, F] -> [B, F]."""

    def __init__(self, num_features: int):
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features


def frechet_distance(real: Tensor, fake: Tensor) -> float:
    """|mu_r - mu_f|^2 + tr(C_r + C_f - 2 (C_r C_f)^(1/2)) of features [N, F] and [M, F], in float64.

    In squared units of the features. Singular covariances (N <= F) are allowed.
    """
    from torchmetrics.image.fid import FrechetInceptionDistance  # seconds to import, so only when needed

    distance = FrechetInceptionDistance(feature=Features(real.size(1)))
    for features, is_real in ((real, True), (fake, False)):
        for chunk in features.double().split(CHUNK):
            distance.update(chunk, real=is_real)
    return distance.compute().item()


def measure(context: Context) -> list[dict]:
    """The samples against the test images; `floor`: other real images against the same."""
    return in_each(
        context, lambda space: _record(context, space) | {"truncation_psi": context.model.config.truncation_psi}
    )


def measure_prior(context: Context) -> list[dict]:
    """The same of a VAE's samples; `normal`: of N(0, I) in its learned prior's place."""

    def record(space: Space) -> dict:
        normal = pictures.normal_samples(context, space).features
        return _record(context, space) | {
            "normal": frechet_distance(pictures.real(context, space).features, normal),
            "pixels": "means",
        }

    return in_each(context, record)


def measure_reconstructions(context: Context) -> list[dict]:
    """A VAE's reconstructions of the test images against these; `floor`: as many other real images."""

    def record(space: Space) -> dict:
        real = pictures.real(context, space).features
        back = space.look(reconstructions(context)[1], "reconstructions").features
        others = pictures.others(context, space).features[: len(real)]
        return {
            "value": frechet_distance(real, back), "unit": "squared features", "split": context.held_out, "n": len(back),
            "floor": frechet_distance(real, others), "floor_n": len(others), "floor_split": context.about.unseen,
        }  # fmt: skip

    return in_each(context, record)


def _record(context: Context, space: Space) -> dict:
    real, others = pictures.real(context, space).features, pictures.others(context, space).features
    drawn = pictures.samples(context, space).features
    return {
        "value": frechet_distance(real, drawn), "unit": "squared features", "split": context.held_out, "n": len(real),
        "samples": len(drawn), "floor": frechet_distance(real, others), "floor_n": len(others),
        "floor_split": context.about.unseen,
    }  # fmt: skip
