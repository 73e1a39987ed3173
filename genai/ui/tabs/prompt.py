"""Prompt: words become pictures (pictures.py) and more words (text.py)."""

from __future__ import annotations

import gradio as gr

from genai.generation.engine import Engine
from genai.ui.section import Section, Tab
from genai.ui.tabs import pictures, text
from genai.ui.words import i18n


def build(engine: Engine) -> list[Section]:
    with gr.Tabs(elem_id="prompt-kinds", overflow_behavior="wrap"):
        with gr.Tab(i18n("ui.prompt.pictures"), elem_id="view-prompt-pictures"):
            of_pictures = pictures.build(engine)
        with gr.Tab(i18n("ui.prompt.text"), elem_id="view-prompt-text"):
            of_text = text.build(engine)
    return [of_pictures, of_text]


TAB = Tab("prompt", build)
