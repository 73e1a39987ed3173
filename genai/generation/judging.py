"""What the judge sees in a picture, and whether that is what the words of a prompt ask for."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from genai.data.scenes import ATTRIBUTES
from genai.data.scenes.lexicon import concepts
from genai.data.scenes.world import MIRROR
from genai.data.words import Word


def see(judge, pixels: np.ndarray) -> list[dict[str, dict[str, Any]]]:
    """For each picture uint8 [n, H, W, C]: attribute -> {"value", "p"}, the judge's answer and its probability."""
    batch = torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2)
    answers = [rows.max(1) for rows in judge.model.answer(batch)]  # of each question: (probabilities, indices) [n]
    return [
        {
            name: {"value": choices[int(best.indices[i])], "p": round(float(best.values[i]), 4)}
            for (name, choices), best in zip(ATTRIBUTES.items(), answers)
        }
        for i in range(len(batch))
    ]


def check_words(words: list[Word], seen: dict[str, dict[str, Any]]) -> list[bool | None]:
    """Word by word: is what it names in the picture? None for a word that names nothing."""
    meaning = concepts()
    return [_holds(meaning[word.text], seen) if word.text in meaning else None for word in words]


def _holds(meant: tuple[tuple[str, str], ...], seen: dict) -> bool:
    """Any of the (attribute, value) pairs that a word may mean; a thing's attribute may be either thing's."""
    value = {name: answer["value"] for name, answer in seen.items()}
    arrangements = {value["arrangement"], MIRROR.get(value["arrangement"], "")}
    for name, wanted in meant:
        if name == "ground" and value["ground"] == wanted:
            return True
        if name == "arrangement" and wanted in arrangements:
            return True
        if name in ("kind", "colour", "size") and wanted in (value[name], value[f"{name}2"]):
            return True
    return False
