"""From words to a plan: what a picture is to show, settled entry by entry before anything is drawn.

A plan is a short row of numbers: things to choose (which kind, which colour, how many, on what ground) and places on the
grid of image tokens (where things stand). The data set says what they mean and what they are for each training picture.
What a caption leaves open is drawn at random here, once, so that all of the picture agrees on it.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai.models.attention import Block, rotations, unturned
from genai.models.layers import norm, widest


def choose(logits: Tensor, uniform: Tensor, temperature: float) -> Tensor:
    """One of V for each place: logits [..., V], uniform [...] -> int64 [...], by the inverse of the distribution
    function; temperature 0 takes the likeliest."""
    if temperature == 0:
        return logits.argmax(-1)
    wide = widest(logits.device)
    cumulative = (logits / temperature).softmax(-1).to(wide).cumsum(-1)
    found = torch.searchsorted(cumulative, (uniform.to(wide) * cumulative[..., -1])[..., None], right=True)
    return found.squeeze(-1).clamp(max=logits.size(-1) - 1)


class Planner(nn.Module):
    """A transformer in which words see words, and each entry sees the words and the entries before it.

    Args:
        words, length: the caption vocabulary, and ids of a caption; id 0 is padding.
        choices: of each entry, in the order in which they are settled.
    """

    def __init__(self, words: int, length: int, choices: tuple[int, ...], width: int, n_layer: int, n_head: int):
        super().__init__()
        self.length, self.choices = length, choices
        self.offsets = [sum(choices[:j]) for j in range(len(choices))]  # of each entry in a table of all choices
        self.word = nn.Embedding(words, width)
        self.place = nn.Parameter(torch.randn(length, width) / 2)
        self.entry = nn.Parameter(torch.randn(len(choices), width))
        self.settled = nn.Embedding(sum(choices), width)  # what an entry tells the next ones
        self.blocks = nn.ModuleList(Block(width, n_head) for _ in range(n_layer))
        self.head = nn.Linear(width, sum(choices))
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        pairs, P = width // n_head // 2, len(choices)
        turn = torch.cat((rotations(length, 0, pairs), unturned(P, pairs)), dim=1)
        mask = torch.ones(length + P, length + P, dtype=torch.bool).tril()
        mask[:length, :length] = True
        mine = torch.zeros(P, sum(choices), dtype=torch.bool)
        for j, (start, count) in enumerate(zip(self.offsets, choices)):
            mine[j, start : start + count] = True
        starts = torch.tensor(self.offsets)
        for name, buffer in (("turn", turn), ("mask", mask), ("mine", mine), ("starts", starts)):
            self.register_buffer(name, buffer, persistent=False)

    def forward(self, captions: Tensor, plan: Tensor, seen: list[Tensor] | None = None) -> Tensor:
        """captions int64 [B, T], plan int64 [B, P] -> log-probabilities of every choice, -inf where it is another entry's:
        [B, P, sum(choices)]. Entry j is told what entries 0 to j - 1 are.

        seen: a list that takes each block's attention [B, T + P, T + P].
        """
        earlier = self.settled(plan[:, :-1] + self.starts[:-1])
        x = norm(
            torch.cat((self._words(captions), self.entry + F.pad(norm(earlier), (0, 0, 1, 0))), dim=1)
        )  # [B, T + P, C]
        for block in self.blocks:
            x = block(x, self.turn, self.mask, seen=seen)
        return self.head(norm(x[:, self.length :])).float().masked_fill(~self.mine, -math.inf).log_softmax(-1)

    def _words(self, captions: Tensor) -> Tensor:
        return norm(self.word(captions)) + self.place

    def loss(self, captions: Tensor, plan: Tensor) -> tuple[Tensor, Tensor]:
        """captions int64 [B, T], plan int64 [B, P] -> each entry's cross-entropy in nats [B, P], and whether what is there
        was the likeliest, bool [B, P]."""
        logits, wanted = self(captions, plan), plan + self.starts
        return F.nll_loss(logits.transpose(1, 2), wanted, reduction="none"), logits.argmax(-1) == wanted

    @torch.inference_mode()
    def fill(self, captions: Tensor, uniform: Tensor, cfg_scale: float = 1.0, temperature: float = 1.0,
              other: Tensor | None = None, blend: float = 0.0, given: Tensor | None = None,
              allowed: Tensor | None = None) -> tuple[Tensor, Tensor]:  # fmt: skip
        """A plan for each caption, int64 [B, P], and how probable each of its entries was [B, P], at temperature 1.

        captions: int64 [B, T]; all 0 leaves everything open.  uniform: in [0, 1), [B, P]: what each entry is drawn with.
        cfg_scale: guidance (Ho & Salimans 2022, eq. 6): nothing + cfg_scale (caption - nothing). It trusts words against
            what is common, which is what a combination that was never seen needs.
        other, blend: second captions, and how often, in [0, 1], an entry is theirs.
        given: int64 [B, P]; what is an entry's choice already stays, its number of choices is to be written.
        allowed: bool [B, sum(choices)]; what else may not be chosen.
        """
        asked = [captions] if other is None else [captions, other]
        shares = [1.0] if other is None else [1 - blend, blend]
        guided = cfg_scale != 1
        rows = torch.cat(asked + [torch.zeros_like(captions)] * guided)
        x, memories = norm(self._words(rows)), [[] for _ in self.blocks]
        for block, memory in zip(self.blocks, memories):
            x = block(x, self.turn[:, : self.length], memory=memory)
        plan, sure, before = [], [], 0.0
        for j, (start, count) in enumerate(zip(self.offsets, self.choices)):
            x = norm(self.entry[j] + before + torch.zeros_like(x[:, :1]))  # [K B, 1, C]
            for block, memory in zip(self.blocks, memories):
                x = block(x, None, memory=memory)  # entries are nowhere: nothing turns
            own = slice(start, start + count)
            logits = F.linear(norm(x[:, 0]), self.head.weight[own], self.head.bias[own]).float()
            each = logits.log_softmax(-1).unflatten(0, (-1, len(captions)))
            if guided:
                each = cfg_scale * each[:-1] + (1 - cfg_scale) * each[-1:]
            probability = sum(share * logits.softmax(-1) for share, logits in zip(shares, each))  # [B, count]
            if allowed is not None:
                probability = (
                    probability * allowed[:, start : start + count] + 1e-30 * allowed[:, start : start + count]
                )
            logits = probability.log()
            chosen = choose(logits, uniform[:, j], temperature)
            if given is not None:
                chosen = torch.where(given[:, j] < count, given[:, j], chosen)
            plan.append(chosen)
            sure.append(logits.softmax(-1).gather(-1, chosen[:, None])[:, 0])
            before = norm(self.settled(start + chosen)).repeat(len(rows) // len(captions), 1)[:, None]
        return torch.stack(plan, 1), torch.stack(sure, 1)
