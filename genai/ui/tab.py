"""What the page knows of a tab."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from genai.generation.engine import Engine, Result

# Of an event that only moves things in the page: no queue, no spinner, no endpoint.
QUIET = dict(queue=False, show_progress="hidden", api_visibility="private")


@dataclass
class Built:
    """A tab that stands.

    widgets: action -> control name -> component, for each action that a link can restore.
    views: action -> the view of the tab (elem_id "view-<tab>-<view>") that shows it, where there are several; a view
        inside a view after a space.
    extra: a restored result -> updates of further components; `others` lists those.
    """

    id: str
    model: str = ""
    family: str = ""
    widgets: dict[str, dict[str, gr.components.Component]] = field(default_factory=dict)
    views: dict[str, str] = field(default_factory=dict)
    extra: Callable[[Result], dict[Any, Any]] = lambda result: {}
    others: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class Tab:
    """build: draws the tab and says what stands: one `Built` for each model that it shows."""

    id: str
    build: Callable[[Engine], list[Built]]
