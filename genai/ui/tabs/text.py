"""Text: a GPT goes on from a prompt."""

from __future__ import annotations

import gradio as gr

from genai.generation.engine import Engine
from genai.ui.pieces import on, piece
from genai.ui.section import Section
from genai.ui.seed import seed_box
from genai.ui.views import write
from genai.ui.words import i18n


def build(engine: Engine) -> Section:
    section = Section(engine, "prompt", "gpt", "gpt-shakespeare")
    if section.loaded is None:
        return section
    known = section.controls("write")

    def number(name: str, step: float) -> gr.Slider:
        c = known[name]
        low = 10 if name == "max_new_tokens" else c.low
        return gr.Slider(low, c.high, c.default, step=step, label=i18n(f"ui.gpt.{name}"),
                         elem_id=f"gpt-{name.replace('_', '-')}")  # fmt: skip

    with gr.Row():
        with gr.Column(scale=2, min_width=290):
            prompt = gr.Textbox(known["prompt"].default, label=i18n("ui.gpt.prompt"), lines=4, max_lines=10,
                                max_length=known["prompt"].max_length, elem_id="gpt-prompt")  # fmt: skip
            piece("plain", '<p class="hint warning" role="status"></p>', elem_id="gpt-unknown")
            with gr.Row():
                run = gr.Button(i18n("ui.gpt.run"), variant="primary", elem_id="gpt-run", min_width=100)
                stop = gr.Button(i18n("ui.gpt.stop"), elem_id="gpt-stop", min_width=80)
            temperature = number("temperature", 0.05)
            length = number("max_new_tokens", 10)
            with gr.Accordion(i18n("ui.advanced"), open=False):
                top_k, top_p = number("top_k", 1), number("top_p", 0.01)
                with gr.Row(equal_height=True):
                    seed = seed_box("gpt-seed")
            openings = section.loaded.about.openings.get("en", (known["prompt"].default,))
            gr.Examples([[text] for text in openings], prompt, label=i18n("ui.gpt.examples"), elem_id="gpt-examples")
        controls = {
            "prompt": prompt, "temperature": temperature, "top_k": top_k, "top_p": top_p,
            "max_new_tokens": length, "seed": seed,
        }  # fmt: skip
        with gr.Column(scale=5, min_width=320):
            write.build(section, controls, run, stop)
    on([prompt.change], "nameUnknown", prompt, alphabet=section.loaded.tokenizer.alphabet + "\r")
    return section
