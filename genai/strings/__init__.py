"""Every word that a person reads, in every language: `<lang>.json`, nested by place."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

LANGUAGES = {"en": "English", "zh": "中文"}


@cache
def table(lang: str) -> dict[str, str]:
    """All strings of a language, flattened: {"errors.unknown_model": "...", ...}."""
    nested = json.loads((Path(__file__).parent / f"{lang}.json").read_text(encoding="utf-8"))
    flat: dict[str, str] = {}

    def walk(node: dict, prefix: str) -> None:
        for key, value in node.items():
            if isinstance(value, dict):
                walk(value, f"{prefix}{key}.")
            else:
                flat[prefix + key] = value

    walk(nested, "")
    return flat


def text(lang: str, key: str, /, **details) -> str:
    """The string `key` in `lang` (English where the language is unknown), with {placeholders} filled."""
    template = table(lang if lang in LANGUAGES else "en")[key]
    return template.format_map(details) if details else template
