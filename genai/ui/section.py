"""What the page knows of a tab: its sections, one for each family of models that it shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gradio.components import Component

from genai.errors import UserError
from genai.generation.engine import Engine, Loaded, Result
from genai.ui.pieces import on
from genai.ui.shell import problem_card


class Section:
    """A family's part of a tab: its model, its views, and the controls that a link can restore.

    loaded: the model; None where there is none, and a card says why.
    widgets: action -> control name -> component, for each action that a link can restore.
    places: action -> where its result is shown: {"tabs": elem_ids to open, one inside the other, "stage", "fixed"}.
    restored: a restored result -> values of further components; `others` lists those.
    """

    def __init__(self, engine: Engine, tab: str, family: str, preferred: str):
        self.engine, self.tab, self.family = engine, tab, family
        self.loaded: Loaded | None = None
        self.widgets: dict[str, dict[str, Component]] = {}
        self.places: dict[str, dict[str, Any]] = {}
        self.restored: Callable[[Result], dict[Component, Any]] = lambda result: {}
        self.others: list[Component] = []
        try:
            self.loaded = engine.first(family, preferred)
        except UserError as error:
            problem_card(error)

    def controls(self, action: str) -> dict[str, Any]:
        """What the model's action takes, by name."""
        return {c.name: c for c in self.engine.action(self.loaded, action).controls(self.loaded)}

    def restores(
        self, action: str, widgets: dict[str, Component], view: str = "", stage: str = "", **fixed: Any
    ) -> None:
        """A link to a result of `action` sets these widgets, opens `view` (views one inside the other, in words), and has
        `stage` show the result with the fixed controls; without a stage, the widgets' own events do."""
        self.widgets[action] = widgets
        tabs = [f"tab-{self.tab}", *(f"view-{self.tab}-{name}" for name in view.split())]
        self.places[action] = {"tabs": tabs, "stage": stage, "fixed": fixed}

    def draws(self, stage: str, action: str, widgets: dict[str, Component], **fixed: Any) -> None:
        """Whenever a widget changes, the stage shows `action` with what they say, and with the fixed controls."""
        spec = dict(stage=stage, model=self.loaded.name, action=action, names=list(widgets), fixed=fixed)
        on([w.change for w in widgets.values()], "follow", list(widgets.values()), **spec)

    def parts(self) -> list[Component]:
        """Every component that restoring one of the actions may change."""
        return [*(widget for widgets in self.widgets.values() for widget in widgets.values()), *self.others]


@dataclass(frozen=True)
class Tab:
    """build: draws the tab and returns its sections."""

    id: str
    build: Callable[[Engine], list[Section]]
