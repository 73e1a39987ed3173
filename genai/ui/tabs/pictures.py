"""Pictures from words: nine of a prompt, edits and variations, blends of two prompts, and a look inside."""

from __future__ import annotations

import html
import json

import gradio as gr

from genai.generation.engine import Engine, Loaded
from genai.generation.offers import examples, never_seen, sheet
from genai.strings import LANGUAGES, table, text
from genai.ui.pictures import TILES
from genai.ui.pieces import QUIET, call, fill, on, piece
from genai.ui.section import Section
from genai.ui.seed import seed_box
from genai.ui.views import blend, draw, edit, inside
from genai.ui.words import guarded, i18n, language_of


def build(engine: Engine) -> Section:
    section = Section(engine, "prompt", "text2image", "text2image-scenes")
    if section.loaded is None:
        return section
    loaded, known = section.loaded, section.controls("draw")
    opening = examples(loaded)[0]

    def number(name: str, high: float, step: float) -> gr.Slider:
        c = known[name]
        return gr.Slider(c.low, high, c.default, step=step, label=i18n(f"ui.paint.{name}"), elem_id=f"paint-{name}")

    with gr.Row():
        with gr.Column(scale=2, min_width=290):
            prompt = gr.Textbox(
                opening, label=i18n("ui.paint.prompt"), lines=2, max_lines=4, elem_id="paint-prompt",
                max_length=known["prompt"].max_length, info=i18n("ui.paint.prompt_info"),
            )  # fmt: skip
            first = html.escape(json.dumps({"model": loaded.name, "prompt": opening}))
            piece("words", fill("words.html", first=first), elem_id="paint-words")
            with gr.Row():
                run = gr.Button(i18n("ui.paint.run"), variant="primary", elem_id="paint-run", min_width=90)
                stop = gr.Button(i18n("ui.paint.stop"), elem_id="paint-stop", min_width=70)
                never = gr.Button(i18n("ui.paint.never"), elem_id="paint-never", min_width=120,
                                  visible=loaded.meta.dataset == "scenes")  # fmt: skip
            said = gr.HTML("", elem_id="paint-never-said")
            with gr.Row(equal_height=True):
                seed = seed_box("paint-seed")
            with gr.Accordion(i18n("ui.advanced"), open=False):
                cfg_scale, steps = number("cfg_scale", 8, 0.5), number("steps", 24, 1)
                temperature = number("temperature", 1.5, 0.05)
                order = gr.Radio(
                    [(i18n(f"ui.paint.orders.{o}"), o) for o in known["order"].choices],
                    value=known["order"].default, label=i18n("ui.paint.order"), elem_id="paint-order",
                )  # fmt: skip
            with gr.Accordion(i18n("ui.paint.sheet"), open=True, elem_id="paint-sheet"):
                piece("chips", sheet_html(loaded))
        controls = {
            "prompt": prompt, "seed": seed, "cfg_scale": cfg_scale, "steps": steps, "temperature": temperature,
            "order": order,
        }  # fmt: skip
        with gr.Column(scale=5, min_width=320), gr.Tabs(elem_id="paint-views"):
            with gr.Tab(i18n("ui.paint.views.draw"), elem_id="view-prompt-draw"):
                draw.build(section, controls)
            with gr.Tab(i18n("ui.paint.views.edit"), elem_id="view-prompt-edit"):
                edit.build(section)
            with gr.Tab(i18n("ui.paint.views.blend"), elem_id="view-prompt-blend"):
                blend.build(section)
            with gr.Tab(i18n("ui.paint.views.inside"), elem_id="view-prompt-inside"):
                inside.build(section)

    spec = dict(stage="paint", model=loaded.name, action="draw", names=list(controls), fixed={"count": TILES})
    inputs = list(controls.values())
    triggers = [
        run.click,
        prompt.submit,
        cfg_scale.release,
        steps.release,
        temperature.release,
        order.input,
        seed.change,
    ]
    on(triggers, "drawPrompt", inputs, **spec)
    on([stop.click], "stop", stages=["paint", "paint-edit", "paint-blend"])
    on([prompt.change], "readPrompt", prompt, model=loaded.name)

    @guarded
    def combine(request: gr.Request):
        lang = language_of(request)
        wanted, combinations = never_seen(lang)
        named = "; ".join(" + ".join(_named(part, lang) for part in item) for item in combinations)
        why = html.escape(text(lang, "ui.paint.never_said", combinations=named))
        return wanted, f'<p class="hint" role="status">{why}</p>'

    never.click(combine, None, [prompt, said], **QUIET).then(None, inputs, None, js=call("drawPrompt", **spec), **QUIET)
    return section


def sheet_html(loaded: Loaded) -> str:
    """Everything that can be drawn, as buttons that fill the prompt, in both languages; the page shows one."""
    if loaded.meta.dataset != "scenes":
        return f'<div class="chips">{"".join(_chip(word, word) for word in examples(loaded))}</div>'
    parts = []
    for lang in LANGUAGES:
        rows = (
            f'<p class="caption" data-t="{key}"></p><div class="chips">{"".join(_chip(*chip) for chip in chips)}</div>'
            for key, chips in sheet(lang)
        )
        parts.append(f'<div data-only="{lang}" lang="{lang}" hidden>{"".join(rows)}</div>')
    return "".join(parts)


def _chip(shown: str, prompt: str) -> str:
    return f'<button class="chip" data-prompt="{html.escape(prompt)}">{html.escape(shown)}</button>'


def _named(value: str, lang: str) -> str:
    """A value of a scene in the visitor's language."""
    words = table(lang)
    keys = (f"ui.paint.{group}.{value}" for group in ("kind", "colour", "ground", "arrangement"))
    return next((words[key] for key in keys if key in words), value)
