"""Priors that samples come from: they follow the aggregate posterior, the encodings of all data.

Unlike a VampPrior (Tomczak & Welling 2018) they have no part in the bound: the encoder does not know of them.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class Mixture(nn.Module):
    """A mixture of diagonal Gaussians: many, for few latents of which each says something of its own."""

    def __init__(self, components: int, latents: int):
        super().__init__()
        # All together begin as N(0, I), each near the others: spread out at once, most would be near no encoding, and learn none.
        self.means = nn.Parameter(0.3 * torch.randn(components, latents))
        self.log_scales = nn.Parameter(torch.full((components, latents), -0.05))
        self.logits = nn.Parameter(torch.zeros(components))

    def log_prob(self, z: Tensor) -> Tensor:
        """z [B, latents] -> log density [B], nats. In float32 always: squares are subtracted from each other."""
        with torch.autocast(z.device.type, enabled=False):
            precision = (-2 * self.log_scales).exp()
            squares = (
                z.square() @ precision.T - 2 * z @ (precision * self.means).T + (precision * self.means.square()).sum(1)
            )
            scale = self.log_scales.sum(1) + 0.5 * z.size(1) * math.log(2 * math.pi)
            return (self.logits.log_softmax(0) - 0.5 * squares - scale).logsumexp(1)

    def place(self, noise: Tensor, uniform: Tensor) -> Tensor:
        """Standard normal noise [B, latents] as draws [B, latents]; uniform [B], in [0, 1), decides on the components."""
        edges = self.logits.cpu().double().softmax(0).cumsum(0)  # on the CPU: the same component on every machine
        chosen = torch.searchsorted(edges, uniform.cpu().double()).clamp(max=len(edges) - 1).to(noise.device)
        return self.means[chosen] + self.log_scales[chosen].exp() * noise


class Coupling(nn.Module):
    """One side of the latents scaled and shifted by what the other side says (Dinh et al. 2017, "Real NVP", eq. 4 and 5)."""

    def __init__(self, latents: int, bit: int, side: int, hidden: int):
        super().__init__()
        sides = [], []  # on which one a latent is, a bit of its number decides
        for number in range(latents):
            sides[(number >> bit) % 2].append(number)
        self.says = nn.Buffer(torch.tensor(sides[side], dtype=torch.int64), persistent=False)
        self.moves = nn.Buffer(torch.tensor(sides[1 - side], dtype=torch.int64), persistent=False)
        self.net = nn.Sequential(nn.Linear(len(self.says), hidden), nn.GELU(), nn.Linear(hidden, 2 * len(self.moves)))
        nn.init.zeros_(self.net[-1].weight)
        nn.init.zeros_(self.net[-1].bias)

    def scale_and_shift(self, z: Tensor) -> tuple[Tensor, Tensor]:
        log_scale, shift = self.net(z[:, self.says]).chunk(2, dim=1)
        return log_scale.tanh(), shift

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """z [B, latents] -> the same, moved, and the logarithm of how much that stretches [B]."""
        log_scale, shift = self.scale_and_shift(z)
        return z.index_copy(1, self.moves, z[:, self.moves] * log_scale.exp() + shift), log_scale.sum(1)

    def back(self, z: Tensor) -> Tensor:
        log_scale, shift = self.scale_and_shift(z)
        return z.index_copy(1, self.moves, (z[:, self.moves] - shift) * (-log_scale).exp())


class Flow(nn.Module):
    """A Gaussian of any covariance, for many latents that go together; then bent by affine couplings where the encodings are
    not Gaussian. Without any it is that Gaussian.
    """

    def __init__(self, couplings: int, latents: int, hidden: int):
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(latents))
        self.log_scales = nn.Parameter(torch.zeros(latents))
        self.below = nn.Parameter(torch.zeros(latents, latents))  # of which only what is below the diagonal counts
        bits = max(1, (latents - 1).bit_length())
        self.couplings = nn.ModuleList(Coupling(latents, i // 2 % bits, i % 2, hidden) for i in range(couplings))

    def whitening(self) -> Tensor:
        """The lower triangle W [latents, latents] for which W (z - mean) is about N(0, I): the precision is W'W."""
        return self.below.tril(-1) + self.log_scales.exp().diag()

    def log_prob(self, z: Tensor) -> Tensor:
        """z [B, latents] -> log density [B], nats; in float32 always."""
        with torch.autocast(z.device.type, enabled=False):
            u = (z.float() - self.mean) @ self.whitening().T
            stretched = self.log_scales.sum()
            for coupling in self.couplings:
                u, more = coupling(u)
                stretched = stretched + more
            return stretched - 0.5 * (u.square() + math.log(2 * math.pi)).sum(1)

    def place(self, noise: Tensor, uniform: Tensor) -> Tensor:
        """Standard normal noise [B, latents] as draws [B, latents]; nothing else needs to be decided by chance."""
        with torch.autocast(noise.device.type, enabled=False):
            u = noise
            for coupling in reversed(self.couplings):
                u = coupling.back(u)
            return torch.linalg.solve_triangular(self.whitening(), u.T, upper=False).T + self.mean
