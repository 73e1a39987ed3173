"""GPT: a decoder-only transformer over characters, with rotary positions, QK-norm and a key-value cache.

Read top to bottom: Config, rotary, attention, block, the model (forward, losses, sample), the decoder of a token at a time.
The block follows what small-data speed runs found to train fastest: parameter-free RMSNorm, squared ReLU (So et al.
2021, "Primer"), QK-norm (Henry et al. 2020), zero-initialised output projections, capped logits, no biases.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai.models import family
from genai.models.batch import Batch, dropout
from genai.models.layers import EPS, MLP, attend, norm

SOFTCAP = 15.0  # logits are squashed into (-SOFTCAP, SOFTCAP)


LONGEST = 4096  # tokens of a prompt and what is written after it


@dataclass(frozen=True)
class Config(family.Config):
    vocab_size: int = 65
    block_size: int = 256  # longest context, in tokens
    n_layer: int = 6
    n_head: int = 4
    n_embd: int = 192
    dropout: float = 0.1

    RANGES: ClassVar = {
        "block_size": (2, 65_536),
        "n_layer": (1, 1000),
        "n_head": (1, 1000),
        "n_embd": (2, 65_536),
        "dropout": (0, 0.9),
    }


def rotary(positions: Tensor, head_dim: int) -> tuple[Tensor, Tensor]:
    """cos and sin [T, head_dim / 2] of rotary position embedding (Su et al. 2021, eq. 34)."""
    frequencies = 10_000.0 ** -torch.linspace(0, 1, head_dim // 2 + 1, device=positions.device)[:-1]
    angles = torch.outer(positions.float(), frequencies)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, rope: tuple[Tensor, Tensor]) -> Tensor:
    """Turn each pair of channels of x [..., T, D] by its position's angle."""
    cos, sin = (r.to(x.dtype) for r in rope)
    x1, x2 = x.chunk(2, dim=-1)
    return torch.cat((x1 * cos - x2 * sin, x1 * sin + x2 * cos), dim=-1)


