"""A picture to the latents that draw it: the encoder's guess at once, then gradient steps that anyone can watch and stop.

Abdal et al. 2019, "Image2StyleGAN", in z of each resolution instead of w: a z near the sphere where training drew from stays a
picture that the generator can draw, and can be steered and mixed. What is minimised is the difference in pixels at four
sizes, and in what the encoder makes of them before it comes to latents.
"""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai.errors import UserError
from genai.generation import images
from genai.generation.actions import Round, action
from genai.generation.controls import Number, Picture, bytes_of, from_code, to_code
from genai.generation.fitting import fit_photograph
from genai.generation.gan.base import has_levels
from genai.generation.receipt import open_picture

STEPS = 100
RATE, BETA1, BETA2 = 0.05, 0.9, 0.99  # of Adam (Kingma & Ba 2015)
LIKELY = 0.02  # weight of the latents' squared length: it keeps them where samples come from
FURTHEST = 8.0  # no latent in a state that we wrote is further from 0
LARGEST = 1e18  # no moment either: what is beyond might overflow in a step, and come to no number
PARTS = 3  # rows and columns of the parts that are compared when it is told what is least alike


def read_square(uri: str, config) -> Tensor:
    """The middle of a picture as the model learned to see them, [1, C, side, side] in [-1, 1].

    Raises UserError for what is no picture, or too large a one.
    """
    pixels = fit_photograph(open_picture(io.BytesIO(bytes_of(uri))), config)
    return torch.tensor(pixels).permute(2, 0, 1)[None].float() / 127.5 - 1


@action(
    "gan", "rounds", lambda m: [Picture("image"), Number("steps", 0, 200, STEPS, integer=True)],
    offered=lambda model: has_levels(model) and model.config.encoder and not model.meta.slim,
)  # fmt: skip
def match(loaded, c: dict, state: Any, show: bool) -> Round:
    """A picture drawn again from latents that are found for it, a step a round.

    The result tells the latents (`latent`, for steer and mix), how far the pictures still are from each other (`distance`: root
    mean square of the pixels' difference, in grey levels), where (`difference`: a data URI, bright where they differ), and which
    of nine parts is least alike (`least_alike`: row, column).
    """
    target = read_square(c["image"], loaded.config).to(loaded.device)
    if state is None:
        k = 0
        z, m, v = loaded.model.encode(target), *torch.zeros(2, 1, *_shape(loaded), device=loaded.device)
    else:
        k, z, m, v = _read(loaded, state, c["steps"])
        z, m, v = _step(loaded, target, z, m, v, k + 1)
        k += 1
    done = k >= c["steps"]
    if not (show or done):
        return Round(None, _written(k, z, m, v))
    code = to_code(z.cpu().numpy())
    drawn = _draw(loaded, torch.from_numpy(from_code(code)).view_as(z).to(z.device))
    pixels = images.to_uint8(drawn)[0]
    return Round(pixels, None if done else _written(k, z, m, v), {"k": k, "latent": code, **_compared(drawn, target)})


def _shape(loaded) -> tuple[int, int]:
    return len(loaded.config.widths), loaded.config.z_dim


def _labels(loaded) -> Tensor:
    return torch.zeros(1, dtype=torch.int64, device=loaded.device)


def _draw(loaded, z: Tensor) -> Tensor:
    return loaded.model.sample(z, _labels(loaded))


def _compared(drawn: Tensor, target: Tensor) -> dict[str, Any]:
    apart = (drawn - target) * 127.5
    error = apart.square().mean(1, keepdim=True)  # [1, 1, H, W]
    parts = F.adaptive_avg_pool2d(error, PARTS)[0, 0]
    row, column = divmod(int(parts.argmax()), PARTS)
    heat = images.heat(apart.abs().mean(1)[0].cpu().numpy() / 255)
    return {
        "distance": round(error.mean().sqrt().item(), 2), "least_alike": [row, column],
        "difference": images.data_uri(heat),
    }  # fmt: skip


def _step(loaded, target: Tensor, z: Tensor, m: Tensor, v: Tensor, t: int) -> tuple[Tensor, Tensor, Tensor]:
    """Adam's step number t, from 1: latents z [1, levels, z_dim] and both running moments."""
    with torch.inference_mode(False), torch.enable_grad():
        z = z.clone().requires_grad_()
        loss = unlikeness(loaded.model.encoder, loaded.model.generator(z, _labels(loaded)), target.clone())
        (gradient,) = torch.autograd.grad(loss + LIKELY * z.square().mean(), z)
    z = z.detach()
    m = torch.lerp(gradient, m, BETA1)
    v = torch.lerp(gradient.square(), v, BETA2)
    moved = (m / (1 - BETA1**t)) / ((v / (1 - BETA2**t)).sqrt() + 1e-8)
    return (z - RATE * moved).clamp(-FURTHEST, FURTHEST), m, v


def unlikeness(encoder: nn.Module, drawn: Tensor, target: Tensor) -> Tensor:
    """How different two pictures [1, C, H, W] look: mean differences of pixels at four sizes, and of features."""
    total = (drawn - target).abs().mean()
    for size in (2, 4, 8):
        if target.size(-1) % size == 0:
            total = total + (F.avg_pool2d(drawn, size) - F.avg_pool2d(target, size)).abs().mean()
    with torch.no_grad():
        seen = encoder.trunk(target)
    return total + (encoder.trunk(drawn) - seen).square().mean() / (seen.var() + 1e-8)


# -- the state between two rounds: it goes through a browser, which may have changed it ----------------------------


def _written(k: int, *tensors: Tensor) -> dict:
    packed = np.stack([t.detach().cpu().numpy().ravel() for t in tensors]).astype("<f4").tobytes()
    return {"k": k, "numbers": base64.b64encode(packed).decode()}


def _read(loaded, state: Any, steps: int) -> tuple[int, Tensor, Tensor, Tensor]:
    """Raises UserError for what `_written` did not write."""
    shape = (3, 1, *_shape(loaded))
    try:
        k, raw = state["k"], state["numbers"]
        if type(k) is not int or not 0 <= k < steps or len(raw) > 2 * 4 * np.prod(shape):
            raise ValueError
        numbers = np.frombuffer(base64.b64decode(raw, validate=True), dtype="<f4").reshape(shape).copy()
        if not (np.abs(numbers[0]).max() <= FURTHEST and np.abs(numbers).max() <= LARGEST and (numbers[2] >= 0).all()):
            raise ValueError  # NaN compares as false
    except (TypeError, KeyError, ValueError) as error:
        raise UserError("bad_request") from error
    return k, *torch.from_numpy(numbers).to(loaded.device)
