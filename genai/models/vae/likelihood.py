"""What a decoder's logits say about pixels: log p(x|z), the reconstruction term of the bound.

Of either the mean image is logits.sigmoid(), in [0, 1].
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HALF = 1 / 255  # half of a grey level's width, where black is -1 and white 1


class Bernoulli(nn.Module):
    """Pixels are black or white."""

    def log_prob(self, x: Tensor, logits: Tensor) -> Tensor:
        return log_bernoulli(x, logits)


class Logistic(nn.Module):
    """Pixels are grey levels, the mass of a logistic distribution around the mean that falls on each: the discretised
    logistic of Kingma et al. 2016 ("Improved variational inference with inverse autoregressive flow", section 5 of its
    appendix), whose outermost levels take what lies beyond (Salimans et al. 2017, "PixelCNN++", eq. 2). One scale a channel.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.log_scales = nn.Parameter(torch.full((channels,), -2.0))

    def log_prob(self, x: Tensor, logits: Tensor) -> Tensor:
        """log p(x | logits) summed over pixels and channels: [B], nats. x [B, C, H, W] in {0, 1/255, ..., 1}."""
        with torch.autocast(x.device.type, enabled=False):
            precision = (-self.log_scales).exp()[:, None, None]
            off = (2 * x.float() - 1) - (2 * logits.float().sigmoid() - 1)
            above, below = precision * (off + HALF), precision * (off - HALF)
            # s(a) - s(b) = s(a) s(-b) (1 - exp(b - a)), of which nothing is lost where both are nearly 0 or 1.
            up_to, from_on = F.logsigmoid(above), F.logsigmoid(-below)
            inside = up_to + from_on + torch.log(-torch.expm1(-2 * HALF * precision))
            levels = torch.where(x < HALF / 2, up_to, torch.where(x > 1 - HALF / 2, from_on, inside))
            return levels.flatten(1).sum(1)


LIKELIHOODS = {"bernoulli": lambda channels: Bernoulli(), "logistic": Logistic}


def log_bernoulli(x: Tensor, logits: Tensor) -> Tensor:
    """log p(x | logits) summed over pixels: [B], nats."""
    return -F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)
