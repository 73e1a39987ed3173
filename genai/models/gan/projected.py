"""A discriminator that looks through a frozen network (Sauer et al. 2021, "Projected GANs Converge Faster").

It never sees pixels, but four scales of a pretrained network's features, mixed by fixed random convolutions across
channels (1x1) and across scales (3x3, coarse to fine): what a small head could exploit on one channel is spread over all.
Each scale has a small head of its own. Real and fake pictures are augmented alike before anybody looks (Zhao et al. 2020,
"Differentiable Augmentation"), so a few thousand pictures suffice.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from genai.models.backbone import SIDE, WIDTHS
from genai.models.batch import Noise

MIXED = 64  # channels of each scale after the fixed projections
HEAD = 128  # width of a head


class Projection(nn.Module):
    """Four feature maps -> four maps of MIXED channels; random, and never trained, but saved: the heads depend on it."""

    def __init__(self):
        super().__init__()
        self.across_channels = nn.ModuleList(_fixed(nn.Conv2d(width, MIXED, 1, bias=False)) for width in WIDTHS)
        self.across_scales = nn.ModuleList(_fixed(nn.Conv2d(MIXED, MIXED, 3, padding=1, bias=False)) for _ in WIDTHS)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        coarser, mixed = None, []
        for features, channels, scales in reversed(list(zip(maps, self.across_channels, self.across_scales))):
            x = channels(features)
            if coarser is not None:
                x = x + F.interpolate(coarser, size=x.shape[2:], mode="bilinear", align_corners=False)
            coarser = scales(x)
            mixed.append(coarser)
        return mixed[::-1]


def _fixed(conv: nn.Conv2d) -> nn.Conv2d:
    nn.init.kaiming_normal_(conv.weight, nonlinearity="linear")
    return conv.requires_grad_(False)


class Head(nn.Module):
    """One scale's verdict: features [B, MIXED, side, side] -> logits [B, K], a verdict for each of K places.

    Of a known class by projection, as `Discriminator` does (Miyato & Koyama 2018).
    """

    def __init__(self, side: int, classes: int):
        super().__init__()
        layers: list[nn.Module] = []
        width = MIXED
        while side > 8:
            layers += [spectral_norm(nn.Conv2d(width, HEAD, 4, stride=2, padding=1)), nn.LeakyReLU(0.2)]
            side, width = side // 2, HEAD
        self.body = nn.Sequential(*layers)
        self.out = spectral_norm(nn.Conv2d(width, 1, min(4, side)))
        self.embedding = nn.Embedding(classes, width) if classes else None
        if classes:
            nn.init.zeros_(self.embedding.weight)  # nothing between these features and the network's own bounds them

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        h = self.body(x)
        logits = self.out(h).flatten(1)
        if self.embedding is not None:
            logits = logits + (h.mean((2, 3)) * self.embedding(labels)).sum(1, keepdim=True) / math.sqrt(h.size(1))
        return logits


class ProjectedDiscriminator(nn.Module):
    """The backbone's four maps and class labels [B] -> logits [B, K], of all places of all scales."""

    def __init__(self, config):
        super().__init__()
        self.projection = Projection()
        self.heads = nn.ModuleList(Head(SIDE // 2 ** (2 + i), config.classes) for i in range(len(WIDTHS)))

    def forward(self, maps: list[Tensor], labels: Tensor) -> Tensor:
        mixed = self.projection(maps)
        return torch.cat([head(x, labels) for head, x in zip(self.heads, mixed)], dim=1).float()


def augment(images: Tensor, noise: Noise) -> Tensor:
    """DiffAugment's three, one draw for each picture [B, C, H, W] in [-1, 1]: colour (brightness, saturation, contrast), a
    shift by up to an eighth of the side, and a square of a third of it cut out."""
    return augment_by(images, noise.uniform(7))


def augment_by(images: Tensor, draw: Tensor) -> Tensor:
    """The same, as `draw` [B, 7] in [0, 1) says: two pictures by one draw are changed alike."""
    B, _, H, W = images.shape
    u = draw.to(images.device).view(B, 7, 1, 1, 1)
    x = images + 0.5 * (u[:, 0] - 0.5)
    grey = x.mean(1, keepdim=True)
    x = (x - grey) * (0.5 + u[:, 1]) + grey
    mean = x.mean((1, 2, 3), keepdim=True)
    x = (x - mean) * (0.5 + u[:, 2]) + mean
    ys, xs = (torch.arange(n, device=x.device, dtype=x.dtype) for n in (H, W))
    # Whole pixels; what is shifted in is grey.
    dy, dx = (((u[:, i, 0, 0, 0] * 2 - 1) * (n // 8 + 0.499)).round() for i, n in ((3, H), (4, W)))
    rows, columns = ys[None] + dy[:, None], xs[None] + dx[:, None]  # where each row and column comes from
    inside = (_within(rows, H)[:, None, :, None] & _within(columns, W)[:, None, None, :]).to(x.dtype)
    x = x.gather(2, rows.clamp(0, H - 1).long()[:, None, :, None].expand_as(x))
    x = x.gather(3, columns.clamp(0, W - 1).long()[:, None, None, :].expand_as(x)) * inside
    top, left = u[:, 5, 0, 0, 0] * H - H / 6, u[:, 6, 0, 0, 0] * W - W / 6
    cut_rows = (ys[None] >= top[:, None]) & (ys[None] < top[:, None] + H / 3)
    cut_columns = (xs[None] >= left[:, None]) & (xs[None] < left[:, None] + W / 3)
    return x * (~(cut_rows[:, None, :, None] & cut_columns[:, None, None, :])).to(x.dtype)


def _within(at: Tensor, size: int) -> Tensor:
    return (at >= 0) & (at < size)
