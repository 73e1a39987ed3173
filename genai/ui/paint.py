"""Pictures from words: nine of a prompt, edits and variations, blends of two prompts, and a look inside.

What the stages do in the browser is in assets/paint.js; here is what they are made of, and what they ask the engine.
"""

from __future__ import annotations

import html
import json

import gradio as gr

from genai.errors import UserError
from genai.generation.engine import Engine, Loaded, Result
from genai.generation.offers import examples, never_seen, sheet
from genai.strings import LANGUAGES, table, text
from genai.ui.seed import seed_box
from genai.ui.shell import model_card, problem_card
from genai.ui.stage import language, stage
from genai.ui.tab import QUIET, Built
from genai.ui.words import guarded, i18n, language_of, message_of

TILES = 9
VIEWS = ("draw", "edit", "blend", "inside")

DRAW = """
<div class="stage-main">
  <div class="sheet large"></div>
  <div class="frame small paint-detail">
    <div class="cell large-tile" role="img" data-t="ui.paint.large" data-t-attr="aria-label"></div>
    <figcaption></figcaption>
    <p class="paint-note" role="status"></p>
    <div class="verdicts" aria-live="polite"></div>
    <div class="twin"><div class="cell"></div><p class="caption" data-t="ui.paint.twin"></p></div>
    <div class="tools">
      <button class="tool" data-act="tile-edit"><span data-t="ui.paint.to_edit"></span></button>
      <button class="tool" data-act="tile-inside"><span data-t="ui.paint.to_inside"></span></button>
      <button class="tool" data-act="tile-download"><span data-t="ui.gan.tile_download"></span></button>
    </div>
  </div>
</div>
"""

EDIT = """
<div class="stage-main">
  <div class="paint-side">
    <p class="caption" data-t="ui.paint.brush_hint"></p>
    <div class="cell base-frame"><div class="base"></div><div class="brush"></div></div>
    <div class="row"><button class="tool" data-act="brush-all"><span data-t="ui.paint.brush_all"></span></button>
      <button class="tool" data-act="brush-none"><span data-t="ui.paint.brush_none"></span></button></div>
    <label><span class="caption" data-t="ui.paint.edit_prompt"></span><input class="words" maxlength="300"></label>
    <button class="tool strong" data-act="redraw"><span data-t="ui.paint.redraw"></span></button>
    <label><span class="caption" data-t="ui.paint.amount"></span>
      <input type="range" min="0.1" max="1" step="0.05" value="0.4"></label>
    <button class="tool strong" data-act="vary"><span data-t="ui.paint.vary"></span></button>
  </div>
  <div class="sheet large"></div>
</div>
<p class="caption" data-t="ui.paint.take_hint"></p>
"""

BLEND = """
<div class="paint-blend">
  <div class="ends"><input class="words" maxlength="300" data-t="ui.paint.blend_from" data-t-attr="aria-label" value="{from}">
    <input class="words" maxlength="300" data-t="ui.paint.blend_to" data-t-attr="aria-label" value="{to}"></div>
  <input type="range" min="0" max="1" step="0.05" value="0.5" data-t="ui.paint.position" data-t-attr="aria-label">
  <div class="sheet large"></div>
  <p class="caption" data-t="ui.paint.blend_hint"></p>
</div>
"""

INSIDE = """
<div class="stage-main">
  <div class="paint-side">
    <div class="cell base-frame"><div class="base"></div><div class="heat"></div></div>
    <p class="caption planned"></p>
    <div class="look-words"></div>
    <p class="caption inside-note"></p>
    <div class="row"><button class="tool" data-act="inside-edit"><span data-t="ui.paint.to_edit"></span></button></div>
  </div>
  <div class="others"></div>
</div>
<p class="caption" data-t="ui.paint.inside_hint"></p>
"""

# A request from a link finds its stage through this component's value, which may be there before the component is.
BRIDGE_JS = """
const pass = () => {
  const request = JSON.parse(props.value || "null");
  if (request) genai.ask(request.stage, request);
};
watch("value", pass);
pass();
"""


