"""How different a photograph and its reconstruction look to a frozen network (Zhang et al. 2018, "The Unreasonable Effectiveness
of Deep Features as a Perceptual Metric", eq. 1, with all weights 1).

Not LPIPS: that name belongs to weights that were learned from people's answers, in another network. A VAE that learned through
this network is flattered by it, and its records say so.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from genai.data import data_root
from genai.errors import UserError
from genai.metrics import pictures
from genai.metrics.context import CHUNK, Context, progress
from genai.metrics.features import Space, spaces
from genai.metrics.reconstructions import reconstructions
from genai.models import backbone
from genai.models.backbone import Backbone
from genai.models.layers import to_signed


@torch.inference_mode()
def perceptual_distance(network: Backbone, images: Tensor, back: Tensor) -> float:
    """The mean over uint8 images [n, C, H, W] and their like, from 0 up: at each place of each scale, the squared difference of
    the channels, these being of unit length; averaged over places, summed over scales."""
    device, total = next(network.parameters()).device, 0.0
    parts = list(zip(images.split(CHUNK // 10), back.split(CHUNK // 10)))
    for a, b in progress(parts, "comparing"):
        maps = zip(network(to_signed(a.to(device))), network(to_signed(b.to(device))))
        scales = [(F.normalize(x) - F.normalize(y)).square().sum(1).mean((1, 2)) for x, y in maps]  # of [B] each
        total += torch.stack(scales).double().sum().item()
    return total / len(images)


def measure(context: Context) -> dict:
    """Raises UserError where no data root has the network's weights."""
    network = _network(context)
    images, back = reconstructions(context)
    others = pictures.other_images(context)
    n = min(len(images), len(others))
    said = network.record()
    said.pop("key", None)
    return {
        "value": perceptual_distance(network.network, images, back), "unit": "squared features", "split": context.held_out,
        "n": len(images), "strangers": perceptual_distance(network.network, images[:n], others[:n]), **said,
    }  # fmt: skip


def _network(context: Context) -> Space:
    for one in spaces(context):
        if isinstance(one.network, Backbone):
            return one
    place = backbone.weights_below(data_root(context.root))
    raise UserError("backbone_missing", name=backbone.NAME, place=str(place), cause="no data root has its weights")
