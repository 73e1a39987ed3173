"""GPT: a decoder-only transformer over characters, with rotary positions, QK-norm and a key-value cache.

Read top to bottom: Config, rotary, attention, block, the model (forward, losses), the cache (prefill, decode).
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
from genai.models.layers import MLP, attend, norm

SOFTCAP = 15.0  # logits are squashed into (-SOFTCAP, SOFTCAP)


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


class KVCache:
    """Keys and values of the tokens read so far: per layer [B, H, block_size, D], filled up to `length`."""

    def __init__(self, config: Config, batch: int, device: torch.device, dtype: torch.dtype = torch.float32):
        shape = (batch, config.n_head, config.block_size, config.n_embd // config.n_head)
        self.keys = [torch.zeros(shape, device=device, dtype=dtype) for _ in range(config.n_layer)]
        self.values = [torch.zeros(shape, device=device, dtype=dtype) for _ in range(config.n_layer)]
        self.length = 0
        positions = torch.arange(config.block_size, device=device)
        self.cos, self.sin = rotary(positions, config.n_embd // config.n_head)

    def rope(self, count: int) -> tuple[Tensor, Tensor]:
        """cos and sin of the next `count` positions."""
        rows = slice(self.length, self.length + count)
        return self.cos[rows], self.sin[rows]

    def extend(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Append k, v [B, H, T, D] to a layer; returns everything it now holds [B, H, length + T, D]."""
        end = self.length + k.size(2)
        self.keys[layer][:, :, self.length : end] = k
        self.values[layer][:, :, self.length : end] = v
        return self.keys[layer][:, :, :end], self.values[layer][:, :, :end]


class Attention(nn.Module):
    """Causal self-attention with rotary positions and unit-norm queries and keys."""

    def __init__(self, config: Config, layer: int):
        super().__init__()
        self.layer, self.n_head = layer, config.n_head
        self.qkv = nn.Linear(config.n_embd, 3 * config.n_embd, bias=False)
        self.proj = nn.Linear(config.n_embd, config.n_embd, bias=False)
        nn.init.zeros_(self.proj.weight)

    def forward(self, x: Tensor, rope: tuple[Tensor, Tensor], cache: KVCache | None = None) -> Tensor:
        B, T, C = x.shape
        qkv = self.qkv(x).view(B, T, 3, self.n_head, C // self.n_head).permute(2, 0, 3, 1, 4)  # [3, B, H, T, D]
        (q, k), v = rotate(norm(qkv[:2]), rope), qkv[2]
        if cache is not None:
            k, v = cache.extend(self.layer, k, v)
        # A single new token sees the whole cache; a prefill (T > 1) starts from an empty one, so plain causal holds.
        y = attend(q, k, v, causal=T > 1)
        return self.proj(y.transpose(1, 2).reshape(B, T, C))


class Block(nn.Module):
    def __init__(self, config: Config, layer: int):
        super().__init__()
        self.dropout = config.dropout
        self.attention = Attention(config, layer)
        self.mlp = MLP(config.n_embd)

    def forward(self, x: Tensor, rope, cache: KVCache | None = None, kept: list[Tensor] | None = None) -> Tensor:
        """kept: what dropout keeps of the two updates [B, T, C]."""
        y = self.attention(norm(x), rope, cache)
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
        self.blocks = nn.ModuleList(Block(config, layer) for layer in range(config.n_layer))
        self.head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        nn.init.zeros_(self.head.weight)

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
        if (
            self.config.dropout and not batch.noise.still
        ):  # drawn here, since torch.compile can draw nothing from a generator of ours
            shape = (T, self.config.n_embd)
            kept = [batch.noise.kept(self.config.dropout, *shape) for _ in range(1 + 2 * len(self.blocks))]
        logits = self(batch.inputs, kept=kept)
        loss = F.cross_entropy(logits.flatten(0, 1), batch.targets.flatten())
        yield "gpt", loss, {}

    def forward(self, ids: Tensor, cache: KVCache | None = None, kept: list[Tensor] | None = None) -> Tensor:
        """ids int64 [B, T] -> logits float32 [B, T, vocab_size]; row t predicts token t + 1.

        With a cache, T is either the whole prompt (the cache empty) or 1. kept: what dropout keeps [B, T, C] of the
        embeddings and of each block's two updates; None is no dropout.
        """
        config, start = self.config, cache.length if cache is not None else 0
        T = ids.size(1)
        if start + T > config.block_size:
            raise ValueError(f"{start + T} tokens exceed block_size {config.block_size}")
        if cache is not None:
            rope = cache.rope(T)
        else:
            rope = rotary(torch.arange(T, device=ids.device), config.n_embd // config.n_head)
        x = norm(self.embedding(ids))  # [B, T, C]
        if kept is not None:
            x = dropout(x, kept[0], config.dropout)
        for i, block in enumerate(self.blocks):
            x = block(x, rope, cache, kept and kept[1 + 2 * i : 3 + 2 * i])
        if cache is not None:
            cache.length = start + T
        logits = self.head(norm(x)).float()
        return SOFTCAP * torch.tanh(logits / SOFTCAP)

    # -- generation ----------------------------------------------------------------------------------------------

    @torch.inference_mode()
    def sample(self, prompt: Tensor, draw, max_new_tokens: int, use_cache: bool = True) -> Iterator[Tensor]:
        """Continue a prompt, one token at a time.

        Args:
            prompt: ids [B, T], T >= 1, the same length for every row; only its last block_size tokens are read.
            draw: logits [B, V] -> ids [B]; see `genai.generation.sampling`.
            max_new_tokens: how many ids [B] to yield.
            use_cache: False recomputes the whole context for each token (for comparison; same result).

        A full cache is rebuilt from the last half of the context, so text of any length costs one prefill every
        block_size / 2 tokens, and every logit is that of a context the model was trained on.
        """
        window = self.config.block_size
        context = prompt[:, -window:]
        cache = None
        for _ in range(max_new_tokens):
            if context.size(1) > window:
                context, cache = context[:, -(window // 2) :], None
            if not use_cache:
                logits = self(context)
            elif cache is None:
                cache = KVCache(self.config, context.size(0), context.device, self.head.weight.dtype)
                logits = self(context, cache)  # prefill
            else:
                logits = self(context[:, -1:], cache)  # decode
            token = draw(logits[:, -1])
            yield token
            context = torch.cat((context, token[:, None].to(context.device)), dim=1)
