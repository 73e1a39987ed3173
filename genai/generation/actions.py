"""What each family can be asked to do.

    ACTIONS["gan"]["sample"].controls(entry) -> the controls it takes; the description of a model suffices
    ACTIONS["gan"]["sample"].run(loaded, controls) -> the result

An action is a function of (loaded model, checked controls) and nothing else. Not every model of a family offers all of them:
`actions_of` says which. Its kind says what it gives:

    image     pixels uint8 [H, W, C]
    loop      frames uint8 [N, H, W, C] of an animation
    text      an iterator of pieces that go on from its control `prompt`
    data      plain values that JSON can carry
    rounds    a picture that grows: run(loaded, controls, state, show) -> Round, see there

The package imports every family's actions in one order, so ACTIONS is whole, and the same, whatever is imported first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from genai.generation.controls import Control

Kind = Literal["image", "loop", "text", "data", "rounds"]


@dataclass(frozen=True)
class Round:
    """What one round of an action leaves.

    The first round begins with `state` None, each later one with what the round before left, through a browser that may have
    changed it: all of it is checked (UserError). The last round is the same picture, however many came alone or together.

    pixels: the picture as it is now; None where nobody looks (`show` was false) and it was not the last.
    state: plain values for the next round; None: this was the last.
    detail: what the result tells beside its pixels.
    """

    pixels: np.ndarray | None
    state: dict | None
    detail: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Action:
    """light: it computes next to nothing, and waits for no place among the requests that compute.
    offered: whether a model, of which the description suffices, can do it at all."""

    name: str
    kind: Kind
    controls: Callable[[Any], list[Control]]
    run: Callable[..., Any]
    light: bool = False
    offered: Callable[[Any], bool] = lambda model: True


ACTIONS: dict[str, dict[str, Action]] = {}


def action(family: str, kind: Kind, controls: Callable[[Any], list[Control]], **more: Any):
    """Register the decorated function as an action of `family`, by its name; a first one is the default. more: see `Action`."""

    def register(run: Callable[..., Any]):
        ACTIONS.setdefault(family, {})[run.__name__] = Action(run.__name__, kind, controls, run, **more)
        return run

    return register


def actions_of(model: Any) -> dict[str, Action]:
    """What a model (its description suffices) can be asked for, by name; nothing, where its family makes nothing itself."""
    return {name: one for name, one in ACTIONS.get(model.family, {}).items() if one.offered(model)}
