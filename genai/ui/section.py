"""What the page knows of a tab: its sections, one for each family of models that it shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr
from gradio.components import Component

from genai.errors import UserError
from genai.generation.engine import Engine, Loaded, Result
from genai.ui.pieces import QUIET, on, piece
from genai.ui.shell import model_card, problem_card
from genai.ui.words import guarded, i18n


class Section:
    """A family's part of a tab: which of its models is chosen, what follows from that, and what a link can restore.

    preferred: the model that the page opens with, if it is there; or several, the best first.
    loaded: the model that it does open with, and `opening` its facts. None where there is none: then the body is hidden and
        a card says why, until somebody opens the page when there is one.
    facts: a hidden component with what the browser must know of the chosen model, as JSON; it changes last.
    widgets: action -> control name -> component, for each action that a link can restore.
    places: action -> where its result is shown: {"tabs": elem_ids to open, one inside the other, "stage", "fixed"}.
    restored: a restored result -> values of further components, which `others` lists; None where a link sets widgets only.
    """

    def __init__(
        self, engine: Engine, tab: str, family: str, preferred: str | tuple[str, ...], elem_id: str,
        facts: Callable[[Loaded], dict] = lambda loaded: {},
    ):  # fmt: skip
        self.engine, self.tab, self.family, self.elem_id = engine, tab, family, elem_id
        self.preferred = (preferred,) if isinstance(preferred, str) else preferred
        self.widgets: dict[str, dict[str, Component]] = {}
        self.places: dict[str, dict[str, Any]] = {}
        self.restored: Callable[[Result], dict[Component, Any]] | None = None
        self.others: list[Component] = []
        self._facts_of = facts
        self._following: dict[Component, Callable[[Loaded], dict]] = {}
        self.loaded, said = self._first()
        self.opening = self.facts_of(self.loaded)
        self.facts = gr.Textbox(json.dumps(self.opening), visible=False)
        self.problem = piece("bilingual", said, visible=self.loaded is None)
        self.body = gr.Column(visible=self.loaded is not None)

    # -- while the page is built -----------------------------------------------------------------------------

    def follows(self, kind: Callable[..., Component], properties: Callable[[Loaded], dict], **fixed: Any) -> Component:
        """A component whose `properties(loaded)` are those that suit the chosen model."""
        component = kind(**(properties(self.loaded) if self.loaded else {}), **fixed)
        self._following[component] = properties
        return component

    def controls(self, loaded: Loaded, action: str) -> dict[str, Any]:
        """What a model's action takes, by name."""
        return {c.name: c for c in self.engine.action(loaded, action).controls(loaded)}

    def slider(
        self, action: str, name: str, step: float, low: float | None = None, high: float | None = None, **fixed: Any
    ) -> Component:
        """A slider of a number that `action` takes, within what the model allows, and within low and high."""

        def properties(loaded: Loaded) -> dict:
            c = self.controls(loaded, action)[name]
            return {
                "minimum": c.low if low is None else low, "maximum": c.high if high is None else min(high, c.high),
                "value": c.default,
            }  # fmt: skip

        return self.follows(gr.Slider, properties, step=step, **fixed)

    def chooser(self) -> None:
        """Which model: each with what it learned from. Hidden where there is no choice."""
        self.choice = gr.Dropdown(
            **self._choices(self.loaded), label=i18n("ui.model"), info=i18n("ui.model_info"),
            elem_id=f"{self.elem_id}-model", filterable=False,
        )  # fmt: skip

    def card(self) -> None:
        """Facts of the chosen model in small print."""
        self.follows(
            partial(piece, "plain"), lambda loaded: {"value": model_card(loaded)}, elem_id=f"{self.elem_id}-card"
        )

    def draws(self, stage: str, action: str, widgets: dict[str, Component], **fixed: Any) -> None:
        """Whenever a widget changes, or the model, the stage shows `action` with what they say, and with the fixed controls."""
        spec = dict(stage=stage, action=action, names=list(widgets), fixed=fixed)
        parts = [self.facts, *widgets.values()]
        on([part.change for part in parts], "follow", parts, **spec)

    def tells(self, stage: str) -> None:
        """When another model is chosen, the stage is told its facts."""
        on([self.facts.change], "choose", [self.facts], stage=stage)

    def restores(
        self, action: str, widgets: dict[str, Component], view: str = "", stage: str = "", **fixed: Any
    ) -> None:
        """A link to a result of `action` sets these widgets, opens `view` (views one inside the other, in words), and has
        `stage` show the result with the fixed controls; without a stage, the widgets' own events do."""
        self.widgets[action] = widgets
        tabs = [f"tab-{self.tab}", *(f"view-{self.tab}-{name}" for name in view.split())]
        self.places[action] = {"tabs": tabs, "stage": stage, "fixed": fixed}

    def stands(self) -> None:
        """The section is whole: its chooser may be used."""

        @guarded
        def choose(request: gr.Request, name):
            return self.complete(self.show(self.engine.get(name)))

        self.choice.input(choose, self.choice, self.parts(), preprocess=False, trigger_mode="always_last", **QUIET)

    # -- while the page is open ------------------------------------------------------------------------------

    def parts(self) -> list[Any]:
        """Everything that may change with the model or by a link; the facts last, for then all else is in place."""
        widgets = [widget for widgets in self.widgets.values() for widget in widgets.values()]
        parts = [self.problem, self.body, self.choice, *self._following, *widgets, *self.others]
        return [*dict.fromkeys(parts), self.facts]

    def complete(self, updates: dict) -> list:
        return [updates.get(part, gr.skip()) for part in self.parts()]

    def refresh(self, facts: str) -> dict[Any, Any]:
        """What must change for a page that just opened with these facts: models may have come or gone since it was built."""
        chosen = next((entry for entry in self.engine.shelf.of(self.family) if entry.name == model_of(facts)), None)
        if chosen is None or list(chosen.signature) != json.loads(facts).get("file"):
            loaded, said = self._first()
            if loaded is None:
                return {self.problem: gr.update(value=said, visible=True), self.body: gr.update(visible=False)}
            return self.show(loaded)
        choices = self._choices(chosen)
        return {self.choice: gr.update(**choices)} if choices["choices"] != self.choice.choices else {}

    def show(self, loaded: Loaded, values: dict[Component, Any] | None = None) -> dict[Any, Any]:
        """What must change for `loaded` to be the chosen model; `values` are known for some components."""
        updates: dict[Any, Any] = {
            self.problem: gr.update(visible=False), self.body: gr.update(visible=True),
            self.choice: gr.update(**self._choices(loaded)), self.facts: json.dumps(self.facts_of(loaded)),
        }  # fmt: skip
        for component, properties in self._following.items():
            if component in self.others and component in (values or {}):
                continue
            changed = properties(loaded)
            updates[component] = changed["value"] if list(changed) == ["value"] else gr.update(**changed)
        return merged(updates, values or {})

    def facts_of(self, loaded: Loaded | None) -> dict[str, Any]:
        """What the browser must know of a model; "file" tells one version of a checkpoint from another of the same name."""
        if loaded is None:
            return {}
        return {"model": loaded.name, "file": list(loaded.entry.signature), **self._facts_of(loaded)}

    def _first(self) -> tuple[Loaded | None, str]:
        try:
            return self.engine.first(self.family, *self.preferred), ""
        except UserError as error:
            return None, problem_card(error)

    def _choices(self, chosen: Any) -> dict[str, Any]:
        """Of the dropdown. A snapshot, which a link may name, stands in it only while it is chosen."""
        entries = {entry.name: entry for entry in self.engine.shelf.of(self.family)}
        if chosen is not None:
            entries.setdefault(chosen.name, chosen)
        choices = [(" · ".join(filter(None, (name, entry.meta.dataset))), name) for name, entry in entries.items()]
        return {"choices": choices, "value": chosen.name if chosen else None, "visible": len(choices) > 1}


def model_of(facts: Any) -> Any:
    """The model's name in facts that a browser sends: whatever they are, the engine checks it."""
    try:
        return json.loads(facts)["model"]
    except (TypeError, ValueError, KeyError):
        return None


def merged(updates: dict[Any, Any], values: dict[Any, Any]) -> dict[Any, Any]:
    """Updates of components with further values for some of them."""
    both = dict(updates)
    for component, value in values.items():
        properties = updates.get(component)
        both[component] = properties | {"value": value} if isinstance(properties, dict) else value
    return both


@dataclass(frozen=True)
class Tab:
    """build: draws the tab and returns its sections."""

    id: str
    build: Callable[[Engine], list[Section]]
