"""A page whose slider asks the server for nothing: what Gradio and the browser cost by themselves. `python -m genai.bench.noop`

The server function gives back the value and a picture that it holds ready, in the size and format of a real one.
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import numpy as np

from genai.ui.stage import data_uri

HTML = """<div id="noop"><input type="range" min="0" max="1" step="0.02" value="0"><img class="one-picture" src="{src}"></div>"""


def build() -> gr.Blocks:
    picture = data_uri(np.random.default_rng(0).integers(0, 256, (28, 28, 1), dtype=np.uint8))

    def noop(value):
        return {"value": value, "src": picture}

    with gr.Blocks(analytics_enabled=False) as page:
        js = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
        gr.HTML(HTML.format(src=picture), elem_id="stage-noop", js_on_load=js, server_functions=[noop])
    return page


if __name__ == "__main__":
    build().launch(footer_links=[])
