"""Links and dropped files: from a receipt back to the controls, and whether the result is still the same."""

from __future__ import annotations

import html
import json
import urllib.parse

import gradio as gr

from genai.errors import UserError
from genai.generation import receipt
from genai.generation.engine import Engine
from genai.strings import text
from genai.ui.pieces import QUIET, call
from genai.ui.section import Section
from genai.ui.words import guarded, i18n, language_of, message_of


def add_links(page: gr.Blocks, engine: Engine, notice: gr.HTML, sections: list[Section]) -> None:
    with gr.Accordion(i18n("ui.open.title"), open=False, elem_id="open"):
        file = gr.File(
            label=i18n("ui.open.label"),
            file_types=[".png", ".gif", ".txt"],
            type="filepath",
            elem_id="open-file",
        )

    targets = list(dict.fromkeys([notice, *(part for section in sections for part in section.parts())]))
    query = gr.Textbox(visible=False)  # the page's address, where it names a result

    def restore(old: dict, shown, lang: str) -> dict:
        """Updates that put a receipt's controls back, and the notice that says how its result compares."""
        result, verdict = engine.again(old, shown)
        made = result.receipt
        updates: dict = {}
        shown_at = None
        for section in sections:
            if section.loaded is None or section.loaded.name != made["model"] or made["action"] not in section.widgets:
                continue
            widgets = section.widgets[made["action"]]
            updates = {widget: made["controls"][name] for name, widget in widgets.items()}
            updates |= section.restored(result)
            place = section.places[made["action"]]
            request = {"model": made["model"], "action": made["action"], "controls": made["controls"] | place["fixed"]}
            shown_at = {"tabs": place["tabs"], "stage": place["stage"], "request": request}
        said = text(lang, f"ui.open.{verdict}", model=made["model"], action=made["action"])
        kind = "" if verdict in ("identical", "within_tolerance", "unverified") else " bad"
        at = f' data-place="{html.escape(json.dumps(shown_at))}"' if shown_at else ""
        updates[notice] = (
            f'<div class="notice{kind}" role="status" data-verdict="{verdict}"{at}>{html.escape(said)}</div>'
        )
        return updates

    def filled(updates: dict) -> list:
        return [updates.get(target, gr.skip()) for target in targets]

    def from_link(request: gr.Request, address):
        lang = language_of(request)
        try:
            old = receipt.from_query(dict(urllib.parse.parse_qsl(str(address), keep_blank_values=True)))
            return filled(restore(old, None, lang)) if old else [gr.skip() for _ in targets]
        except Exception as error:
            said = html.escape(message_of(error, lang))
            return filled({notice: f'<div class="notice bad" role="alert" data-verdict="error">{said}</div>'})

    @guarded
    def from_file(request: gr.Request, path):
        if path is None:
            return [gr.skip() for _ in targets]
        if not isinstance(path, str):
            raise UserError("no_receipt")
        return filled(restore(*receipt.read_file(path), language_of(request)))

    page.load(None, None, query, js=call("address"), **QUIET)
    query.change(from_link, query, targets, **QUIET)
    file.upload(from_file, file, targets, show_progress="hidden", api_visibility="private")
