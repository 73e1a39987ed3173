"""The page: one file a tab; to add one, write `ui/<tab>.py` with a TAB and name it here.

Tabs touch no tensor: they speak to the engine in plain values and arrays.
"""

from __future__ import annotations

import gradio as gr

from genai.generation.engine import Engine
from genai.ui import api, gan, prompt, vae
from genai.ui.links import NOTICE_JS, add_links
from genai.ui.serve import Page
from genai.ui.shell import header
from genai.ui.tab import Tab
from genai.ui.words import i18n

TABS: list[Tab] = [gan.TAB, vae.TAB, prompt.TAB]


def build_ui(engine: Engine) -> Page:
    """The whole page for an engine, ready for `.launch()`."""
    with Page(title="genai studio", analytics_enabled=False, delete_cache=(3600, 3600)) as page:
        header()
        notice = gr.HTML(elem_id="notice", js_on_load=NOTICE_JS)
        built = []
        with gr.Tabs(elem_id="studio"):
            for tab in TABS:
                with gr.Tab(i18n(f"ui.tabs.{tab.id}"), id=tab.id, elem_id=f"tab-{tab.id}"):
                    built += tab.build(engine)
        add_links(page, engine, notice, built)
        api.add_endpoints(engine)
    page.queue(max_size=40, default_concurrency_limit=2)
    return page
