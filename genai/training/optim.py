"""What moves a model: its optimizers, a player's step, and the precision that it is computed in."""

from __future__ import annotations

import contextlib

import torch
from torch import Tensor, nn

from genai.errors import UserError
from genai.models.family import Family
from genai.training.config import TrainConfig
from genai.training.distributed import Group
from genai.training.muon import Muon


def make_optimizers(model: Family, player: str, config: TrainConfig, dtype: torch.dtype = torch.float32,
                    group: Group | None = None) -> list:  # fmt: skip
    """AdamW, or Muon (in `dtype`, shared out to `group`) for the model's `matrices` and AdamW for the rest. Only weights of
    two or more axes decay."""
    mine = _trainable(model.players[player])
    muon = {id(p) for p in model.matrices} if config.optimizer == "muon" else set()
    if config.optimizer == "muon" and not muon:
        raise UserError("bad_choice", name="optimizer", value="muon", choices=["adamw"])
    matrices = [p for p in mine if id(p) in muon]
    rest = [p for p in mine if id(p) not in muon]
    decay = 0.0 if muon else config.weight_decay
    groups = [
        {"params": [p for p in rest if p.ndim >= 2], "weight_decay": decay},
        {"params": [p for p in rest if p.ndim < 2], "weight_decay": 0.0},
    ]
    fused = mine[0].is_cuda or None  # one kernel for all parameters; None: as torch has it
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(
            [g for g in groups if g["params"]], lr=config.lr, betas=(config.beta1, config.beta2), fused=fused
        )
    ]
    if matrices:
        optimizers.append(Muon(matrices, lr=config.muon_lr, weight_decay=config.weight_decay, dtype=dtype, group=group))
    for optimizer in optimizers:
        for settings in optimizer.param_groups:
            settings["peak_lr"] = settings["lr"] * model.lr_scale.get(player, 1.0)
    return optimizers


def _trainable(player: nn.Module) -> list[nn.Parameter]:
    return [p for p in player.parameters() if p.requires_grad]


def differentiate(loss: Tensor, player: nn.Module) -> None:
    """Add the gradients of `loss` w.r.t. the player's own parameters, and to nothing else, to those already there."""
    torch.autograd.backward(loss, inputs=_trainable(player))


def update(loss: Tensor, player: nn.Module, optimizers: list, scale: float, grad_clip: float, group: Group,
           parts: int = 1) -> Tensor:  # fmt: skip
    """One player's step; returns the norm of its gradients (before they are clipped).

    loss: of the last of this process's `parts`; those before it have left their gradients by `differentiate`.
    """
    differentiate(loss, player)
    parameters = _trainable(player)
    gradients = [p.grad for p in parameters]
    if parts > 1:
        torch._foreach_div_(gradients, float(parts))
    group.mean(gradients)
    norm = torch.nn.utils.get_total_norm(gradients, foreach=True)
    if grad_clip:
        torch.nn.utils.clip_grads_with_norm_(parameters, grad_clip, norm, foreach=True)
    for optimizer in optimizers:
        for settings in optimizer.param_groups:
            settings["lr"] = settings["peak_lr"] * scale
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return norm


def pick_precision(precision: str, device: torch.device) -> str:
    """What "auto" means on a device: "bf16" where the hardware computes in it, else "fp32"."""
    if precision != "auto":
        return precision
    if device.type == "cuda":
        has_bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        has_bf16 = any(
            getattr(torch.cpu, name, bool)() for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        )
    return "bf16" if has_bf16 else "fp32"


def pick_dtype(precision: str, device: torch.device) -> torch.dtype:
    return torch.bfloat16 if pick_precision(precision, device) == "bf16" else torch.float32


def autocast(dtype: torch.dtype, device: torch.device):
    """A factory of contexts in which a model computes in `dtype`."""
    if dtype == torch.float32:
        return contextlib.nullcontext
    return lambda: torch.autocast(device.type, dtype)
