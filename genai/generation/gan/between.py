"""The way between samples, through as many of them as somebody names."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from genai.generation import images, noise
from genai.generation.actions import action
from genai.generation.controls import Choice, Control, Number, Vector
from genai.generation.gan.base import common, draw, labels_of, seed_control

LOOP_FRAMES = 48
FORMATS = ("gif", "webp")  # of an animation's file
STRIP = 9  # pictures of a film strip
VIA = 4  # stops between the two ends


def slerp(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Spherical interpolation [N, D] between a and b [D] at t [N] (Shoemake 1985).

    Gaussian latents lie near a sphere; the straight line would cut through its empty inside.
    """
    cosine = torch.nn.functional.cosine_similarity(a, b, dim=0).clamp(-1, 1)
    angle = cosine.acos()
    if angle.sin().abs() < 1e-4:
        return torch.lerp(a[None], b[None], t[:, None])
    return ((1 - t)[:, None] * angle).sin() / angle.sin() * a + (t[:, None] * angle).sin() / angle.sin() * b


def _between(loaded, c: dict, t: Tensor) -> np.ndarray:
    """Samples at t [N] in [0, 1], from the first seed to the last, each leg as long; of the first one's class."""
    stops = [c["seed"], *c["via"], c["seed_to"]]
    z = noise.latents(stops, loaded.config.z_dim)
    leg = (t * (len(stops) - 1)).floor().long().clamp(max=len(stops) - 2)  # between which two stops
    along = t * (len(stops) - 1) - leg
    points = torch.empty(len(t), loaded.config.z_dim)
    for n in leg.unique():
        points[leg == n] = slerp(z[n], z[n + 1], along[leg == n])
    labels = labels_of(loaded, c["label"], [c["seed"]]).expand(len(t))
    return draw(loaded, points, labels, c["truncation_psi"])


def _stops(model) -> list[Control]:
    """The two ends, and up to four seeds between them."""
    via = Vector("via", VIA, 0, noise.MAX_SEED, integer=True, optional=True)
    return [seed_control("seed", 1), seed_control("seed_to", 2), *common(model), via]


@action("gan", "image", lambda m: [*_stops(m), Number("position", 0.0, 1.0, 0.5)])
def interpolate(loaded, c: dict) -> np.ndarray:
    """The sample at `position` on the way from one seed (0) to another (1); the class is the first seed's."""
    return _between(loaded, c, torch.tensor([c["position"]]))[0]


@action("gan", "loop", lambda m: [*_stops(m), Choice("format", FORMATS, FORMATS[0])])
def loop(loaded, c: dict) -> np.ndarray:
    """There and back again: frames [48 for each way between two stops, H, W, C], eased at both ends."""
    frames = LOOP_FRAMES * (1 + len(c["via"]))
    t = 0.5 - 0.5 * torch.cos(torch.arange(frames) / frames * 2 * torch.pi)
    return _between(loaded, c, t)


@action("gan", "image", _stops)
def strip(loaded, c: dict) -> np.ndarray:
    """The way as a film strip: pictures side by side, the first and the last of them its ends."""
    return images.grid(_between(loaded, c, torch.linspace(0, 1, STRIP)), columns=STRIP)
