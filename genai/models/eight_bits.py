"""Weights in eight bits each: half the size of half precision, for what is looked at and not trained on.

Of each tensor of two or more axes, every row (all that leads to one output) has its own step: a weight is that times a whole
number from -127 to 127.
"""

from __future__ import annotations

import torch
from torch import Tensor

STEP = ".step"  # what the name of a tensor's steps ends with


def rounded(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A state_dict, its weights as int8 [rows, ...] with their steps float16 [rows] beside them; the rest in half precision."""
    tensors: dict[str, Tensor] = {}
    for name, t in state.items():
        t = t.detach().cpu()
        if not t.is_floating_point() or t.ndim < 2:
            tensors[name] = (t.half() if t.is_floating_point() else t).contiguous()
            continue
        rows = t.float().flatten(1)
        steps = (rows.abs().amax(1) / 127).half().clamp(min=2**-24)  # no step is zero in half precision
        tensors[name] = (
            (rows / steps.float()[:, None]).round().clamp(-127, 127).to(torch.int8).view(t.shape).contiguous()
        )
        tensors[name + STEP] = steps
    return tensors


def widened(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """`rounded` undone, as far as that goes: int8 tensors with steps beside them become float32; what has none stays as it is."""
    state = {}
    for name, t in tensors.items():
        steps = tensors.get(name + STEP)
        if steps is not None and t.dtype == torch.int8:
            state[name] = t.float() * steps.float().view(-1, *[1] * (t.ndim - 1))
        elif not (name.endswith(STEP) and name.removesuffix(STEP) in tensors):
            state[name] = t
    return state
