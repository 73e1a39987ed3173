"""What the colours of the world look like, and what the time of day makes of them."""

from __future__ import annotations

import numpy as np

# Of each colour four tones: a thing's own, a paler one, a deeper one, and that of its edges. White has a cool dark edge, that it
# be seen on snow; black a pale one, that it be seen at night.
TONES: dict[str, tuple[str, str, str, str]] = {
    "red": ("#dc2a2e", "#f2807d", "#a81a24", "#6b0f18"),
    "orange": ("#f8871b", "#fdbd72", "#cf620a", "#853c06"),
    "yellow": ("#fbd32f", "#feec92", "#dda512", "#8a6108"),
    "green": ("#34a84b", "#8bd68d", "#1d7a38", "#0f4a24"),
    "blue": ("#2c6ae0", "#86b4f6", "#1b47a6", "#102b68"),
    "purple": ("#8d44bd", "#c597e4", "#642a8e", "#3b1659"),
    "pink": ("#f98bbb", "#fdc9df", "#e05c97", "#96305f"),
    "brown": ("#84532c", "#b98a5c", "#5d371a", "#341c0b"),
    "black": ("#32323c", "#585864", "#1d1d26", "#83839a"),
    "white": ("#fafafc", "#ffffff", "#d3d8e4", "#76809c"),
    "grey": ("#8e939c", "#bcc1c9", "#676c76", "#3b3f48"),
}

# Light falls on things as gain * colour + lift, in 0..255.
GAIN: dict[str, tuple[float, float, float]] = {
    "day": (1.0, 1.0, 1.0), "sunset": (1.0, 0.94, 0.9), "night": (0.86, 0.86, 0.94),
}  # fmt: skip
LIFT: dict[str, tuple[float, float, float]] = {
    "day": (0.0, 0.0, 0.0), "sunset": (6.0, 0.0, 0.0), "night": (0.0, 2.0, 10.0),
}  # fmt: skip


def rgb(value: str) -> np.ndarray:
    """#rrggbb -> float32 [3] in 0..255."""
    return np.array([int(value[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.float32)


def lit(colours: np.ndarray, time: str) -> np.ndarray:
    """Colours [..., 3] in 0..255 by the light of a time of day."""
    return colours * np.array(GAIN[time], np.float32) + np.array(LIFT[time], np.float32)
