"""Image tokenizer: an autoencoder whose code is a small grid of integers, by finite scalar quantisation.

FSQ (Mentzer et al. 2023, "Finite Scalar Quantization: VQ-VAE Made Simple") rounds a few bounded channels to a few levels
each. There is no codebook to learn, so none to collapse, and no auxiliary loss to hold one: the loss is that of the picture.

The encoder sees one token's own pixels, no more; the decoder sees all tokens. So what stands on the grid becomes the same
tokens wherever it stands and whatever is beside it, and a model that has to predict them from words has far less to learn
than from an encoder whose tokens depend on their neighbours.

Where the data can show what a picture is made of (shapes, colours, ground), each with nothing else, the code's channels are
shared out among these layers, and learn to say of the picture what they say of their layer alone. A wheel is then the same
digits on whatever car, on whatever road. A second encoder sees the layers, in training only; the first learns to read from
the picture what that one finds. With one for both, the layers' codes gave way to the picture's, and few were left.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai.errors import UserError
from genai.models import family
from genai.models.batch import Batch, Noise
from genai.models.layers import full_precision, queued, to_signed

SQUARES = 4.0  # weight of squared errors beside absolute ones in the loss


@dataclass(frozen=True)
class Config(family.Config):
    image_size: int = 64
    channels: int = 3
    patch: int = 4  # pixels that the decoder's last layer unfolds from channels
    levels: tuple[int, ...] = (8, 8, 8, 8, 8, 8, 8, 8)  # values of each code channel; their product is the vocabulary
    hidden: int = 256  # width of the layers that see one token alone: the encoders, the decoder's first ones
    widths: tuple[int, ...] = (48, 96)  # of the decoder, from the highest resolution down; each further one halves it
    blocks: int = 2  # residual blocks of the encoder, and of the decoder on the code's grid
    layers: tuple[
        int, ...
    ] = ()  # channels for each layer that the data shows alone; none: all of them for the whole picture
    jitter: float = 0.0  # share of digits that training moves by one level before they are decoded
    keep_codes: bool = (
        False  # train what cannot change them alone: whatever has learned these tokens goes on understanding them
    )

    RANGES: ClassVar = {
        "patch": (1, 64),
        "hidden": (1, 65_536),
        "blocks": (0, 64),
        "jitter": (0, 1),
    }

    @property
    def side(self) -> int:
        """Tokens along each side of the picture."""
        return self.image_size // (self.patch * 2 ** (len(self.widths) - 1))

    @property
    def vocabulary(self) -> int:
        return math.prod(self.levels)


class FSQ(nn.Module):
    """Rounds each channel to one of its levels, and numbers the combinations."""

    def __init__(self, levels: tuple[int, ...]):
        super().__init__()
        self.register_buffer("levels", torch.tensor(levels), persistent=False)
        self.register_buffer("basis", torch.tensor((1, *levels[:-1])).cumprod(0), persistent=False)

    def forward(self, z: Tensor) -> Tensor:
        """z [..., D] -> codes [..., D] in [-1, 1], each on its levels; the gradient passes straight through (eq. 1-3)."""
        return self.rounded(self.bounded(z))

    def bounded(self, z: Tensor) -> Tensor:
        """z [..., D] -> within the outermost levels, in levels."""
        half = (self.levels - 1) * (1 + 1e-3) / 2
        offset = torch.where(self.levels % 2 == 0, 0.5, 0.0)
        return torch.tanh(z + torch.atanh(offset / half)) * half - offset

    def rounded(self, bounded: Tensor) -> Tensor:
        """Levels [..., D] -> codes [..., D] in [-1, 1]; the gradient passes straight through."""
        return (bounded + (bounded.round() - bounded).detach()) / (self.levels // 2)

    def jitter(self, codes: Tensor, share: float, noise: Noise) -> Tensor:
        """codes [B, ..., D] with a `share` of the digits one level up or down.

        Whoever predicts tokens from words will now and then be off by one: neighbouring levels come to mean similar
        pictures, and a decoder that sees a token's neighbours learns to mend it.
        """
        if share == 0:
            return codes
        way = noise.uniform(*codes.shape[1:]).to(codes.device)
        moved = codes + ((way < share / 2).float() - (way > 1 - share / 2).float()) / (self.levels // 2)
        return moved.clamp(min=-1).minimum((self.levels - 1 - self.levels // 2) / (self.levels // 2))

    def to_ids(self, codes: Tensor) -> Tensor:
        """codes [..., D] -> ids int64 [...]."""
        return self.join((codes * (self.levels // 2) + self.levels // 2).round().long())

    def to_codes(self, ids: Tensor) -> Tensor:
        """ids int64 [...] -> codes float [..., D]: `to_ids` undone."""
        return (self.digits(ids) - self.levels // 2) / (self.levels // 2)

    def digits(self, ids: Tensor) -> Tensor:
        """ids int64 [...] -> the level of each channel, int64 [..., D]: a number's digits, the lowest first."""
        return ids[..., None] // self.basis % self.levels

    def join(self, digits: Tensor) -> Tensor:
        """`digits` undone: int64 [..., D] -> ids int64 [...]."""
        return (digits * self.basis).sum(-1)


