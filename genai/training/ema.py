"""Exponential moving average of the weights: what is sampled, measured and shipped."""

from __future__ import annotations

import copy

import torch
from torch import nn


class EMA:
    """A shadow copy of `model` that follows it with a half-life counted in steps.

    The half-life ramps up from zero over the first steps (Karras et al. 2024, StyleGAN's ramp of 0.05), so early noise is
    forgotten quickly.
    """

    def __init__(self, model: nn.Module, half_life: float, ramp: float = 0.05):
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.half_life, self.ramp = half_life, ramp
        weights = {name for name, _ in model.named_parameters()}
        self.statistics = [name for name in model.state_dict() if name not in weights]  # of a normalisation

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        half_life = min(self.half_life, self.ramp * (step + 1))
        weight = 1 - 0.5 ** (1 / half_life) if half_life > 0 else 1.0
        moving = [(mine, p) for mine, p in zip(self.model.parameters(), model.parameters()) if p.requires_grad]
        torch._foreach_lerp_(*map(list, zip(*moving)), weight)
        for name in self.statistics:  # as they are now
            self.model.get_buffer(name).copy_(model.get_buffer(name))
