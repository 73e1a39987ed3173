"""Pieces of the page: the HTML, CSS and JavaScript of assets/ meet Gradio here and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

ASSETS = Path(__file__).parent / "assets"

# Of an event that only moves things in the page: no queue, no spinner, no endpoint.
QUIET = dict(queue=False, show_progress="hidden", api_visibility="private")


def asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def fill(name: str, **values: str) -> str:
    """An HTML file of assets/ with each {name} replaced; the values are HTML themselves."""
    body = asset(name)
    for key, value in values.items():
        body = body.replace(f"{{{key}}}", value)
    return body


def piece(view: str, value: str = "", server: Sequence[Callable] = (), **settings: Any) -> gr.HTML:
    """HTML that `genai.views[view]` brings to life in the browser; it may call the functions of `server`."""
    mount = f"genai.mount({json.dumps(view)}, element, {{ props, server, trigger, watch }});"
    return gr.HTML(value, js_on_load=mount, server_functions=list(server), **settings)


def call(function: str, **spec: Any) -> str:
    """The `js=` of an event: genai.<function>(spec, ...the values of its inputs)."""
    return f"(...values) => genai.{function}({json.dumps(spec)}, ...values)"


def on(triggers: list, function: str, inputs: Any = None, outputs: Any = None, **spec: Any):
    """An event that stays in the browser: any of the triggers calls genai.<function>(spec, ...inputs)."""
    return gr.on(triggers, None, inputs, outputs, js=call(function, **spec), **QUIET)
