"""Links, dropped files, Back and Forward: from a receipt back to the controls, and whether the result is still the same."""

from __future__ import annotations

import html
import json
import time
import urllib.parse
from collections.abc import Sequence
from typing import Any

import gradio as gr

from genai.errors import UserError
from genai.generation import receipt
from genai.generation.engine import Engine, Result
from genai.strings import text
from genai.ui.pieces import QUIET, call, piece
from genai.ui.section import Section, model_of
from genai.ui.words import guarded, i18n, language_of, message_of

GOOD = ("identical", "within_tolerance", "unverified")


def add_links(page: gr.Blocks, engine: Engine, notice: gr.HTML, sections: list[Section]) -> None:
    with gr.Accordion(i18n("ui.open.title"), open=False, elem_id="open"):
        file = gr.File(
            label=i18n("ui.open.label"),
            file_types=[".png", ".gif", ".webp", ".txt"],
            type="filepath",
            elem_id="open-file",
        )
    address = gr.Textbox(visible=False)  # the page's, where it names a result
    returned = piece("history", elem_id="history", html_template="")
    targets = list(dict.fromkeys([notice, *(part for section in sections for part in section.parts())]))
    facts = [section.facts for section in sections]

    def filled(updates: dict) -> list:
        return [updates.get(target, gr.skip()) for target in targets]

    def again(old: dict, shown: Any, facts: Sequence[str], lang: str) -> dict:
        """A receipt's model, controls and result, and how that compares."""
        result, verdict = engine.again(old, shown)
        made = result.receipt
        updates, place = restore(engine, sections, facts, made, result)
        said = text(lang, f"ui.open.{verdict}", model=made["model"], action=made["action"])
        return updates | {notice: note(said, verdict, place)}

    def follow(address: str, facts: Sequence[str], lang: str, back: bool = False) -> dict:
        """What an address names, if it names a result. Who comes back to it knows it: it is neither checked nor announced."""
        try:
            old = receipt.from_query(dict(urllib.parse.parse_qsl(address, keep_blank_values=True)))
            if old is None:
                return {}
            if not back:
                return again(old, None, facts, lang)
            controls = engine.controls_from_words(old["model"], old["action"], old["controls"])
            updates, place = restore(engine, sections, facts, {**old, "controls": controls})
            return updates | {notice: note("", "returned", place)}
        except Exception as error:
            return {notice: note(message_of(error, lang), "error")}

    @guarded
    def open_page(request: gr.Request, address, *facts):
        """Models may have come or gone since the page was built, and its address may name a result."""
        updates: dict = {}
        for section, shown in zip(sections, facts):
            updates |= section.refresh(shown)
        known = [updates.get(section.facts, shown) for section, shown in zip(sections, facts)]
        return filled(updates | follow(str(address), known, language_of(request)))

    @guarded
    def go_back(request: gr.Request, address, *facts):
        return filled(follow(str(address).partition("#")[0], facts, language_of(request), back=True))

    @guarded
    def open_file(request: gr.Request, path, *facts):
        if path is None:
            return filled({})
        if not isinstance(path, str):
            raise UserError("no_receipt")
        return filled(again(*receipt.read_file(path), facts, language_of(request)))

    page.load(open_page, [address, *facts], targets, js=call("address"), **QUIET)
    returned.change(go_back, [returned, *facts], targets, **QUIET)
    file.upload(open_file, [file, *facts], targets, show_progress="hidden", api_visibility="private")


def restore(
    engine: Engine, sections: list[Section], facts: Sequence[str], made: dict, result: Result | None = None
) -> tuple[dict, dict | None]:
    """Updates that choose the model and set the controls of a receipt `made`; and where its result is shown.

    facts: of the model that each section shows now.  result: if it is at hand.
    """
    loaded = engine.get(made["model"])
    for section, shown in zip(sections, facts):
        if section.family != loaded.family or made["action"] not in section.widgets:
            continue
        values = {widget: made["controls"][name] for name, widget in section.widgets[made["action"]].items()}
        if section.restored:
            result = result or engine.generate(made["model"], made["action"], made["controls"])
            values |= section.restored(result)
        updates = values if model_of(shown) == loaded.name else section.show(loaded, values)
        place = section.places[made["action"]]
        request = {"model": loaded.name, "action": made["action"], "controls": made["controls"] | place["fixed"]}
        return updates, {"tabs": place["tabs"], "stage": place["stage"], "request": request}
    return {}, None


def note(said: str, verdict: str, place: dict | None = None) -> str:
    """What the notice says, and the place that it opens; without words it only opens. No two are alike, so each is news."""
    kind = "notice" if verdict in GOOD else "notice bad"
    opens = f'data-place="{html.escape(json.dumps(place))}" data-turn="{time.monotonic_ns()}"' if place else ""
    hidden = "" if said else "hidden"
    role = "alert" if verdict == "error" else "status"
    return f'<div class="{kind}" role="{role}" data-verdict="{verdict}" {opens} {hidden}>{html.escape(said)}</div>'
