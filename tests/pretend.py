"""A GPU that is not there: tensors that say that they are on it, hold real numbers, and compute on the CPU.

Where tensors of two devices meet, an operation fails as it would on a GPU; results are those of the CPU, to the bit. For what
looks at its numbers: drawing, measuring, reading data. Of what must not look at any (a training step), see test_devices.py.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

GPU = torch.device("cuda:0")
MEET = {"_to_copy", "copy_", "index", "index_put", "index_put_"}  # operations in which two devices may meet


class OnGPU(Tensor):
    """`held`, said to be on the GPU."""

    @staticmethod
    def __new__(cls, held: Tensor) -> OnGPU:
        return Tensor._make_wrapper_subclass(
            cls, held.shape, strides=held.stride(), storage_offset=held.storage_offset(), dtype=held.dtype, device=GPU
        )

    def __init__(self, held: Tensor):
        self.held = held

    def __deepcopy__(self, memo: dict) -> Tensor:
        copy = OnGPU(self.held.clone())
        return nn.Parameter(copy, self.requires_grad) if isinstance(self, nn.Parameter) else copy

    def __reduce_ex__(self, protocol):
        return self.held.__reduce_ex__(protocol)  # a file knows no devices

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        raise RuntimeError(f"{func} outside of PretendGPU")

    def tolist(self):
        return self.held.tolist()

    def numpy(self, *args, **kwargs):
        raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first")


class PretendGPU(TorchDispatchMode):
    """copies: tensors of one axis or more that went from the CPU to the GPU while Python waited for them."""

    def __init__(self):
        super().__init__()
        self.copies: list[Tensor] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        with self:
            parts = func.decompose(*args, **kwargs)
        if parts is not NotImplemented:
            return parts
        name, tensors = func.overloadpacket.__name__, [t for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)]
        if name == "lift_fresh":
            return args[0]
        here = [t for t in tensors if not isinstance(t, OnGPU) and t.ndim]
        on_gpu = any(isinstance(t, OnGPU) for t in tensors)
        if on_gpu and here and name not in MEET:
            raise RuntimeError(f"{func}: tensors of two devices meet")
        if kwargs.get("device") is not None:
            on_gpu = torch.device(kwargs["device"]).type == "cuda"
            kwargs["device"] = torch.device("cpu") if on_gpu else kwargs["device"]
        elif name in MEET:
            on_gpu = isinstance(args[0], OnGPU)
        if on_gpu:
            waits = not kwargs.get("non_blocking", name == "copy_" and len(args) > 2 and args[2])
            self.copies += [t for t in here if waits or not getattr(t, "pinned", False)]
        result = func(*tree_map_only(OnGPU, held, args), **tree_map_only(OnGPU, held, kwargs))
        own = {id(t.held): t for t in tensors if isinstance(t, OnGPU)}  # what changed in place
        return tree_map_only(Tensor, lambda t: own[id(t)] if id(t) in own else OnGPU(t) if on_gpu else t, result)


def held(t: OnGPU) -> Tensor:
    return t.held


class GPUGenerator(torch.Generator):
    device = GPU

    def __new__(cls, device=GPU):
        return super().__new__(cls, "cpu")


def _backward(loss: Tensor, inputs: list[Tensor]) -> None:
    """In the place of a backward pass, for which torch wants a driver: gradients of nothing in particular."""
    for p in inputs:
        p.grad = p.detach() * loss.detach().to(p.dtype) / 1000


def _grad(y: Tensor, x: Tensor, create_graph: bool = False, **options) -> tuple[Tensor]:
    """As `_backward`; only a gradient that is to be differentiated again has a history."""
    return ((x if create_graph else x.detach()) * y.detach(),)


def _to(model: nn.Module, device: torch.device | None = None, memory_format=None) -> nn.Module:
    """`model.to(device)`: torch swaps no parameter for one of another class."""
    if device is None:
        return model
    for module in model.modules():
        for name, p in module._parameters.items():
            if p is not None:
                module._parameters[name] = nn.Parameter(p.to(device), p.requires_grad)
        for name, b in module._buffers.items():
            if b is not None:
                module._buffers[name] = b.to(device)
    return model


def _pinned(t: Tensor) -> Tensor:
    copy = t.clone()
    copy.pinned = True
    return copy


@contextlib.contextmanager
def pretend_gpu(monkeypatch) -> Iterator[PretendGPU]:
    """In this block, on this thread, there is a GPU."""
    torch._C._ensureCUDADeviceGuardSet()
    torch._C._set_only_lift_cpu_tensors(True)
    with monkeypatch.context() as patch, PretendGPU() as mode:
        patch.setattr(torch.cuda, "is_available", lambda: True)
        patch.setattr(torch.cuda, "device_count", lambda: 1)
        patch.setattr(torch.cuda, "mem_get_info", lambda device=None: (2**30, 2**30))
        patch.setattr(torch.cuda, "_lazy_init", lambda: None)
        patch.setattr(torch._C, "_InferenceMode", lambda mode=True: torch.no_grad())  # its views have no class of ours
        patch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: True)
        patch.setattr(torch.cuda, "set_device", lambda device: None)
        patch.setattr(torch.cuda.amp.common, "amp_definitely_not_available", lambda: False)
        patch.setattr(torch, "Generator", GPUGenerator)
        patch.setattr(torch.autograd, "backward", _backward)
        patch.setattr(torch.autograd, "grad", _grad)
        patch.setattr(torch.backends.cudnn, "allow_tf32", True)  # and left as it was
        patch.setattr(nn.Module, "to", _to)
        patch.setattr(Tensor, "pin_memory", _pinned)
        try:
            yield mode
        finally:
            torch._C._set_only_lift_cpu_tensors(False)
