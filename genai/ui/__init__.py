"""The page: tabs/ and their views/, one file each; to add a tab, write `tabs/<tab>.py` and name it in `tabs/__init__.py`.

Tabs touch no tensor: they speak to the engine in plain values and arrays.
"""

from __future__ import annotations

import gradio as gr

from genai.generation.engine import Engine
from genai.ui import api
from genai.ui.doors import uploads
from genai.ui.links import add_links
from genai.ui.pieces import piece
from genai.ui.serve import Page
from genai.ui.shell import header
from genai.ui.tabs import TABS
from genai.ui.unfetched import Unfetched
from genai.ui.words import i18n


def build_ui(engine: Engine) -> Page:
    """The whole page for an engine, ready for `.launch()`."""
    uploads.folder()  # before any component notes where its files lie
    with Page(title="genai studio", analytics_enabled=False, delete_cache=(60, 300)) as page:
        header()
        notice = piece("notice", elem_id="notice")
        sections = []
        with gr.Tabs(elem_id="studio", overflow_behavior="wrap"):
            for tab in TABS:
                with gr.Tab(i18n(f"ui.tabs.{tab.id}"), id=tab.id, elem_id=f"tab-{tab.id}"):
                    sections += tab.build(engine)
        add_links(page, engine, notice, sections)
        api.add_endpoints(engine)
    page.queue(max_size=40, default_concurrency_limit=2)
    page._queue.pending_messages_per_session = Unfetched(page._queue)
    return page
