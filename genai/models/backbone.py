"""A frozen network that was trained elsewhere, through whose features pictures can be compared and judged.

EfficientNet-Lite0 (Tan & Le 2019; ImageNet-1k), by timm. Training and measuring may look through it; no page and no
checkpoint needs it.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

NAME = "tf_efficientnet_lite0"
SIDE = 128  # pixels that pictures are enlarged to, so that a small one has features at every scale
WIDTHS = (24, 40, 112, 320)  # channels of its last four scales, at 1/4, 1/8, 1/16 and 1/32 of the side


class Backbone(nn.Module):
    """Pictures [B, 1 or 3, H, W] in [-1, 1] -> four feature maps [B, WIDTHS[i], SIDE / 4, / 8, / 16, / 32].

    Args:
        weights: a safetensors file with timm's names; None: timm fetches them from its hub.
    """

    def __init__(self, weights: str | Path | None = None):
        super().__init__()
        self.features = _network(pretrained=weights is None)
        if weights is not None:
            self.features.load_state_dict(load_file(weights), strict=False)  # the classifier is left out
        fold(self.features)
        self.to(memory_format=torch.channels_last).eval().requires_grad_(False)

    def train(self, mode: bool = True) -> Backbone:
        """Never: its statistics are part of what is frozen."""
        return super().train(False)

    def __deepcopy__(self, memo: dict) -> Backbone:
        """One for all copies of a model that looks through it: it never changes."""
        return self

    def forward(self, images: Tensor) -> list[Tensor]:
        # Never in half precision: on a CPU its backward pass is slower there.
        with torch.autocast(images.device.type, enabled=False):
            images = images.float().expand(-1, 3, -1, -1)
            if images.size(-1) != SIDE:
                images = F.interpolate(images, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
            return self.features(images.contiguous(memory_format=torch.channels_last))


def fold(module: nn.Module) -> None:
    """Make each normalisation part of the convolution before it: the same function, up to rounding, in half the time.

    Nothing normalises any more, so what stays of such a layer is its activation.
    """
    before = None
    for name, child in list(module.eval().named_children()):
        if isinstance(child, nn.BatchNorm2d) and before:
            setattr(module, before, fuse_conv_bn_eval(module.get_submodule(before), child))
            setattr(module, name, getattr(child, "act", nn.Identity()))
        else:
            fold(child)
        before = name if isinstance(child, nn.Conv2d) else None


def weights_below(root: Path) -> Path:
    """Where a data root has them."""
    return root / "weights" / f"{NAME}.safetensors"


def stand_in(root: Path) -> None:
    """Weights that know nothing, where a data root has those that do: for a test, or for timing a step."""
    path = weights_below(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        save_file(_network(pretrained=False).state_dict(), path)


def _network(pretrained: bool) -> nn.Module:
    import timm  # imported late: only training and measuring need it

    return timm.create_model(NAME, pretrained=pretrained, features_only=True, out_indices=(1, 2, 3, 4))
