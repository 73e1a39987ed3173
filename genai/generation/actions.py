"""What each family can be asked to do.

    ACTIONS["gan"]["sample"].controls(model) -> the controls it takes
    ACTIONS["gan"]["sample"].run(model, controls) -> pixels uint8 [H, W, C], frames [N, H, W, C], or text

An action is a function of (loaded model, checked controls) and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from genai.generation.controls import Control


@dataclass(frozen=True)
class Action:
    """kind: "image" (one picture), "loop" (frames of an animation) or "text" (a stream of pieces)."""

    name: str
    kind: str
    controls: Callable[[Any], list[Control]]
    run: Callable[[Any, dict], Any]
    scale: int = 8  # each pixel becomes a square of so many in a downloaded file


ACTIONS: dict[str, dict[str, Action]] = {}


def action(family: str, kind: str, controls: Callable[[Any], list[Control]], scale: int = 8):
    """Register the decorated function as an action of `family`, by its name; a first one is the default."""

    def register(run: Callable[[Any, dict], Any]):
        ACTIONS.setdefault(family, {})[run.__name__] = Action(run.__name__, kind, controls, run, scale)
        return run

    return register
