"""A text that grows on its page, can be stopped, and is what the toolbar below acts on."""

from __future__ import annotations

import dataclasses
import html
import json
import time
from functools import partial

import gradio as gr
from gradio.components import Component

from genai.generation.engine import Engine, Loaded, Result
from genai.ui.pieces import on, piece
from genai.ui.section import Section, model_of
from genai.ui.stage import answer, stage
from genai.ui.words import guarded

REFRESH_SECONDS = 0.15  # how often the growing text is sent


def build(section: Section, controls: dict[str, Component], run: gr.Button, stop: gr.Button) -> None:
    engine = section.engine

    def first_text(loaded: Loaded) -> dict:
        return {"value": typeset(engine, engine.generate(loaded.name, "write", {}))}

    page = section.follows(partial(piece, "writing"), first_text, elem_id="gpt-page")
    stage("gpt", "write", section, "")

    @guarded
    def write(request: gr.Request, facts, *values):
        """Yields the page. It is the only output: each further one costs the browser a rendering at every update."""
        model = model_of(facts)
        shown, result = 0.0, None
        for result in engine.stream(model, "write", dict(zip(controls, values))):
            if "result" not in result.receipt and time.perf_counter() - shown > REFRESH_SECONDS:
                shown = time.perf_counter()
                yield typeset(engine, result, growing=True)
        yield typeset(engine, result)

    event = run.click(  # not preprocessed: the engine checks
        write, [section.facts, *controls.values()], page, show_progress="hidden", api_visibility="private",
        concurrency_limit=2, trigger_mode="once", preprocess=False,
    )  # fmt: skip
    stop.click(None, None, None, cancels=[event])
    on([stop.click], "stopText")
    section.restores("write", controls, "text")
    section.restored, section.others = lambda result: {page: typeset(engine, result)}, [page]


def typeset(engine: Engine, result: Result, growing: bool = False) -> str:
    """The prompt in bold, then what the model wrote."""
    prompt = result.receipt["controls"]["prompt"].replace("\r\n", "\n")
    written = html.escape(result.text[len(prompt) :])
    cursor = '<span class="cursor"></span>' if growing else ""
    made = html.escape(json.dumps(describe(engine, result) | {"growing": growing}))
    shown = f'<b>{html.escape(prompt)}</b><span class="written">{written}</span>{cursor}'
    return f'<div class="page" lang="en" data-made="{made}">{shown}</div>'


def describe(engine: Engine, result: Result) -> dict:
    """What the toolbar acts on. A text that is stopped here is exactly the one whose length is what it has now."""
    controls = {**result.receipt["controls"], "max_new_tokens": max(1, result.tokens)}
    message = answer(engine, dataclasses.replace(result, receipt={**result.receipt, "controls": controls}))
    message["tokens"] = result.tokens
    message["rate"] = round(1000 * result.tokens / max(result.milliseconds, 1e-3))
    message["ms"] = round(result.milliseconds)
    return message
