"""A transformer's layers over words, the entries of a plan and the cells of a grid.

Tokens are told where they are by turning queries and keys, so attention depends on distances. What a person wants to look
at (`seen`) and what was computed before (`memory`) are asked for by whoever calls.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from genai.models.layers import MLP, attend, norm


def rotations(words: int, side: int, pairs: int) -> Tensor:
    """cos and sin of the angles by which each token's queries and keys are turned, [2, words + side * side, pairs].

    Rotary embeddings (Su et al. 2021, eq. 15) make attention a function of distances: a quarter of the pairs turns with a
    word's place in the caption, the others with a cell's column and with its row. What is two cells to the right of a wheel
    is then learned once, and not for every place where a wheel may stand.
    """
    cell = torch.arange(side)
    none, along = torch.zeros(words), torch.zeros(side * side)
    places = [torch.cat((torch.arange(words).float(), along)), torch.cat((none, cell.repeat(side))),
              torch.cat((none, cell.repeat_interleave(side)))]  # fmt: skip
    shares = [pairs // 4, (pairs - pairs // 4) // 2, pairs - pairs // 4 - (pairs - pairs // 4) // 2]
    # From a quarter turn a step, that tells neighbours apart, to one that has no two places of the grid look alike.
    angles = [place[:, None] * math.pi / 2 / 8 ** (torch.arange(n) / max(1, n - 1)) for place, n in zip(places, shares)]
    angles = torch.cat(angles, dim=1)
    return torch.stack((angles.cos(), angles.sin()))


def unturned(count: int, pairs: int) -> Tensor:
    """`rotations` of tokens that are nowhere, [2, count, pairs]."""
    return torch.stack((torch.ones(count, pairs), torch.zeros(count, pairs)))


class Attention(nn.Module):
    """Unit-norm queries and keys (Henry et al. 2020), turned by `rotations`."""

    def __init__(self, width: int, n_head: int):
        super().__init__()
        if width % (2 * n_head):
            raise ValueError(f"width {width} must divide by twice the number of heads, {n_head}")
        self.n_head = n_head
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.proj = nn.Linear(width, width, bias=False)
        nn.init.zeros_(self.proj.weight)

    def forward(self, x: Tensor, turn: Tensor | None, mask: Tensor | None = None, memory: list[Tensor] | None = None,
                seen: list[Tensor] | None = None) -> Tensor:  # fmt: skip
        """x [B, T, C], turn [2, T, D / 2] (None: these are nowhere), mask bool [T, T'] (True: row sees column) -> [B, T, C].

        memory: keys and values of earlier tokens [B, H, T' - T, D], which these see as well; becomes those of all.
        seen: a list that takes what each token looked at, [B, T, T'], averaged over heads.
        """
        B, T, C = x.shape
        q, k, v = self.qkv(x).view(B, T, 3, self.n_head, C // self.n_head).permute(2, 0, 3, 1, 4)  # [B, H, T, D]
        q, k = norm(q), norm(k)
        if turn is not None:
            q, k = self.turned(q, turn), self.turned(k, turn)
        if memory is not None:
            if memory:
                k, v = torch.cat((memory[0], k), 2), torch.cat((memory[1], v), 2)
            memory[:] = k, v
        if seen is not None:  # costs a second attention
            scores = q @ k.transpose(-1, -2) / math.sqrt(q.size(-1))
            scores = scores if mask is None else scores.masked_fill(~mask, -math.inf)
            seen.append(scores.softmax(-1).mean(1))
        y = attend(q, k, v, mask=mask)
        return self.proj(y.transpose(1, 2).reshape(B, T, C))

    @staticmethod
    def turned(x: Tensor, turn: Tensor) -> Tensor:
        """x [B, H, T, D], its pairs of entries turned by `rotations` [2, T, D / 2]."""
        (a, b), (cos, sin) = x.chunk(2, dim=-1), turn.to(x.dtype)
        return torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1)


class Block(nn.Module):
    def __init__(self, width: int, n_head: int):
        super().__init__()
        self.attention = Attention(width, n_head)
        self.mlp = MLP(width)

    def forward(self, x: Tensor, turn: Tensor | None, mask: Tensor | None = None, memory: list[Tensor] | None = None,
                seen: list[Tensor] | None = None) -> Tensor:  # fmt: skip
        """See `Attention.forward`."""
        x = x + self.attention(norm(x), turn, mask, memory, seen)
        return x + self.mlp(norm(x))
