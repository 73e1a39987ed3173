"""Named API endpoints, one for each action of each family: /gan_sample, /vae_decode, /gpt_write, ...

They take the action's controls by name (all optional) and `model`, check them as the page does, and answer in JSON.
"""

from __future__ import annotations

import base64
import inspect
from typing import Any

import gradio as gr

from genai.generation.controls import Choice, Control, Number, Words
from genai.generation.engine import ACTIONS, Engine, Entry
from genai.ui.stage import from_data_uri
from genai.ui.words import guarded


def add_endpoints(engine: Engine) -> None:
    seen = set()
    for entry in engine.shelf.entries():
        if entry.problem is not None:
            continue
        for action in ACTIONS.get(entry.family, {}).values():
            name = f"{entry.family}_{action.name}"
            if name not in seen:
                seen.add(name)
                gr.api(endpoint(engine, entry, action.name), api_name=name, concurrency_limit=2)
        if entry.family == "vae" and "vae_encode" not in seen:
            seen.add("vae_encode")
            gr.api(encode_endpoint(engine, entry), api_name="vae_encode", concurrency_limit=2)


def endpoint(engine: Engine, default: Entry, action: str):
    """A function whose signature lists the action's controls with their types and defaults, as Gradio wants it."""
    controls = engine.action(default, action).controls(default)

    @guarded
    def call(request, *values):
        *given, model = values
        result = engine.generate(model, action, dict(zip([c.name for c in controls], given)))
        answer = {"receipt": result.receipt, "milliseconds": round(result.milliseconds, 2)}
        if result.text:
            return answer | {"text": result.text}
        return answer | {"file": result.file_name, "data": base64.b64encode(result.file_bytes()).decode()}

    listed = "; ".join(f"{c.name}: {spell(c)}" for c in controls)
    return signed(call, [(c.name, kind(c), c.default) for c in controls] + [("model", str, default.name)],
                  f"{action}_{default.family}", f"{listed}. Answers with the receipt and the result.")  # fmt: skip


def encode_endpoint(engine: Engine, default: Entry):
    @guarded
    def call(request, image, model):
        return {"z": engine.encode(model, from_data_uri({"image": image}))}

    parameters = [("image", str, ""), ("model", str, default.name)]
    return signed(
        call,
        parameters,
        "encode_vae",
        "image: a picture of a digit as a data URI. Answers with its latent z.",
    )


def signed(call, parameters: list[tuple[str, type, Any]], name: str, description: str):
    """`call` under a signature of its own: Gradio reads names, types and defaults from it."""

    def function(request: gr.Request, *values):
        return call(request, *values)

    kinds = {n: k for n, k, _ in parameters}
    listed = [
        inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=d, annotation=k) for n, k, d in parameters
    ]
    asked = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=gr.Request)
    function.__signature__ = inspect.Signature([asked, *listed], return_annotation=dict)
    function.__annotations__ = {"request": gr.Request, **kinds, "return": dict}
    function.__name__, function.__doc__ = name, description
    return function


def kind(control: Control) -> type:
    if isinstance(control, Number):
        return float
    return str if isinstance(control, (Choice, Words)) else list


def spell(control: Control) -> str:
    if isinstance(control, Number):
        return f"{control.low} to {control.high}"
    if isinstance(control, Choice):
        return " | ".join(control.choices)
    if isinstance(control, Words):
        return f"1 to {control.max_length} characters"
    return f"{control.length} numbers, {control.low} to {control.high}"
