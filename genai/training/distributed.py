"""One process or many (`torchrun`), on gloo or NCCL: the loop asks this file and never looks at ranks itself."""

from __future__ import annotations

import os

import torch
import torch.distributed as dist
from torch import Tensor

from genai.device import pick_device


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
        """Replace each tensor by its mean over all processes, in place."""
        self.sum(tensors)
        if self.world > 1:
            torch._foreach_div_(tensors, float(self.world))

    def sum(self, tensors: list[Tensor]) -> None:
        """Replace each tensor by its sum over all processes, in place; one message for all of them."""
        if self.world == 1:
            return
        flat = torch.cat([t.reshape(-1) for t in tensors])
        dist.all_reduce(flat)
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


def own_device(name: str) -> torch.device:
    """The device that this process trains on: of several GPUs, the one with its own number."""
    device = pick_device(name, ("cuda",))
    if device.type == "cuda" and device.index is None:
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(device)
    return device