class Residual(nn.Module):
    """x + a convolution of it and a 1x1 after that, which starts at zero."""

    def __init__(self, width: int, kernel: int = 3):
        super().__init__()
        self.mix = nn.Conv2d(width, width, kernel, padding=kernel // 2)
        self.out = nn.Conv2d(width, width, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.out(F.gelu(self.mix(F.gelu(x))))


class ImageTokenizer(family.Family):
    Config = Config

    def __init__(self, config: Config):
        super().__init__()
        if config.image_size % (config.patch * 2 ** (len(config.widths) - 1)):
            raise ValueError(f"image_size {config.image_size} does not divide into a grid of tokens")
        if config.layers and sum(config.layers) != len(config.levels):
            raise ValueError(f"layers {config.layers} must share out all {len(config.levels)} levels")
        self.config = config
        folded, widths, D = config.channels * config.patch**2, config.widths, len(config.levels)
        cell = config.image_size // config.side  # pixels along each side of a token
        self.encoder = self._encoder(cell)
        if config.layers:
            self.layer_encoder = self._encoder(cell)
        keeper = self.layer_encoder if config.layers else self.encoder
        keeper.requires_grad_(not config.keep_codes)
        self.fsq = FSQ(config.levels)
        up: list[nn.Module] = []
        for i, o in pairwise(widths[::-1]):
            up += [nn.GELU(), nn.Conv2d(i, 4 * o, 3, padding=1), nn.PixelShuffle(2), Residual(o)]
        self.decoder = nn.Sequential(
            nn.Conv2d(D, config.hidden, 1), Residual(config.hidden, 1), nn.GELU(), nn.Conv2d(config.hidden, widths[-1], 1),
            *(Residual(widths[-1]) for _ in range(config.blocks)), *up,
            nn.GELU(), nn.Conv2d(widths[0], folded, 3, padding=1), nn.PixelShuffle(config.patch),
        )  # fmt: skip

    def _encoder(self, cell: int) -> nn.Sequential:
        """Images [B, C, H, W] -> [B, D, side, side], each from the `cell` x `cell` pixels of its token."""
        c = self.config
        return nn.Sequential(
            nn.PixelUnshuffle(cell), nn.Conv2d(c.channels * cell**2, c.hidden, 1),
            *(Residual(c.hidden, 1) for _ in range(c.blocks)), nn.GELU(), nn.Conv2d(c.hidden, len(c.levels), 1),
        )  # fmt: skip

    @classmethod
    def options(cls, config: dict) -> dict:
        return super().options(config) | {"layered": bool(config["layers"])}

    @property
    def players(self) -> dict[str, nn.Module]:
        return {"tokenizer": self}

    @property
    def compilable(self) -> tuple[str, ...]:
        return ("encoder", "decoder", *["layer_encoder"] * bool(self.config.layers))

    @property
    def matrices(self) -> list[nn.Parameter]:
        """Filters of the hidden convolutions: the parameters that Muon may orthogonalise (not the code, not the pixels)."""
        nets = [self.encoder, self.decoder, *([self.layer_encoder] if self.config.layers else [])]
        filters = [[m.weight for m in net.modules() if isinstance(m, nn.Conv2d)] for net in nets]
        return [weight for each in filters for weight in each[1:-1]]

    def losses(self, batch: Batch) -> Iterator[tuple[str, Tensor, dict[str, Tensor]]]:
        """Error of the pixels and, so that edges stay sharp, of their differences. batch.inputs uint8, see `encode`.

        Absolute errors alone would let small things go: their median is the ground. Squared ones draw them in first.
        """
        apart = 0.0
        if self.config.layers:
            bounded = self.measure_layers(batch.inputs)
            images, codes = to_signed(batch.inputs[:, 0]), self.fsq.rounded(bounded)
            own = self.fsq.bounded(self.measure_cells(self.encoder, images))
            apart = (own - bounded.detach().round()).square().mean()
            # The later, the more pictures are drawn from what was read from them: up to half of them.
            mine = batch.noise.uniform(1, 1, 1).to(own.device) < batch.progress / 2
            codes = torch.where(mine, self.fsq.rounded(own), codes)
        else:
            images = to_signed(batch.inputs)
            codes = self.quantise(images)
        made = self.draw(self.fsq.jitter(codes, self.config.jitter, batch.noise))
        error = made - images
        pixels = error.abs().mean() + SQUARES * error.square().mean()
        edges = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
        stats = {
            "psnr": -10 * (error.detach() / 2).square().mean().log10(),
            "used": count_distinct(self.fsq.to_ids(codes.detach())) / self.config.vocabulary,
        }
        if self.config.layers:
            stats["apart"] = apart.detach()
        yield "tokenizer", pixels + edges + apart, stats

    def measure_layers(self, inputs: Tensor) -> Tensor:
        """A picture and its layers, uint8 [B, 1 + L, C, H, W] -> each layer's channels of the code from that layer alone,
        bounded, not rounded: [B, side, side, D]."""
        shares = self.config.layers
        if inputs.ndim != 5 or inputs.size(1) != 1 + len(shares):
            raise UserError("data_does_not_fit", family="tokenizer", needs="pictures in layers", got="pictures alone")
        z = self.measure_cells(self.layer_encoder, to_signed(inputs[:, 1:].flatten(0, 1)))
        each = self.fsq.bounded(z).unflatten(0, (len(inputs), -1)).split(shares, -1)  # L of [B, L, side, side, d]
        return torch.cat([share[:, i] for i, share in enumerate(each)], -1)

    def quantise(self, images: Tensor) -> Tensor:
        """Images float [B, C, H, W] in [-1, 1] -> codes [B, side, side, D] on their levels."""
        return self.fsq(self.encoder(images).float().permute(0, 2, 3, 1))

    def measure_cells(self, encoder: nn.Module, images: Tensor) -> Tensor:
        """Images float [B, C, H, W] -> [B, side, side, D], before they are bounded and rounded.

        On a CPU a cell that occurs many times is encoded once: most of a layer is empty. A GPU has encoded them all before
        it could say how many differ.
        """
        if queued(images):
            return encoder(images).float().permute(0, 2, 3, 1)
        side = self.config.side
        cell = images.size(-1) // side
        cells = (
            images.unfold(2, cell, cell).unfold(3, cell, cell).permute(0, 2, 3, 1, 4, 5).flatten(0, 2)
        )  # [M, C, y, x]
        key = cells.flatten(1).double() @ torch.linspace(1, 2, cells[0].numel(), device=cells.device).double().sin()
        _, where = key.unique(return_inverse=True)
        first = torch.empty(int(where.max()) + 1, dtype=torch.int64, device=cells.device)
        first[where] = torch.arange(len(where), device=cells.device)  # any one of them
        return encoder(cells[first]).float()[where, :, 0, 0].unflatten(0, (-1, side, side))

    def draw(self, codes: Tensor) -> Tensor:
        """Codes [B, side, side, D] -> images [B, C, H, W], about in [-1, 1]."""
        return self.decoder(codes.permute(0, 3, 1, 2)).float()

    @torch.no_grad()
    def encode(self, images: Tensor) -> Tensor:
        """Images uint8 [B, C, H, W] -> ids int64 [B, side * side], row by row. Where they come in layers,
        [B, 1 + L, C, H, W], the layers are asked.

        In full precision even where a training computes in half: there every fourth token came out as another one.
        """
        with full_precision(images.device):
            if images.ndim == 5:
                codes = self.fsq.rounded(self.measure_layers(images))
            else:
                codes = self.quantise(to_signed(images))
            return self.fsq.to_ids(codes).flatten(1)

    @torch.no_grad()
    def decode(self, ids: Tensor) -> Tensor:
        """ids int64 [B, side * side] -> images float [B, C, H, W]."""
        side = self.config.side
        return self.draw(self.fsq.to_codes(ids.view(-1, side, side)))


def count_distinct(ids: Tensor) -> Tensor:
    """How many different numbers there are, [], without waiting for a GPU as `unique` does."""
    return (ids.flatten().sort().values.diff() != 0).sum() + 1
