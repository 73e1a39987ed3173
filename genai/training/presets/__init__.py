"""Presets, one file a data set. To add one: write it there, or a new file with PRESETS and name it here."""

from __future__ import annotations

from genai.errors import UserError
from genai.training.presets import cats, folder, mnist, mnist_words, scenes, shakespeare
from genai.training.presets.preset import Preset

__all__ = ["PRESETS", "Preset", "get_preset", "names"]

PRESETS: dict[tuple[str, str], Preset] = {
    (preset.name, preset.size): preset
    for module in (mnist, cats, folder, shakespeare, scenes, mnist_words)
    for preset in module.PRESETS
}


def names() -> list[str]:
    return list(dict.fromkeys(name for name, _ in PRESETS))


def get_preset(name: str, size: str) -> Preset:
    """Raises UserError naming the choices for an unknown preset or size."""
    if name not in names():
        raise UserError("unknown_preset", value=name, choices=names())
    if (name, size) not in PRESETS:
        raise UserError("bad_choice", name="size", value=size, choices=[s for n, s in PRESETS if n == name])
    return PRESETS[name, size]
