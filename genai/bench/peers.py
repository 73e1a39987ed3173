"""What the figures are held against: the plain way to do the same, as one would write it in an afternoon.

Each is measured in turns with what it is a peer of, on the same machine, at the same time.
"""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

IMPORTS = "import torch, gradio; print('ready', flush=True)"


def import_seconds() -> float:
    """From the start of a fresh process until torch and gradio are imported: what no page with them can be faster than."""
    start = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", IMPORTS], stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        seconds = time.perf_counter() - start
    if line.strip() != "ready":
        raise RuntimeError("torch and gradio cannot be imported")
    return seconds


def recomputed(model, prompt, count: int, temperature: float = 0.8, top_k: int = 200) -> Iterator:
    """A text as nanoGPT's sample.py writes it, with its defaults: the whole context again for every token.

    Args:
        model: ids int64 [B, T] -> logits [B, T, V].  prompt: ids [B, T].
    Yields: ids [B].
    """
    import torch

    with torch.inference_mode():
        for _ in range(count):
            logits = model(prompt[:, -model.config.block_size :])[:, -1] / temperature
            kept = logits.topk(min(top_k, logits.size(-1))).values
            logits = logits.masked_fill(logits < kept[:, -1:], -torch.inf)
            token = torch.multinomial(logits.softmax(-1), 1)
            prompt = torch.cat((prompt, token), dim=1)
            yield token[:, 0]


def plain_training(model, batches, lr: float) -> Callable[[int], None]:
    """step(i): a training step written by hand, in float32 with torch's own AdamW: read a batch; for each loss, gradients and
    a step. No parts, no average of weights, no clipping, no other optimizer, no log.

    Args:
        model, batches: as `training.prepare` makes them.
    """
    import torch

    learning = {name: [p for p in player.parameters() if p.requires_grad] for name, player in model.players.items()}
    optimizers = {name: torch.optim.AdamW(mine, lr) for name, mine in learning.items()}

    def step(i: int) -> None:
        for name, loss, _ in model.losses(batches(i)):
            optimizers[name].zero_grad()
            loss.backward()
            optimizers[name].step()

    return step


def as_png(pixels) -> bytes:
    """Pixels uint8 [H, W, 3] as a file, by Pillow."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def from_png(content: bytes):
    """A file's pixels uint8 [H, W, 3]."""
    import numpy as np
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(content)))
