"""Named API endpoints, one for each action of each family: /gan_sample, /vae_decode, /gpt_write, ...

They take the action's controls by name (all optional) and `model`, and check them as the page does. Data answers as it is;
everything else with its receipt, as a file or as text, pictures that grow when they are finished.
"""

from __future__ import annotations

import base64
import inspect
from typing import Any

import gradio as gr

from genai.errors import UserError
from genai.generation.controls import Choice, Code, Control, Number, Picture, Words
from genai.generation.engine import ACTIONS, Engine, Entry, actions_of
from genai.ui.words import guarded

URI = "a picture as a data URI, data:image/png;base64,..."


def add_endpoints(engine: Engine) -> None:
    """For each action that a model offers; the first such model by name is the one that answers unless another is named."""
    for family, actions in ACTIONS.items():
        for name in actions:
            for default in [entry for entry in engine.shelf.of(family) if name in actions_of(entry)][:1]:
                gr.api(endpoint(engine, default, name), api_name=f"{family}_{name}", concurrency_limit=2)


def endpoint(engine: Engine, default: Entry, action: str):
    """A function whose signature lists the action's controls with their types and defaults, as Gradio wants it."""
    controls = engine.controls(default.name, action)

    @guarded
    def call(request, *values):
        *values, model = values
        result = engine.generate(model, action, given(engine, model, action, controls, values))
        if result.action.kind == "data":
            return result.data
        answer = {"receipt": result.receipt, "milliseconds": round(result.milliseconds, 2)}
        if result.action.kind == "text":
            return answer | {"text": result.text}
        file = base64.b64encode(result.file_bytes()).decode()
        return answer | {"file": result.file_name, "data": file} | result.detail

    listed = "; ".join(f"{c.name}: {URI if isinstance(c, Picture) else c.expects}" for c in controls)
    kinds = [(c.name, kind(c), c.default) for c in controls] + [("model", str, default.name)]
    is_data = engine.action(default, action).kind == "data"
    answers = "plain values" if is_data else "the receipt and the result"
    return signed(call, kinds, f"{action}_{default.family}", f"{listed}. Answers with {answers}.")


def given(engine: Engine, model: Any, action: str, controls: list[Control], values: list) -> dict[str, Any]:
    """The values by name. Gradio completes what was left out by the signature's defaults; where another model cannot take
    such a one (a latent of another length), it is left out here, too, and the model's own default holds."""
    own = {c.name: c for c in engine.controls(model, action)}
    return {
        c.name: value for c, value in zip(controls, values)
        if not (same(value, c.default) and (c.name not in own or not takes(own[c.name], value)))
    }  # fmt: skip


def same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and value == default


def takes(control: Control, value: Any) -> bool:
    try:
        control.check(value)
    except UserError:
        return False
    return True


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
    return str if isinstance(control, (Choice, Words, Picture, Code)) else list
