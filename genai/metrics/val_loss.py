"""Validation loss the way nanoGPT reports it: mean cross-entropy of random blocks, in nats a character.

A block's first characters are predicted from next to nothing, which costs; `val_loss_sliding` shows what the
model knows when it has read something.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai.data.tokenizer import CharTokenizer
from genai.errors import UserError
from genai.generation.noise import sample_generator
from genai.metrics.context import Context, progress

BLOCKS, BATCH, SEED = (
    2_400,
    12,
    0,
)  # 200 batches of 12: each character of Shakespeare's val split about 5.5 times


def validation(context: Context) -> Tensor:
    """The val split as ids int64 [N], by the checkpoint's own tokenizer."""
    data = context.data("val")
    alphabet = (context.meta.tokenizer or {}).get("alphabet", "")
    if len(alphabet) != context.model.config.vocab_size:
        cause = f"{len(alphabet)} characters for a vocabulary of {context.model.config.vocab_size}"
        raise UserError("checkpoint_broken", name=context.path.name, cause=cause)
    if alphabet == data.tokenizer.alphabet:
        return data.ids.long()
    return CharTokenizer(alphabet).encode(data.tokenizer.decode(data.ids))


@torch.inference_mode()
def token_losses(model: nn.Module, ids: Tensor, starts: list[int], length: int) -> Tensor:
    """-log p of each character of each window: float64 [len(starts), length], nats, on the CPU.

    Row b reads ids[starts[b] : starts[b] + length], ids int64 [N], and predicts each next one. No dropout.
    """
    device = next(model.parameters()).device
    window = torch.stack([ids[start : start + length + 1] for start in starts]).to(device)  # [B, length + 1]
    logits = model(window[:, :-1]).float()
    return F.cross_entropy(logits.transpose(1, 2), window[:, 1:], reduction="none").cpu().double()


def val_loss(model: nn.Module, ids: Tensor, blocks: int = BLOCKS, seed: int = SEED) -> float:
    """Mean cross-entropy of `blocks` random blocks of ids int64 [N], N > block_size, in nats a character."""
    length = model.config.block_size
    starts = sample_generator(seed).integers(0, len(ids) - length, size=blocks).tolist()
    batches = [starts[i : i + BATCH] for i in range(0, blocks, BATCH)]
    total = sum(token_losses(model, ids, batch, length).sum().item() for batch in progress(batches, "val loss"))
    return total / (blocks * length)


def measure(context: Context) -> dict:
    """2,400 blocks of the model's block_size from the val split."""
    ids, length = validation(context), context.model.config.block_size
    if len(ids) <= length:
        needs, got = f"a val split of more than {length} characters", f"{len(ids)}"
        raise UserError("data_does_not_fit", family=context.meta.family, needs=needs, got=got)
    blocks = context.count(BLOCKS, 1_000_000)
    value = val_loss(context.model, ids, blocks)
    return {
        "value": value,
        "unit": "nats/character",
        "split": "val",
        "n": blocks,
        "n_of": "blocks",
        "block_size": length,
        "seed": SEED,
    }
