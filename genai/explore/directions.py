"""Directions of a GAN's latent space that change its pictures most, for somebody to look at and to name.

GANSpace (Härkönen et al. 2020) takes principal components of styles; those of the pictures, as far as latents explain them,
say more of what one sees. The latents z of some resolutions are drawn anew for each of many samples, small versions x of the
pictures are regressed on them, x = B z + noise, and the singular vectors of B are the directions, in order of how much of the
pictures' variance each explains: reduced-rank regression (Izenman 1975), z being white.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai.generation import noise

SAMPLES, CHUNK = 3_000, 100
SIDE = 16  # of the small pictures
REACH = 0.45  # how far a slider's end is: where the small picture has changed by so much, root mean square, of 2 in all
SHORTEST, LONGEST = 1.5, 4.0  # ... within so many standard deviations of a latent along the direction
OTHERS = 2**31  # seeds of the resolutions that are not looked at


def levels_apart(config) -> list[tuple[int, ...]]:
    """Groups of resolutions that are looked at apart: the coarsest, the next, those in the middle, the finest two."""
    count = len(config.widths)
    return [
        group for group in ((0,), (1,), tuple(range(2, count - 2)), tuple(range(max(2, count - 2), count))) if group
    ]


@torch.inference_mode()
def candidates(model: nn.Module, levels: tuple[int, ...], count: int, samples: int = SAMPLES) -> tuple[Tensor, Tensor]:
    """(vectors [count, z_dim], shares [count]): what 1 adds to the latents of `levels`, and which share of the small pictures'
    variance the direction explains. Signs: 1 is the brighter side."""
    parts = [_drawn(model, levels, range(n, min(n + CHUNK, samples))) for n in range(0, samples, CHUNK)]
    z, x = (torch.cat(part).double() for part in zip(*parts))
    x = x - x.mean(0)
    response = torch.linalg.lstsq(z - z.mean(0), x).solution  # [z_dim, pixels]
    left, strengths, right = torch.linalg.svd(response, full_matrices=False)
    signs = right[:count].sum(1).sign()
    shares = strengths[:count].square() / (x.square().sum() / len(x))
    reach = (REACH / (strengths[:count] / x.size(1) ** 0.5).clamp(min=1e-8)).clamp(SHORTEST, LONGEST)
    return (left[:, :count].T * (signs * reach)[:, None]).float(), shares.float()


def _drawn(model: nn.Module, levels: tuple[int, ...], seeds: range) -> tuple[Tensor, Tensor]:
    """Latents [N, z_dim] of `levels` in samples whose other resolutions follow other ones, and small pictures [N, pixels]."""
    config, device = model.config, next(model.parameters()).device
    chosen = noise.classes(seeds, config.classes) if config.classes else [0] * len(seeds)
    ours = noise.latents(seeds, config.z_dim).to(device)
    z = noise.latents([seed + OTHERS for seed in seeds], config.z_dim).to(device)
    z = z[:, None].repeat(1, len(config.widths), 1)
    z[:, levels] = ours[:, None]
    pictures = model.sample(z, torch.tensor(chosen, device=device))
    return ours, F.adaptive_avg_pool2d(pictures, min(SIDE, config.image_size)).flatten(1)
