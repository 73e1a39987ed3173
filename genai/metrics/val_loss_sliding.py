"""Cross-entropy of the whole validation text, every character predicted once and from a good context.

A window of block_size slides by half its length, and only what it newly reaches is scored: but for the first
window's, every character is predicted from at least half a block. A model usually scores better here than in
`val_loss`, so name which of the two a figure is.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from genai.metrics.context import Context, progress
from genai.metrics.val_loss import BATCH, token_losses, validation


def windows(length: int, block_size: int) -> list[tuple[int, int]]:
    """(start, skip) of each window over a text of `length` > 1 characters.

    A window reads size = min(block_size, length - 1) characters from `start` on and predicts the one after
    each; the first `skip` of its predictions were made before, by the window to the left. The last window is
    moved left to end with the text. Together they predict characters 1 to length - 1 once each: nothing
    precedes character 0.
    """
    size = min(block_size, length - 1)
    last = length - 1 - size
    starts = [*range(0, last, max(1, size // 2)), last]
    return [(starts[0], 0), *((b, a + size - b) for a, b in pairwise(starts))]


def val_loss_sliding(model: nn.Module, ids: Tensor) -> float:
    """Mean cross-entropy of ids int64 [N], N > 1, after the first of them, in nats a character."""
    size, places = min(model.config.block_size, len(ids) - 1), windows(len(ids), model.config.block_size)
    total = 0.0
    for i in progress(range(0, len(places), BATCH), "sliding val loss"):
        starts, skips = zip(*places[i : i + BATCH])
        losses = token_losses(model, ids, list(starts), size)
        total += sum(row[skip:].sum().item() for row, skip in zip(losses, skips))
    return total / (len(ids) - 1)


def measure(context: Context) -> dict:
    """The full val split; `n` counts the characters scored."""
    ids = validation(context)
    n = context.count(len(ids) - 1, len(ids) - 1)
    value = val_loss_sliding(context.model, ids[: n + 1])
    size = context.model.config.block_size
    return {
        "value": value,
        "unit": "nats/character",
        "split": "val",
        "n": n,
        "n_of": "characters",
        "block_size": size,
        "stride": max(1, size // 2),
    }
