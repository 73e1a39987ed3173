"""Fréchet distance between generated and real images (Heusel et al. 2017), in our classifier's features.

Not an FID: that name belongs to Inception's features, and figures in two feature spaces do not compare. Nor
do figures of two sample counts: the distance falls with n. `fd_floor` is what a perfect generator scores.
"""

from __future__ import annotations

from torch import Tensor, nn

from genai.metrics.context import CHUNK, Context


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
    """10,000 samples against 10,000 test images."""
    real, fake = context.real.features, context.fake.features
    value = frechet_distance(real, fake)
    return {
        "value": value,
        "unit": "squared features",
        "split": "test",
        "n": len(fake),
        "features": context.classifier_name,
        "truncation_psi": context.model.config.truncation_psi,
    }
