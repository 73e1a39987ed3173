"""One process or many (`torchrun`), on gloo or NCCL: the loop asks this file and never looks at ranks itself."""

from __future__ import annotations

import contextlib
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
            # Where there are GPUs, what is on a CPU goes by gloo all the same: no GPU is waited for.
            dist.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")
        self._asked: tuple[dist.Work, Tensor] | None = None

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
        """Was the flag up in any process when this was last asked? (In a group of one: is it now?)

        The answer is on its way while a step is computed, so that nobody waits for it, and all processes have the same.
        """
        if self.world == 1:
            return flag
        answer = False
        if self._asked is not None:
            work, value = self._asked
            work.wait()
            answer = bool(value > 0)
        value = torch.tensor(float(flag))
        self._asked = dist.all_reduce(value, async_op=True), value
        return answer

    def barrier(self) -> None:
        if self.world > 1:
            dist.barrier()

    def close(self) -> None:
        if self.world > 1 and dist.is_initialized():
            if self._asked is not None:
                with contextlib.suppress(RuntimeError):  # the others are gone
                    self._asked[0].wait()
            dist.destroy_process_group()


def own_device(name: str) -> torch.device:
    """The device that this process trains on: of several GPUs, the one with its own number."""
    device = pick_device(name, ("cuda",))
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True  # shapes stay the same for a whole run
        torch.backends.cudnn.allow_tf32 = True  # who needs more says so: `layers.full_precision`
        if device.index is None:
            device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(device)
    return device
