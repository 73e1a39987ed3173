"""Where to compute."""

from __future__ import annotations

import torch

from genai.errors import UserError


def pick_device(name: str, kinds: tuple[str, ...] = ("cuda", "mps")) -> torch.device:
    """A device of this machine by name; "auto": CUDA if there is one, else the CPU.

    kinds: of device beside the CPU that the caller can use.  Raises UserError naming the choices.
    """
    choices = ["auto", "cpu"]
    if "cuda" in kinds and torch.cuda.is_available():
        choices += ["cuda", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
    if "mps" in kinds and torch.backends.mps.is_available():
        choices.append("mps")
    if name not in choices:
        raise UserError("bad_choice", name="device", value=name, choices=choices)
    if name == "auto":
        name = "cuda" if "cuda" in choices else "cpu"
    device = torch.device(name)
    if device.type == "cuda":
        torch.backends.cudnn.allow_tf32 = False  # results are those of a CPU, but for the order of sums
    return device
