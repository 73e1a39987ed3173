"""A stage: a picture that follows its controls while they move, with its toolbar and status line.

The fast path: the browser calls `frame` straight, latest wins (assets/studio.js). It passes by Gradio's queue, its
preprocessing and its validators, so everything is checked here, by the engine, and the engine bounds how much runs at once.
"""

from __future__ import annotations

import base64
import functools
import html
import json
import math
from collections.abc import Callable
from typing import Any

import gradio as gr

from genai.errors import UserError
from genai.generation import receipt
from genai.generation.engine import Engine, Result
from genai.generation.images import data_uri
from genai.ui.pieces import asset, piece
from genai.ui.section import Section
from genai.ui.words import message_of

CRISP_SIDE = 32  # pixels: larger pictures are shown at two or three times their size, smoothly


def is_crisp(result: Result) -> bool:
    """Whether the page shows pixels as squares: where the data asks for it, and they are few enough for even ones."""
    if result.pixels is None or result.about.pixels != "crisp":
        return False
    columns = math.ceil(math.sqrt(result.receipt["controls"].get("count", 1)))  # as images.grid puts them
    return math.gcd(*result.pixels.shape[:2]) // columns <= CRISP_SIDE  # of some in a row, too


def answer(engine: Engine, result: Result) -> dict[str, Any]:
    """What the browser learns of a result."""
    suffix = "" if result.action.kind == "text" else result.suffix
    made = {
        "pixels": "crisp" if is_crisp(result) else "smooth",
        "ms": round(result.milliseconds, 2),
        "device": result.receipt["device"].upper(),
        "query": receipt.to_query(result.receipt),
        "command": receipt.to_command(result.receipt, suffix, engine.shelf.folders),
        "api": receipt.to_api_call(result.receipt, result.family),
        "request": {k: result.receipt[k] for k in ("model", "action", "controls")},
    }
    if result.pixels is not None:
        made["src"] = data_uri(result.pixels)
    if result.action.kind == "data":
        made["data"] = result.data
    return made | result.detail


def opening(section: Section, action: str, controls: dict | None = None) -> dict | None:
    """What a stage shows first: the action's result with its defaults; None without a model."""
    if section.loaded is None:
        return None
    return answer(section.engine, section.engine.generate(section.loaded.name, action, controls or {}))


def later(request: dict) -> dict:
    """What a stage shows first: nothing, until it comes into sight."""
    return {"lazy": True, "request": request}


def read_request(payload: Any) -> tuple[str, str, dict]:
    """model, action and controls of a browser's request; their values are checked by the engine."""
    if not isinstance(payload, dict):
        raise UserError("bad_request")
    return payload.get("model"), payload.get("action"), payload.get("controls")


def language(payload: Any) -> str:
    return "zh" if isinstance(payload, dict) and payload.get("lang") == "zh" else "en"


def server_functions(engine: Engine) -> list:
    """`frame`, `file`, `data`, `learned` for a stage's JavaScript: a request as plain values in, the answer or {"error"} out."""

    def frame(payload):
        """What takes several rounds answers with the `state` that the browser asks for the next one with."""
        result, state = engine.advance(*read_request(payload), payload.get("state"))
        return answer(engine, result) | ({"state": state} if state else {})

    def file(payload):
        result = engine.generate(*read_request(payload))
        data = base64.b64encode(result.file_bytes()).decode()
        return {"name": result.file_name, "type": result.media_type, "data": data}

    def data(payload):
        """What an action tells that makes no picture."""
        return {"data": engine.generate(*read_request(payload)).data}

    def learned(payload):
        """Training pictures by their places, where this machine has them."""
        if not isinstance(payload, dict):
            raise UserError("bad_request")
        found = engine.learned_from(payload.get("model"), payload.get("places"))
        return {"pictures": [data_uri(pixels) for pixels in found]}

    return [answering(function) for function in (frame, file, data, learned)]


def answering(function: Callable[[Any], dict]) -> Callable[[Any], dict]:
    """A function for the browser, by its name: it answers {"error": a sentence} where it would raise."""

    @functools.wraps(function)
    def call(payload):
        try:
            return function(payload)
        except Exception as error:
            return {"error": message_of(error, language(payload))}

    return call


def stage(stage_id: str, view: str, section: Section, body: str, first: dict | None = None, **data: str) -> gr.HTML:
    """A stage named `genai.stages[stage_id]` in the browser, brought to life by `genai.views[view]`.

    Args:
        body: the HTML of its picture; `{src}` becomes the first picture, so that it is there when the page opens.
        first: the `answer` that the page opens with, or `later`: the request whose picture the browser asks for when it comes
            into sight; None where there is neither.
        data: further data- attributes of its root.
    """
    first = first or later({})
    shown = body.replace("{src}", first.get("src", ""))
    attributes = {"stage": stage_id, "initial": json.dumps(first), "pixels": first.get("pixels", ""), **data}
    written = " ".join(f'data-{name}="{html.escape(value)}"' for name, value in attributes.items())
    return piece(
        view,
        f'<div class="stage" {written}>{shown}{asset("stage.html")}</div>',
        server_functions(section.engine),
        elem_id=f"stage-{stage_id}",
    )
