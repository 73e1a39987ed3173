"""What two or more families use."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai.models.batch import Noise

EPS = 1e-7  # under the root of a norm


def to_signed(images: Tensor) -> Tensor:
    """uint8 [0, 255] -> float32 [-1, 1]; `generation.images.to_uint8` goes back."""
    return images.to(torch.float32).div_(127.5).sub_(1)


def shift(images: Tensor, noise: Noise, pixels: int, flip: bool = False) -> Tensor:
    """Translate each image [B, C, H, W] by up to `pixels` along each axis (edges repeat), and flip half of them.

    Whole-pixel moves: differentiable, and nothing is blurred.
    """
    if flip:
        mirrored = noise.uniform(1, 1, 1).to(images.device) < 0.5
        images = torch.where(mirrored, images.flip(-1), images)
    if pixels == 0:
        return images
    B, C, H, W = images.shape
    offset = noise.integers(0, 2 * pixels + 1, 2).to(images.device)  # [B, 2]
    padded = F.pad(images, (pixels,) * 4, mode="replicate")  # [B, C, H + 2p, W + 2p]
    rows = offset[:, 0, None] + torch.arange(H, device=images.device)  # [B, H]
    columns = offset[:, 1, None] + torch.arange(W, device=images.device)  # [B, W]
    padded = padded.gather(2, rows[:, None, :, None].expand(B, C, H, W + 2 * pixels))
    return padded.gather(3, columns[:, None, None, :].expand(B, C, H, W))


def queued(x: Tensor) -> bool:
    """Is it computed while Python goes on, as on a GPU? Then nobody should ask for a number, or how many of something there
    are: that waits for all that is queued."""
    return x.device.type != "cpu"


def widest(device: torch.device) -> torch.dtype:
    """The widest number that a device computes with: Apple's GPUs have no float64."""
    return torch.float32 if device.type == "mps" else torch.float64


@contextlib.contextmanager
def full_precision(device: torch.device) -> Iterator[None]:
    """float32 is computed as float32: neither in half precision, nor by a GPU's convolutions with the ten bits of TF32."""
    cudnn = torch.backends.cudnn
    before, cudnn.allow_tf32 = cudnn.allow_tf32, False
    try:
        with torch.autocast(device.type, enabled=False):
            yield
    finally:
        cudnn.allow_tf32 = before


def norm(x: Tensor) -> Tensor:
    """RMSNorm without parameters (Zhang & Sennrich 2019): x / rms(x) over the last axis.

    Spelled out: for the one token of a decoding step on a CPU, F.rms_norm spends more on dispatch than on arithmetic.
    """
    return x * (x.square().mean(-1, keepdim=True) + EPS).rsqrt()


def attend(q: Tensor, k: Tensor, v: Tensor, causal: bool = False, mask: Tensor | None = None) -> Tensor:
    """Scaled dot-product attention (Vaswani et al. 2017, eq. 1): q, k, v [B, H, T, D] -> [B, H, T, D].

    mask: bool [T, T'], True where a query (row) sees a key (column).
    """
    if q.is_cuda or not torch.is_autocast_enabled("cpu"):
        return F.scaled_dot_product_attention(q, k, v, is_causal=causal, attn_mask=mask)
    if not causal:  # spelled out: over few tokens a quarter faster, once compiled
        scores = (q @ k.transpose(-1, -2) / math.sqrt(q.size(-1))).float()
        return (scores if mask is None else scores.masked_fill(~mask, -math.inf)).softmax(-1).to(v.dtype) @ v
    with torch.autocast("cpu", enabled=False):  # its backward pass in bfloat16 on a CPU takes ten times as long
        return F.scaled_dot_product_attention(q.float(), k.float(), v.float(), is_causal=causal)


class Residual(nn.Module):
    """x [B, width, H, W] plus a 3x3 convolution of it, normalised (GroupNorm of one group)."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.GroupNorm(1, width)
        self.mix = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.mix(F.gelu(self.norm(x)))


class MLP(nn.Module):
    """x [..., width] -> [..., width] with squared ReLU (So et al. 2021, "Primer"); its output starts at zero."""

    def __init__(self, width: int):
        super().__init__()
        self.fc = nn.Linear(width, 4 * width, bias=False)
        self.proj = nn.Linear(4 * width, width, bias=False)
        nn.init.zeros_(self.proj.weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(F.relu(self.fc(x)).square())


def count_parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())
