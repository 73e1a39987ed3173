"""Fréchet distance between generated and real images (Heusel et al. 2017), in a classifier's features.

Not an FID: that name belongs to Inception's features, and figures in two feature spaces do not compare. Nor do figures of two
sample counts: the distance falls with n. Beside each stands its floor: what real images score, that the network never saw.
"""

from __future__ import annotations

from torch import Tensor, nn

from genai.metrics import pictures
from genai.metrics.context import CHUNK, Context
from genai.metrics.features import Seen, space


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


def measure(context: Context) -> dict:
    """10,000 samples against 10,000 test images; `floor`: 10,000 other real images against the same."""
    return _record(context, pictures.samples(context)) | {"truncation_psi": context.model.config.truncation_psi}


def measure_prior(context: Context) -> dict:
    """The same of a VAE's samples; `normal`: of N(0, I) in its learned prior's place."""
    normal = frechet_distance(pictures.real(context).features, pictures.normal_samples(context).features)
    return _record(context, pictures.samples(context)) | {"normal": normal, "pixels": "means"}


def _record(context: Context, drawn: Seen) -> dict:
    real, others = pictures.real(context).features, pictures.others(context).features
    return {
        "value": frechet_distance(real, drawn.features), "unit": "squared features", "split": context.held_out,
        "n": len(drawn.features), "floor": frechet_distance(real, others), "floor_n": len(others),
        "floor_split": context.about.unseen, **space(context).record(),
    }  # fmt: skip