class Attention(nn.Module):
    """Causal self-attention with rotary positions and unit-norm queries and keys."""

    def __init__(self, config: Config):
        super().__init__()
        self.n_head = config.n_head
        self.qkv = nn.Linear(config.n_embd, 3 * config.n_embd, bias=False)
        self.proj = nn.Linear(config.n_embd, config.n_embd, bias=False)
        nn.init.zeros_(self.proj.weight)

    def forward(self, x: Tensor, rope: tuple[Tensor, Tensor], read: list | None = None) -> Tensor:
        """x [B, T, C] -> [B, T, C]. read: a list that takes keys and values [B, H, T, D]."""
        B, T, C = x.shape
        qkv = self.qkv(x).view(B, T, 3, self.n_head, C // self.n_head).permute(2, 0, 3, 1, 4)  # [3, B, H, T, D]
        (q, k), v = rotate(norm(qkv[:2]), rope), qkv[2]
        if read is not None:
            read.append((k, v))
        y = attend(q, k, v, causal=T > 1)
        return self.proj(y.transpose(1, 2).reshape(B, T, C))


class Block(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.dropout = config.dropout
        self.attention = Attention(config)
        self.mlp = MLP(config.n_embd)

    def forward(self, x: Tensor, rope, read: list | None = None, kept: list[Tensor] | None = None) -> Tensor:
        """read: see `Attention`.  kept: what dropout keeps of the two updates [B, T, C]."""
        y = self.attention(norm(x), rope, read)
        x = x + (y if kept is None else dropout(y, kept[0], self.dropout))
        y = self.mlp(norm(x))
        return x + (y if kept is None else dropout(y, kept[1], self.dropout))


class GPT(family.Family):
    Config = Config
    kind = "text"
    likelihood = True
    compilable = ("",)

    def __init__(self, config: Config):
        super().__init__()
        if config.n_embd % (2 * config.n_head):
            raise ValueError(f"n_embd {config.n_embd} must divide by 2 * n_head = {2 * config.n_head}")
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.n_embd)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layer))
        self.head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        nn.init.zeros_(self.head.weight)

    @classmethod
    def working_numbers(cls, config: Config) -> int:
        """Attention's scores, and the keys and values of all layers, of as long a context as anybody may write."""
        context = min(config.block_size, LONGEST)
        return context * (config.n_head * context + 2 * config.n_layer * config.n_embd + config.vocab_size)

    @classmethod
    def options(cls, config: dict) -> dict:
        return {}

    @classmethod
    def fit(cls, config: dict, data) -> dict:
        fitted = super().fit(config, data)
        needed = config["block_size"] + 1  # a block, and the token after each of its own
        if len(data) <= needed:
            cls.refuse(f"more than {needed} tokens", f"{len(data)}")
        return fitted

    # -- training ------------------------------------------------------------------------------------------------

    @property
    def players(self) -> dict[str, nn.Module]:
        return {"gpt": self}

    @property
    def matrices(self) -> list[nn.Parameter]:
        """Hidden weight matrices: the parameters that Muon may orthogonalise (not the embedding, not the head)."""
        return [p for p in self.blocks.parameters() if p.ndim == 2]

    def losses(self, batch: Batch) -> Iterator[tuple[str, Tensor, dict[str, Tensor]]]:
        """Mean next-token cross-entropy in nats. batch.inputs and batch.targets: ids [B, T]."""
        kept, (_, T) = None, batch.inputs.shape
        if self.config.dropout and not batch.noise.still:
            # Drawn here, since torch.compile can draw nothing from a generator of ours.
            shape = (T, self.config.n_embd)
            kept = [batch.noise.kept(self.config.dropout, *shape) for _ in range(1 + 2 * len(self.blocks))]
        logits = self(batch.inputs, kept=kept)
        loss = F.cross_entropy(logits.flatten(0, 1), batch.targets.flatten())
        yield "gpt", loss, {}

    def forward(self, ids: Tensor, read: list | None = None, kept: list[Tensor] | None = None) -> Tensor:
        """ids int64 [B, T] -> logits float32 [B, T, vocab_size]; row t predicts token t + 1.

        Args:
            read: a list that takes each block's keys and values [B, H, T, D].
            kept: what dropout keeps [B, T, C] of the embeddings and of each block's two updates; None is no dropout.
        """
        config, T = self.config, ids.size(1)
        if config.block_size < T:
            raise ValueError(f"{T} tokens exceed block_size {config.block_size}")
        rope = rotary(torch.arange(T, device=ids.device), config.n_embd // config.n_head)
        x = norm(self.embedding(ids))  # [B, T, C]
        if kept is not None:
            x = dropout(x, kept[0], config.dropout)
        for i, block in enumerate(self.blocks):
            x = block(x, rope, read, kept and kept[1 + 2 * i : 3 + 2 * i])
        logits = self.head(norm(x)).float()
        return SOFTCAP * torch.tanh(logits / SOFTCAP)

    @torch.inference_mode()
    def sample(self, prompt: Tensor, draw, max_new_tokens: int, use_cache: bool = True) -> Iterator[Tensor]:
        """Continue a prompt, one token at a time.

        Args:
            prompt: ids [B, T], T >= 1, the same length for every row; only its last block_size tokens are read.
            draw: logits [B, V] -> ids [B]; see `genai.generation.sampling`.
            max_new_tokens: how many ids [B] to yield.
            use_cache: False recomputes the whole context for each token (for comparison; same result).

        A full cache is filled anew from the last half of the context, so text of any length costs one reading every
        block_size / 2 tokens, and every logit is that of a context the model was trained on.
        """
        window = self.config.block_size
        context, decoder = prompt[:, -window:], Decoder(self, len(prompt))
        for _ in range(max_new_tokens):
            if context.size(1) > window:
                context, decoder.length = context[:, -(window // 2) :], 0
            if not use_cache:
                logits = self(context)[:, -1]
            elif decoder.length == 0:
                logits = decoder.read(context)
            else:
                logits = decoder.step(context[:, -1])
            token = draw(logits)
            yield token
            context = torch.cat((context, token[:, None].to(context.device)), dim=1)


class Decoder:
    """The key-value cache, and `GPT.forward` for one token more: `read(ids)`, then `step(ids)` as often as there is room.

    A token is so little that it costs more to call torch than what it then does, and that a second thread costs more to wake
    (where others are busy, to wait for) than it saves. So a step is written in the fewest operations: a norm in four, and no
    maximum under the softmax, since of two vectors of unit norm the product is at most sqrt(D); and attention as sums
    over blocks of tokens so small that torch does them by itself.
    """

    SHARED = 32_768  # numbers from which on torch shares an operation out to threads

    def __init__(self, model: GPT, batch: int):
        config, weight = model.config, model.head.weight
        C, H, T = config.n_embd, config.n_head, config.block_size
        D = C // H
        self.model, self.length, self.shape, self.half = model, 0, (batch, 3, H, D), D // 2
        self.keys, self.values = ([*kept] for kept in weight.new_empty(2, config.n_layer, T, batch, H, D))
        self.block = max(1, (self.SHARED - 1) // (batch * C))
        cos, sin = (torch.cat((r, r), -1) for r in rotary(torch.arange(T, device=weight.device), D))
        sin[:, : D // 2] *= -1
        scale = torch.tensor([[D**-0.5], [1.0]], device=weight.device)  # of queries, and of keys
        self.cos, self.sin = (((r[:, None] * scale)[:, :, None]).to(weight.dtype) for r in (cos, sin))  # [T, 2, 1, D]
        self.width = [(weight.new_tensor(n**0.5), weight.new_tensor((n * EPS) ** 0.5)) for n in (C, D)]
        self.weights = [(b.attention.qkv.weight, b.attention.proj.weight, b.mlp.fc.weight, b.mlp.proj.weight)
                        for b in model.blocks]  # fmt: skip

    def read(self, ids: Tensor) -> Tensor:
        """ids [B, T] -> logits [B, V] of what comes after them; what was read before is forgotten."""
        read: list[tuple[Tensor, Tensor]] = []
        logits = self.model(ids, read)
        self.length = ids.size(1)
        for layer, kept in enumerate(read):
            for mine, k in zip((self.keys, self.values), kept):
                mine[layer][: self.length] = k.permute(2, 0, 1, 3)
        return logits[:, -1]

    def step(self, ids: Tensor) -> Tensor:
        """ids [B] -> logits [B, V] of what comes after it."""
        t, (wide, narrow) = self.length, self.width
        self.length += 1
        cos, sin = self.cos[t], self.sin[t]
        x = self.norm(self.model.embedding(ids), wide)  # [B, C]
        for (w_qkv, w_attention, w_fc, w_mlp), keys, values in zip(self.weights, self.keys, self.values):
            qkv = F.linear(self.norm(x, wide), w_qkv).view(self.shape)
            qk = self.norm(qkv.narrow(1, 0, 2), narrow)
            q, k = torch.addcmul(qk * cos, qk.roll(self.half, -1), sin).unbind(1)
            keys.select(0, t).copy_(k)
            values.select(0, t).copy_(qkv.select(1, 2))
            x = x + F.linear(self.attend(q, keys.narrow(0, 0, t + 1), values.narrow(0, 0, t + 1)), w_attention)
            x = x + F.linear(F.relu(F.linear(self.norm(x, wide), w_fc)).square(), w_mlp)
        logits = self.model.head(self.norm(x, wide)).float()
        return SOFTCAP * torch.tanh(logits / SOFTCAP)

    @staticmethod
    def norm(x: Tensor, width: tuple[Tensor, Tensor]) -> Tensor:
        """As `layers.norm`. width: square roots of how wide x is, and of that times EPS."""
        root, tiny = width
        return x * (root / torch.hypot(torch.linalg.vector_norm(x, dim=-1, keepdim=True), tiny))

    def attend(self, q: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """q [B, H, D], keys and values [T, B, H, D] -> [B, C]."""
        parts = []
        for k, v in zip(keys.split(self.block), values.split(self.block)):
            p = (k * q).sum(-1, keepdim=True).exp_()  # [T, B, H, 1]
            parts.append(((v * p).sum(0), p.sum(0)))
        (top, bottom), *more = parts
        for a, b in more:
            top, bottom = top + a, bottom + b
        return (top / bottom).flatten(1)
