"""Pictures from words: nine of a prompt, edits and variations, blends of two prompts, and a look inside."""

from __future__ import annotations

import html
from functools import partial

import gradio as gr
from gradio.components import Component

from genai.errors import UserError
from genai.generation.engine import Engine, Loaded
from genai.generation.offers import examples
from genai.strings import LANGUAGES, table, text
from genai.ui.pieces import QUIET, call, fill, on, piece
from genai.ui.section import Section
from genai.ui.seed import seed_box
from genai.ui.views import blend, draw, edit, inside
from genai.ui.views.draw import TILES
from genai.ui.words import guarded, i18n, language_of

BOX = 'data-box="paint-prompt" data-run="paint-run"'  # what its chips fill and press


def facts(engine: Engine, loaded: Loaded) -> dict:
    """judge: somebody can say what is in a picture.  draw, blend: the requests that their views open with."""
    prompt, prompt_to, *_ = examples(loaded)
    asked = {"draw": {"prompt": prompt}, "blend": {"prompt": prompt, "prompt_to": prompt_to}}
    return {"judge": bool(loaded.about.judge)} | {
        action: {
            "model": loaded.name, "action": action,
            "controls": engine.check(loaded.name, action, controls | {"count": TILES}),
        }
        for action, controls in asked.items()
    }  # fmt: skip


def build(engine: Engine) -> Section:
    section = Section(engine, "prompt", "text2image", "text2image-scenes", "paint", partial(facts, engine))

    def slider(name: str, step: float, high: float) -> Component:
        return section.slider("draw", name, step, high=high, label=i18n(f"ui.paint.{name}"), elem_id=f"paint-{name}")

    def first_words(loaded: Loaded) -> dict:
        words = section.controls(loaded, "draw")["prompt"]
        return {"value": examples(loaded)[0], "max_length": words.max_length}

    def orders(loaded: Loaded) -> dict:
        order = section.controls(loaded, "draw")["order"]
        return {"choices": [(i18n(f"ui.paint.orders.{o}"), o) for o in order.choices], "value": order.default}

    with section.body, gr.Row():
        with gr.Column(scale=2, min_width=290):
            section.chooser()
            prompt = section.follows(
                gr.Textbox, first_words, label=i18n("ui.paint.prompt"), lines=2, max_lines=4, elem_id="paint-prompt",
                info=i18n("ui.paint.prompt_info"),
            )  # fmt: skip
            piece("words", fill("words.html", facts=html.escape(section.facts.value)), elem_id="paint-words")
            with gr.Row():
                run = gr.Button(i18n("ui.paint.run"), variant="primary", elem_id="paint-run", min_width=90)
                stop = gr.Button(i18n("ui.paint.stop"), elem_id="paint-stop", min_width=70)
                never = section.follows(
                    gr.Button, lambda loaded: {"value": i18n("ui.paint.never"), "visible": has_held_out(loaded)},
                    elem_id="paint-never", min_width=120,
                )  # fmt: skip
            said = gr.HTML("", elem_id="paint-never-said")
            with gr.Row(equal_height=True):
                seed = seed_box("paint-seed")
            with gr.Accordion(i18n("ui.advanced"), open=False):
                cfg_scale, steps = slider("cfg_scale", 0.5, 8), slider("steps", 1, 24)
                temperature = slider("temperature", 0.05, 1.5)
                order = section.follows(gr.Radio, orders, label=i18n("ui.paint.order"), elem_id="paint-order")
            with gr.Accordion(i18n("ui.paint.sheet"), open=True, elem_id="paint-sheet"):
                section.follows(partial(piece, "chips"), lambda loaded: {"value": sheet_html(loaded)})
        controls = {
            "prompt": prompt, "seed": seed, "cfg_scale": cfg_scale, "steps": steps, "temperature": temperature,
            "order": order,
        }  # fmt: skip
        with gr.Column(scale=5, min_width=320):
            with gr.Tabs(elem_id="paint-views", overflow_behavior="wrap"):
                with gr.Tab(i18n("ui.paint.views.draw"), elem_id="view-prompt-draw"):
                    draw.build(section, controls)
                with gr.Tab(i18n("ui.paint.views.edit"), elem_id="view-prompt-edit"):
                    edit.build(section)
                with gr.Tab(i18n("ui.paint.views.blend"), elem_id="view-prompt-blend"):
                    blend.build(section)
                with gr.Tab(i18n("ui.paint.views.inside"), elem_id="view-prompt-inside"):
                    inside.build(section)
            section.card()

    spec = dict(stage="paint", action="draw", names=list(controls), fixed={"count": TILES})
    inputs = [section.facts, *controls.values()]
    asked = [run.click, prompt.submit, *(s.release for s in (cfg_scale, steps, temperature)), order.input, seed.change]
    on(asked, "drawPrompt", inputs, **spec)
    on([section.facts.change], "follow", inputs, **spec)
    on([stop.click], "stop", stages=["paint", "paint-edit", "paint-blend"])
    on([prompt.change, section.facts.change], "readPrompt", [section.facts, prompt])

    @guarded
    def combine(request: gr.Request, model):
        lang = language_of(request)
        found = engine.entry(model).about.prompts.never_seen(lang)
        if found is None:
            raise UserError("bad_request")
        wanted, combinations = found
        named = "; ".join(" + ".join(_named(part, lang) for part in item) for item in combinations)
        why = html.escape(text(lang, "ui.paint.never_said", combinations=named))
        return wanted, f'<p class="hint" role="status">{why}</p>'

    combined = never.click(combine, section.choice, [prompt, said], preprocess=False, **QUIET)
    combined.then(None, inputs, None, js=call("drawPrompt", **spec), **QUIET)
    section.stands()
    return section


def has_held_out(loaded: Loaded) -> bool:
    """Whether its data is known to leave combinations out."""
    return loaded.about.prompts.never_seen("en") is not None


def sheet_html(loaded: Loaded) -> str:
    """Everything that can be drawn, as buttons that fill the prompt, in both languages; the page shows one."""
    sheets = {lang: loaded.about.prompts.sheet(lang) for lang in LANGUAGES}
    if not any(sheets.values()):
        words = [word for word in examples(loaded) if word]
        return f'<div {BOX}><div class="chips">{"".join(_chip(word, word) for word in words)}</div></div>'
    parts = []
    for lang, sheet in sheets.items():
        rows = (
            f'<p class="caption" data-t="{key}"></p><div class="chips">{"".join(_chip(*chip) for chip in chips)}</div>'
            for key, chips in sheet
        )
        parts.append(f'<div data-only="{lang}" lang="{lang}" hidden>{"".join(rows)}</div>')
    return f"<div {BOX}>{''.join(parts)}</div>"


def _chip(shown: str, prompt: str) -> str:
    return f'<button class="chip" data-prompt="{html.escape(prompt)}">{html.escape(shown)}</button>'


def _named(value: str, lang: str) -> str:
    """A value of a scene in the visitor's language."""
    words = table(lang)
    keys = (f"ui.paint.{group}.{value}" for group in ("kind", "colour", "ground", "arrangement"))
    return next((words[key] for key in keys if key in words), value)
