"""What people type, by hand, with exactly what they mean: what the words are measured by, and never learned from.

Half of it, "kept", was written before the grammar and not looked at while that was built; only its metric reads it.
"""

from __future__ import annotations

import json
from pathlib import Path

from genai.data.world.scene import Link
from genai.data.world.telling import LANGUAGES, Caption, Named
from genai.errors import UserError

HERE = Path(__file__).parent / "phrasebook"
SPLITS = ("open", "kept")


def phrases(language: str, split: str) -> list[Caption]:
    """Of a language ("en", "zh"), the split "open" (to build with) or "kept" (to measure)."""
    if language not in LANGUAGES or split not in SPLITS:
        value, choices = (language, LANGUAGES) if language not in LANGUAGES else (split, SPLITS)
        raise UserError("unknown_split", value=value, dataset="phrasebook", choices=list(choices))
    entries = json.loads((HERE / f"{language}-{split}.json").read_text(encoding="utf-8"))
    return [_caption(entry, language) for entry in entries]


def outside() -> list[tuple[str, str, tuple[str, ...]]]:
    """Sentences about things that are not in the world: (text, language, what is to be named, in order)."""
    entries = json.loads((HERE / "outside.json").read_text(encoding="utf-8"))
    return [(entry["text"], entry["language"], tuple(entry["unknown"])) for entry in entries]


def _caption(entry: dict, language: str) -> Caption:
    groups = tuple(Named(**group) for group in entry.get("groups", ()))
    links = tuple(Link(*link) for link in entry.get("links", ()))
    said = {name: entry.get(name) for name in ("ground", "time", "weather")}
    return Caption(entry["text"], language, groups, links, **said, absent=tuple(entry.get("absent", ())))
