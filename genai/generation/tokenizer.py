"""An image tokenizer makes nothing by itself; how it is looked at while it learns."""

from __future__ import annotations

import numpy as np
import torch

from genai.generation import images
from genai.generation.look import look

SHOWN, COLUMNS = 30, 10


@look("tokenizer")
def look_at(model, meta, data) -> np.ndarray:
    """Pictures, and below each row what comes back of them."""
    before = torch.cat(list(data.chunks(SHOWN)))
    before = before[:, 0] if before.ndim == 5 else before  # the picture itself, of those that come in layers
    back = model.decode(model.encode(before.to(next(model.parameters()).device)))
    before, after = before.permute(0, 2, 3, 1).numpy(), images.to_uint8(back)
    rows = [part for i in range(0, len(before), COLUMNS) for part in (before[i : i + COLUMNS], after[i : i + COLUMNS])]
    return images.grid(np.concatenate(rows), COLUMNS)
