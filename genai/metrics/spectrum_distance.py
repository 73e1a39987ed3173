"""Are coarse and fine as strong as in real images? The distance of power spectra, in decibels.

Generators that enlarge step by step leave too much or too little at high frequencies, whatever the eye says (Durall et al. 2020,
"Watch your Up-Convolution", section 3). It sees pixels alone: samples that are all the same real picture may do well.
"""

from __future__ import annotations

import torch
from torch import Tensor

from genai.metrics import pictures
from genai.metrics.context import CHUNK, Context

ROUNDING = (1 / 255) ** 2 / 12  # the power that rounding to 8 bits adds at any frequency; nothing weaker can be told


def spectrum(images: Tensor) -> Tensor:
    """Mean power of square images uint8 [n, C, H, H] at each distance from the zero frequency: dB [H // 2], from 1 cycle up.

    Over images, channels and directions, frequencies in the corners left out.
    """
    side = images.size(-1)
    power = torch.zeros(side, side, dtype=torch.float64)
    for chunk in images.split(CHUNK):
        transformed = torch.fft.fft2(chunk.float() / 255, norm="ortho")
        power += transformed.abs().square().double().sum((0, 1))
    power /= images.size(0) * images.size(1)
    frequency = torch.fft.fftfreq(side, 1 / side)
    radius = (frequency[:, None].square() + frequency.square()).sqrt().round().long()  # [H, H]
    means = torch.stack([power[radius == r].mean() for r in range(1, side // 2 + 1)])
    return 10 * (means + ROUNDING).log10()


def spectrum_distance(real: Tensor, fake: Tensor) -> float:
    """Root mean square difference of the two spectra over frequencies, in dB, of images uint8 [N, C, H, H] and [M, C, H, H]."""
    return (spectrum(real) - spectrum(fake)).square().mean().sqrt().item()


def measure(context: Context) -> dict:
    """The samples against the test images; `floor`: other real images against the same."""
    real, drawn = pictures.real_images(context), pictures.sample_images(context)
    others = pictures.other_images(context)
    return {
        "value": spectrum_distance(real, drawn), "unit": "dB", "split": context.held_out, "n": len(real),
        "samples": len(drawn), "floor": spectrum_distance(real, others), "floor_n": len(others),
        "floor_split": context.about.unseen, "truncation_psi": context.model.config.truncation_psi,
    }  # fmt: skip