def build(engine: Engine) -> Built:
    try:
        loaded = engine.first("text2image", "text2image-scenes")
    except UserError as error:
        problem_card(error)
        return Built("prompt")
    controls = {c.name: c for c in engine.action(loaded, "draw").controls(loaded)}
    card = model_card(loaded)
    shown = examples(loaded)

    def number(name: str, high: float, step: float) -> gr.Slider:
        c = controls[name]
        return gr.Slider(c.low, high, c.default, step=step, label=i18n(f"ui.paint.{name}"), elem_id=f"paint-{name}")

    with gr.Row():
        with gr.Column(scale=2, min_width=290):
            prompt = gr.Textbox(
                shown[0], label=i18n("ui.paint.prompt"), lines=2, max_lines=4, elem_id="paint-prompt",
                max_length=controls["prompt"].max_length, info=i18n("ui.paint.prompt_info"),
            )  # fmt: skip
            gr.HTML(
                '<div class="read"></div><p class="hint legend" data-t="ui.paint.unknown_hint" hidden></p>',
                elem_id="paint-words", js_on_load=f"genai.translate(element);"
                f" setTimeout(() => genai.paint.read({json.dumps(shown[0])}, {loaded.name!r}), 400);",
            )  # fmt: skip
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
                    [(i18n(f"ui.paint.orders.{o}"), o) for o in controls["order"].choices],
                    value=controls["order"].default, label=i18n("ui.paint.order"), elem_id="paint-order",
                )  # fmt: skip
            with gr.Accordion(i18n("ui.paint.sheet"), open=True, elem_id="paint-sheet"):
                gr.HTML(sheet_html(loaded), js_on_load=SHEET_JS)
        with gr.Column(scale=5, min_width=320), gr.Tabs(elem_id="paint-views"):
            first = {"prompt": shown[0], "count": TILES}
            with gr.Tab(i18n("ui.paint.views.draw"), elem_id="view-prompt-draw"):
                _stage(engine, "paint", DRAW, loaded, "draw", first, card)
            with gr.Tab(i18n("ui.paint.views.edit"), elem_id="view-prompt-edit"):
                _stage(engine, "paint-edit", EDIT, loaded, "", {}, card)
            with gr.Tab(i18n("ui.paint.views.blend"), elem_id="view-prompt-blend"):
                ends = {"prompt": shown[0], "prompt_to": shown[1], "count": TILES}
                body = BLEND.replace("{from}", html.escape(shown[0])).replace("{to}", html.escape(shown[1]))
                _stage(engine, "paint-blend", body, loaded, "blend", ends, card)
            with gr.Tab(i18n("ui.paint.views.inside"), elem_id="view-prompt-inside"):
                _stage(engine, "paint-inside", INSIDE, loaded, "", {}, card)
    bridge = gr.HTML("", elem_id="paint-bridge", html_template="", js_on_load=BRIDGE_JS)

    widgets = {
        "prompt": prompt, "seed": seed, "cfg_scale": cfg_scale, "steps": steps, "temperature": temperature,
        "order": order,
    }  # fmt: skip
    draw_js = (
        f"(...v) => {{ const controls = Object.fromEntries({list(widgets)}.map((name, i) => [name, v[i]]));"
        f" genai.ask('paint', {{ model: {loaded.name!r}, action: 'draw', controls: {{ ...controls, count: {TILES} }} }});"
        " document.getElementById('view-prompt-draw-button')?.click(); }"
    )
    inputs = list(widgets.values())
    gr.on([run.click, prompt.submit, cfg_scale.release, steps.release, temperature.release, order.input, seed.change],
          None, inputs, None, js=draw_js, **QUIET)  # fmt: skip
    stop.click(None, None, None, js="() => { for (const id of ['paint', 'paint-edit', 'paint-blend'])"
               " genai.stages[id]?.stop(); }", **QUIET)  # fmt: skip
    prompt.change(None, prompt, None, js=f"(prompt) => genai.paint.read(prompt, {loaded.name!r})", **QUIET)

    @guarded
    def combine(request: gr.Request):
        lang = language_of(request)
        wanted, combinations = never_seen(lang)
        said = "; ".join(" + ".join(_named(part, lang) for part in item) for item in combinations)
        why = html.escape(text(lang, "ui.paint.never_said", combinations=said))
        return wanted, f'<p class="hint" role="status">{why}</p>'

    never.click(combine, None, [prompt, said], **QUIET).then(None, inputs, None, js=draw_js, **QUIET)

    def restored(result: Result) -> dict:
        action, given = result.receipt["action"], result.receipt["controls"]
        name = {"draw": "paint", "edit": "paint-edit", "vary": "paint-edit", "blend": "paint-blend"}
        place = name.get(action, "paint-inside")
        controls = given | ({"count": TILES} if action == "draw" else {})
        request = {"model": loaded.name, "action": action, "controls": controls, "stage": place}
        return {bridge: json.dumps(request)}

    return Built(
        "prompt", loaded.name, "text2image",
        widgets={"draw": widgets, "edit": {}, "vary": {}, "blend": {}, "decode": {}},
        views={
            action: f"pictures {view}" for action, view in
            (("draw", "draw"), ("edit", "edit"), ("vary", "edit"), ("blend", "blend"), ("decode", "inside"))
        },
        extra=restored, others=[bridge],
    )  # fmt: skip


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


SHEET_JS = """
genai.translate(element);
for (const button of element.querySelectorAll("[data-prompt]"))
  button.addEventListener("click", () => genai.paint.setPrompt(button.dataset.prompt));
for (const part of element.querySelectorAll("[data-only]")) part.hidden = part.dataset.only !== genai.lang;
"""


def _stage(engine: Engine, name: str, body: str, loaded: Loaded, action: str, controls: dict, card: str) -> gr.HTML:
    """One of the four; the browser draws its first picture when it comes into sight."""
    first: dict = {"lazy": True, "request": {}}
    if action:
        first["request"] = {
            "model": loaded.name, "action": action, "controls": engine.check(loaded.name, action, controls),
        }  # fmt: skip
    kind = name.partition("-")[2] or "draw"
    return stage(name, engine, body, first, f"genai.paint.{kind}(element, server);", card, extra=questions(engine))


def questions(engine: Engine) -> list:
    """What the stages ask beside pictures: plain values in, plain values or {"error"} out."""

    def answering(function):
        def call(payload):
            try:
                given = payload if isinstance(payload, dict) else {}
                return function(given)
            except Exception as error:
                return {"error": message_of(error, language(payload))}

        call.__name__ = function.__name__
        return call

    def read(given):
        return {"words": engine.read(given.get("model"), given.get("prompt"))}

    def see(given):
        return {"verdicts": engine.see(given.get("model"), given.get("prompt"), given.get("tokens"), given.get("plan"))}

    def inside(given):
        return engine.inside(given.get("model"), given.get("prompt"), given.get("tokens"), given.get("plan"))

    return [answering(function) for function in (read, see, inside)]
