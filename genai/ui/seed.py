"""A seed with its dice."""

from __future__ import annotations

import gradio as gr

from genai.generation.noise import MAX_SEED
from genai.ui.pieces import on
from genai.ui.words import i18n


def seed_box(elem_id: str, value: int = 1, label: str = "ui.seed", scale: int = 4) -> gr.Number:
    """The number `elem_id` ("...-seed...") and, beside it, the button "...-dice..." that throws a new one."""
    seed = gr.Number(value, label=i18n(label), precision=0, minimum=0, maximum=MAX_SEED, elem_id=elem_id, scale=scale)
    dice = gr.Button("⚄", elem_id=elem_id.replace("seed", "dice"), elem_classes="dice", min_width=44, scale=1)
    on([dice.click], "dice", None, seed)
    return seed
