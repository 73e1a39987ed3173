"""The way back: a picture to the latents that draw it, one for each resolution.

One z for all resolutions draws what the generator would draw anyway; a photograph is matched better where the coarse and the
fine may come from different ones (Abdal et al. 2019, "Image2StyleGAN", W+; here in z, which keeps them likely).
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from genai.models.layers import Residual

WIDTHS = (24, 48, 96, 128)  # each stage halves the resolution
HIDDEN = 192


class Encoder(nn.Module):
    """Images [B, C, H, W] in [-1, 1] -> latents [B, levels, z_dim], as from N(0, I)."""

    def __init__(self, config):
        super().__init__()
        layers: list[nn.Module] = []
        channels, side = config.channels, config.image_size
        for width in WIDTHS:
            layers += [nn.Conv2d(channels, width, 4, stride=2, padding=1), Residual(width)]
            channels, side = width, side // 2
        self.trunk = nn.Sequential(*layers, nn.GroupNorm(1, channels), nn.GELU(), nn.Flatten())
        self.neck = nn.Linear(channels * side * side, HIDDEN)
        self.heads = nn.Linear(HIDDEN, len(config.widths) * config.z_dim)
        self.shape = (len(config.widths), config.z_dim)

    def forward(self, images: Tensor) -> Tensor:
        h = F.gelu(self.neck(self.trunk(images)))
        return self.heads(h).float().view(-1, *self.shape)
