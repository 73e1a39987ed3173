"""The light of a time of day in a weather: what it makes of the colours of a place, and of its sky."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genai.data.world.colours import rgb

# The sky from its top to the horizon. The last is also what distant things fade into.
SKIES: dict[tuple[str, str], tuple[str, ...]] = {
    ("day", "clear"): ("#3f97ea", "#86c4f6", "#d4eefc"),
    ("day", "rain"): ("#6d8095", "#93a4b3", "#bcc8cf"),
    ("day", "snowfall"): ("#9fb0c4", "#bdcad8", "#dfe7ee"),
    ("day", "fog"): ("#b9c6cf", "#cfd8dd", "#e3e8ea"),
    ("sunset", "clear"): ("#4b4a9f", "#e5718c", "#ffc572"),
    ("sunset", "rain"): ("#575070", "#9b7288", "#d99c80"),
    ("sunset", "snowfall"): ("#78729a", "#c095aa", "#f2c6a8"),
    ("sunset", "fog"): ("#a890aa", "#d8aaa2", "#f3cba6"),
    ("night", "clear"): ("#0b1238", "#1a2a63", "#3a5796"),
    ("night", "rain"): ("#10172b", "#212d48", "#3a4a68"),
    ("night", "snowfall"): ("#1b2546", "#34436b", "#5b6d95"),
    ("night", "fog"): ("#28314c", "#434e69", "#66728b"),
}
# Clouds, their shaded side; of dull weathers, towards the sky by DULL.
CLOUDS = {"day": ("#ffffff", "#cfe0f0"), "sunset": ("#ffd7b8", "#d9809a"), "night": ("#5a6ca5", "#37477f")}
DULL = {"clear": 0.0, "rain": 0.62, "snowfall": 0.5, "fog": 0.75}
FADE = {"clear": 0.5, "rain": 0.66, "snowfall": 0.7, "fog": 0.94}  # of what is as far as can be, the share that is air

GREY = np.array((0.3, 0.59, 0.11), np.float32)  # how bright each of RGB looks


@dataclass(frozen=True)
class Light:
    """`light(colour, depth)`: a colour as it is seen here, both #rrggbb; depth: how far away, 0 (near) to 1 (the horizon)."""

    time: str
    weather: str

    def __call__(self, colour: str, depth: float = 0.0) -> str:
        pixel = rgb(colour)
        dull, dark = {"clear": (0, 1), "rain": (0.3, 0.84), "snowfall": (0.2, 0.97), "fog": (0.3, 0.97)}[self.weather]
        pixel = (pixel + (pixel @ GREY - pixel) * dull) * dark
        if self.time == "sunset":
            pixel = pixel * (1.0, 0.86, 0.79) + (10, 2, 6)
        elif self.time == "night":
            pixel = pixel * (0.44, 0.49, 0.62) + (2, 7, 24)
        return mix(named(pixel), self.sky[-1], depth * FADE[self.weather])

    @property
    def sky(self) -> tuple[str, ...]:
        return SKIES[self.time, self.weather]

    @property
    def clouds(self) -> tuple[str, str]:
        """A cloud's own colour and that of its shaded side."""
        bright, shaded = CLOUDS[self.time]
        return mix(bright, self.sky[1], DULL[self.weather]), mix(shaded, self.sky[0], DULL[self.weather])

    @property
    def clear(self) -> bool:
        return self.weather == "clear"

    @property
    def snows(self) -> bool:
        return self.weather == "snowfall"

    @property
    def dark(self) -> bool:
        """Whether windows and lamps are lit."""
        return self.time == "night"


def named(pixel: np.ndarray) -> str:
    """RGB in 0..255 as #rrggbb."""
    return "#{:02x}{:02x}{:02x}".format(*np.clip(pixel + 0.5, 0, 255).astype(int))


def mix(a: str, b: str, share: float) -> str:
    """A colour between two, `share` of the way from a to b."""
    return named(rgb(a) + (rgb(b) - rgb(a)) * share)
