"""One process or many (`torchrun`), on gloo or NCCL: the loop asks this file and never looks at ranks itself."""

from __future__ import annotations

import os

import torch
import torch.distributed as dist
from torch import Tensor

from genai.errors import UserError


class Group:
    """All processes of the run. Outside torchrun: a group of one, in which every call is a no-op."""

    def __init__(self, device: torch.device):
        self.device = device
        self.world = int(os.environ.get("WORLD_SIZE", 1))
        self.rank = int(os.environ.get("RANK", 0))
        if self.world > 1 and not dist.is_initialized():
            dist.init_process_group("nccl" if device.type == "cuda" else "gloo")

    @property
    def first(self) -> bool:
        """Only the first process writes."""
        return self.rank == 0

    def mean(self, tensors: list[Tensor]) -> None:
        """Replace each tensor by its mean over all processes, in place; one message for all of them."""
        if self.world == 1:
            return
        flat = torch.cat([t.reshape(-1) for t in tensors])
        dist.all_reduce(flat)
        flat /= self.world
        for tensor, part in zip(tensors, flat.split([t.numel() for t in tensors])):
            tensor.copy_(part.view_as(tensor))

    def any(self, flag: bool) -> bool:
        """Is the flag up in any process?"""
        if self.world == 1:
            return flag
        value = torch.tensor(float(flag), device=self.device)
        dist.all_reduce(value)
        return bool(value.item() > 0)

    def barrier(self) -> None:
        if self.world > 1:
            dist.barrier()

    def close(self) -> None:
        if self.world > 1 and dist.is_initialized():
            dist.destroy_process_group()


def pick_device(name: str) -> torch.device:
    """ "auto" -> this process's GPU if there is one, else the CPU. Raises UserError for what this machine has not."""
    gpus = [f"cuda:{i}" for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    choices = ["auto", "cpu", *(["cuda"] if gpus else []), *gpus]
    if name not in choices:
        raise UserError("bad_choice", name="device", value=name, choices=choices)
    if name == "auto":
        name = "cuda" if gpus else "cpu"
    device = torch.device(name)
    if device.type == "cuda" and device.index is None:
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(device)
    return device
