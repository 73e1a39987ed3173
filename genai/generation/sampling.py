"""From logits to a token: temperature, top-k, top-p, and a draw that the seed alone decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from genai.generation.noise import sample_generator


def filter_logits(logits: Tensor, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0) -> Tensor:
    """Probabilities float64 [B, V] after temperature, top-k (0: off), nucleus top-p (Holtzman et al. 2019).

    temperature 0 is greedy: all weight on the likeliest token.
    """
    logits = logits.double()
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.size(-1)).double()
    logits = (logits - logits.amax(-1, keepdim=True)) / temperature  # at most 0, however small temperature is
    if 0 < top_k < logits.size(-1):
        kth = logits.topk(top_k, dim=-1).values[..., -1:]
        logits = logits.masked_fill(logits < kth, -torch.inf)
    probabilities = logits.softmax(-1)
    if top_p < 1:
        ordered, order = probabilities.sort(dim=-1, descending=True, stable=True)
        before = ordered.cumsum(-1) - ordered  # mass of the likelier tokens: the first one always stays
        probabilities = probabilities.scatter(-1, order, ordered.masked_fill(before >= top_p, 0.0))
        probabilities = probabilities / probabilities.sum(-1, keepdim=True)
    return probabilities


def sampler(
    seeds: Sequence[int], temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0
) -> Callable[[Tensor], Tensor]:
    """A `draw` for GPT.sample: logits [B, V] -> ids [B]; row i draws from its own generator, seeds[i].

    One uniform number a token, turned into a token by the inverse of the cumulative distribution: the same
    numbers on every machine, so texts differ between machines only where two tokens nearly tie.
    """
    generators = [sample_generator(seed) for seed in seeds]

    def draw(logits: Tensor) -> Tensor:
        cumulative = filter_logits(logits.cpu(), temperature, top_k, top_p).cumsum(-1).numpy()
        ids = [
            min(int(np.searchsorted(row, g.random() * row[-1], side="right")), len(row) - 1)
            for row, g in zip(cumulative, generators)
        ]
        return torch.tensor(ids)

    return draw
