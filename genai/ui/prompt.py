"""Prompt: words become pictures (paint.py) and more words (gpt.py)."""

from __future__ import annotations

import gradio as gr

from genai.generation.engine import Engine
from genai.ui import gpt, paint
from genai.ui.tab import Built, Tab
from genai.ui.words import i18n


def build(engine: Engine) -> list[Built]:
    with gr.Tabs(elem_id="prompt-kinds"):
        with gr.Tab(i18n("ui.prompt.pictures"), elem_id="view-prompt-pictures"):
            pictures = paint.build(engine)
        with gr.Tab(i18n("ui.prompt.text"), elem_id="view-prompt-text"):
            text = gpt.build(engine)
    return [pictures, text]


TAB = Tab("prompt", build)
