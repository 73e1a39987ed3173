"""Prompt: the GPT goes on from a prompt, and can be stopped."""

from __future__ import annotations

import dataclasses
import html
import json
import time

import gradio as gr

from genai.errors import UserError
from genai.generation.engine import Engine, Result
from genai.ui.seed import seed_box
from genai.ui.shell import model_card, problem_card
from genai.ui.stage import answer, stage
from genai.ui.tab import QUIET, Built
from genai.ui.words import guarded, i18n

REFRESH_SECONDS = 0.15  # how often the growing text is sent

JS = """
const self = genai.stage("gpt", element, server, () => {});
self.adopt = (made) => {
  self.last = made;
  self.say(genai.t("ui.gpt.status", made));
};
self.follow = (made) => {
  self.adopt(made);
  genai.showInUrl(made.query);
};
"""

# Whatever text comes, while it grows or from a link, the toolbar below acts on it.
PAGE_JS = """
watch("value", () => genai.ask("gpt", JSON.parse(element.querySelector(".page").dataset.made)));
"""

# What was on its way when the text was stopped may bring the cursor back.
STOP_JS = """() => {
  const still = () => document.querySelector("#gpt-page .cursor")?.remove();
  for (const wait of [0, 200, 600, 1500, 4000]) setTimeout(still, wait);
}"""

# Unknown characters are named while the prompt is typed, before anything runs.
HINT_JS = """(prompt) => {
  const alphabet = ALPHABET, strange = [...new Set([...(prompt ?? "")].filter((c) => !alphabet.includes(c)))];
  const hint = document.querySelector("#gpt-unknown p");
  hint.textContent = strange.length ? genai.t("ui.gpt.unknown", { characters: strange.slice(0, 20).join(" ") }) : "";
}"""


def build(engine: Engine) -> Built:
    try:
        loaded = engine.first("gpt", "gpt-shakespeare")
    except UserError as error:
        problem_card(error)
        return Built("prompt")
    controls = {c.name: c for c in engine.action(loaded, "write").controls(loaded)}

    def number(name: str, step: float) -> gr.Slider:
        c = controls[name]
        low = 10 if name == "max_new_tokens" else c.low
        return gr.Slider(
            low,
            c.high,
            c.default,
            step=step,
            label=i18n(f"ui.gpt.{name}"),
            elem_id=f"gpt-{name.replace('_', '-')}",
        )

    first = engine.generate(loaded.name, "write", {})
    with gr.Row():
        with gr.Column(scale=2, min_width=290):
            prompt = gr.Textbox(controls["prompt"].default, label=i18n("ui.gpt.prompt"), lines=4, max_lines=10,
                                max_length=controls["prompt"].max_length, elem_id="gpt-prompt")  # fmt: skip
            gr.HTML('<p class="hint" style="color:#b45309 !important" role="status"></p>', elem_id="gpt-unknown")
            with gr.Row():
                run = gr.Button(i18n("ui.gpt.run"), variant="primary", elem_id="gpt-run", min_width=100)
                stop = gr.Button(i18n("ui.gpt.stop"), elem_id="gpt-stop", min_width=80)
            temperature = number("temperature", 0.05)
            length = number("max_new_tokens", 10)
            with gr.Accordion(i18n("ui.advanced"), open=False):
                top_k, top_p = number("top_k", 1), number("top_p", 0.01)
                with gr.Row(equal_height=True):
                    seed = seed_box("gpt-seed")
            openings = loaded.about.openings.get("en", (controls["prompt"].default,))
            gr.Examples([[text] for text in openings], prompt, label=i18n("ui.gpt.examples"), elem_id="gpt-examples")
        with gr.Column(scale=5, min_width=320):
            page = gr.HTML(typeset(first), elem_id="gpt-page", js_on_load=PAGE_JS)
            stage("gpt", engine, "", describe(first), JS, model_card(loaded))
    widgets = {
        "prompt": prompt, "temperature": temperature, "top_k": top_k, "top_p": top_p,
        "max_new_tokens": length, "seed": seed,
    }  # fmt: skip

    @guarded
    def write(request: gr.Request, *values):
        """Yields the page. It is the only output: each further one costs the browser a rendering at every update."""
        shown, result = 0.0, None
        for result in engine.stream(loaded.name, "write", dict(zip(widgets, values))):
            if "result" not in result.receipt and time.perf_counter() - shown > REFRESH_SECONDS:
                shown = time.perf_counter()
                yield typeset(result, growing=True)
        yield typeset(result)

    event = run.click(write, list(widgets.values()), page, show_progress="hidden", api_visibility="private",
                      concurrency_limit=2, trigger_mode="once", preprocess=False)  # fmt: skip  # the engine checks
    stop.click(None, None, None, cancels=[event])
    stop.click(None, None, None, js=STOP_JS, **QUIET)
    alphabet = json.dumps(loaded.tokenizer.alphabet + "\r")
    prompt.change(None, prompt, None, js=HINT_JS.replace("ALPHABET", alphabet), **QUIET)

    def restored(result: Result) -> dict:
        return {page: typeset(result)}

    return Built("prompt", loaded.name, "gpt", widgets={"write": widgets}, views={"write": "text"},
                 extra=restored, others=[page])  # fmt: skip


def typeset(result: Result, growing: bool = False) -> str:
    """The prompt in bold, then what the model wrote."""
    prompt = result.receipt["controls"]["prompt"].replace("\r\n", "\n")
    written = html.escape(result.text[len(prompt) :])
    cursor = '<span class="cursor"></span>' if growing else ""
    made = html.escape(json.dumps(describe(result)))
    shown = f'<b>{html.escape(prompt)}</b><span class="written">{written}</span>{cursor}'
    return f'<div class="page" lang="en" data-made="{made}">{shown}</div>'


def describe(result: Result) -> dict:
    """What the toolbar acts on. A text that is stopped here is exactly the one whose length is what it has now."""
    controls = {**result.receipt["controls"], "max_new_tokens": max(1, result.tokens)}
    message = answer(dataclasses.replace(result, receipt={**result.receipt, "controls": controls}))
    message["tokens"] = result.tokens
    message["rate"] = round(1000 * result.tokens / max(result.milliseconds, 1e-3))
    message["ms"] = round(result.milliseconds)
    return message
