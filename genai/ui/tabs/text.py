"""Text: a GPT goes on from a prompt."""

from __future__ import annotations

import html
from functools import partial

import gradio as gr
from gradio.components import Component

from genai.generation.engine import Engine, Loaded
from genai.generation.gpt import openings
from genai.ui.pieces import on, piece
from genai.ui.section import Section
from genai.ui.seed import seed_box
from genai.ui.views import write
from genai.ui.words import i18n


def facts(loaded: Loaded) -> dict:
    """alphabet: every character that a prompt may have; line ends of all kinds are one."""
    return {"alphabet": loaded.tokenizer.alphabet + "\r"}


def examples(loaded: Loaded) -> dict:
    chips = "".join(
        f'<button class="chip" data-prompt="{html.escape(opening)}">{html.escape(opening)}</button>'
        for opening in openings(loaded)
    )
    caption = '<p class="caption" data-t="ui.gpt.examples"></p>'
    return {"value": f'<div data-box="gpt-prompt">{caption}<div class="chips">{chips}</div></div>'}


def build(engine: Engine) -> Section:
    section = Section(engine, "prompt", "gpt", "gpt-shakespeare", "gpt", facts)

    def slider(name: str, step: float, **limits: float) -> Component:
        elem_id = f"gpt-{name.replace('_', '-')}"
        return section.slider("write", name, step, label=i18n(f"ui.gpt.{name}"), elem_id=elem_id, **limits)

    def first_words(loaded: Loaded) -> dict:
        words = section.controls(loaded, "write")["prompt"]
        return {"value": words.default, "max_length": words.max_length}

    with section.body, gr.Row():
        with gr.Column(scale=2, min_width=290):
            section.chooser()
            prompt = section.follows(
                gr.Textbox, first_words, label=i18n("ui.gpt.prompt"), lines=4, max_lines=10, elem_id="gpt-prompt"
            )
            piece("plain", '<p class="hint warning" role="status"></p>', elem_id="gpt-unknown")
            with gr.Row():
                run = gr.Button(i18n("ui.gpt.run"), variant="primary", elem_id="gpt-run", min_width=100)
                stop = gr.Button(i18n("ui.gpt.stop"), elem_id="gpt-stop", min_width=80)
            temperature = slider("temperature", 0.05)
            length = slider("max_new_tokens", 10, low=10)
            with gr.Accordion(i18n("ui.advanced"), open=False):
                top_k, top_p = slider("top_k", 1), slider("top_p", 0.01)
                with gr.Row(equal_height=True):
                    seed = seed_box("gpt-seed")
            section.follows(partial(piece, "chips"), examples, elem_id="gpt-examples")
        controls = {
            "prompt": prompt, "temperature": temperature, "top_k": top_k, "top_p": top_p,
            "max_new_tokens": length, "seed": seed,
        }  # fmt: skip
        with gr.Column(scale=5, min_width=320):
            write.build(section, controls, run, stop)
            section.card()
    on([prompt.change, section.facts.change], "nameUnknown", [section.facts, prompt])
    section.stands()
    return section
