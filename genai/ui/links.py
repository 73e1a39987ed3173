"""Links and dropped files: from a receipt back to the controls, and whether the result is still the same."""

from __future__ import annotations

import html
import urllib.parse

import gradio as gr

from genai.errors import UserError
from genai.generation import receipt
from genai.generation.engine import Engine
from genai.strings import text
from genai.ui.tab import QUIET, Built
from genai.ui.words import guarded, i18n, language_of, message_of

# The notice says which tab and view its result belongs to. They are opened from here: were the tabs themselves outputs of
# an event, Gradio would copy the whole page's state at every update of any later event (0.1 s for each piece of text).
NOTICE_JS = """
watch("value", async () => {
  const notice = element.querySelector("[data-places]");
  for (const id of notice ? notice.dataset.places.trim().split(" ") : []) {
    const button = () => document.getElementById(`${id}-button`); // of a view inside a tab: there once the tab is open
    for (let i = 0; i < 100 && !button(); i++) await new Promise((done) => setTimeout(done, 50));
    button()?.click();
  }
});
"""


def add_links(page: gr.Blocks, engine: Engine, notice: gr.HTML, built: list[Built]) -> None:
    with gr.Accordion(i18n("ui.open.title"), open=False, elem_id="open"):
        file = gr.File(
            label=i18n("ui.open.label"),
            file_types=[".png", ".gif", ".txt"],
            type="filepath",
            elem_id="open-file",
        )

    extras = [part for tab in built for part in all_parts(tab)]
    targets = list(dict.fromkeys([notice, *extras]))
    query = gr.Textbox(visible=False)  # the page's address, where it names a result

    def restore(old: dict, shown, lang: str) -> dict:
        """Updates that put a receipt's controls back, and the notice that says how its result compares."""
        result, verdict = engine.again(old, shown)
        made = result.receipt
        updates: dict = {}
        place = ""
        for tab in built:
            if tab.model != made["model"] or made["action"] not in tab.widgets:
                continue
            widgets = tab.widgets[made["action"]]
            updates = {widget: made["controls"][name] for name, widget in widgets.items()}
            updates |= tab.extra(result)
            views = " ".join(f"view-{tab.id}-{view}" for view in tab.views.get(made["action"], "").split())
            place = f' data-places="tab-{tab.id} {views}"'
        said = text(lang, f"ui.open.{verdict}", model=made["model"], action=made["action"])
        kind = "" if verdict in ("identical", "within_tolerance", "unverified") else " bad"
        updates[notice] = (
            f'<div class="notice{kind}" role="status" data-verdict="{verdict}"{place}>{html.escape(said)}</div>'
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

    page.load(
        None,
        None,
        query,
        js="() => location.search.includes('model=') ? location.search.slice(1) : ''",
        **QUIET,
    )
    query.change(from_link, query, targets, **QUIET)
    file.upload(from_file, file, targets, show_progress="hidden", api_visibility="private")


def all_parts(tab: Built) -> list:
    """Every component that restoring one of the tab's actions may change."""
    parts = [widget for widgets in tab.widgets.values() for widget in widgets.values()]
    return [*parts, *tab.others]
