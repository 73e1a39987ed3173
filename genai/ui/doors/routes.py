"""Of Gradio's routes those that the page and its API need: what would fetch, convert or record for a stranger is closed."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from genai.errors import UserError
from genai.ui.doors.refusal import refusal

# Gradio fetches addresses for whoever asks (`file=https://...`, `proxy=...`) and writes a file for every deep link.
CLOSED = re.compile(r"/gradio_api/(file[=/].*://|proxy=|deep_link)", re.DOTALL)
READS = ("GET", "HEAD", "OPTIONS")
POSTS = re.compile(r"/gradio_api/((run|api|call|call/v2)/[^/]+|queue/join|cancel|reset|component_server|upload)/?$")


class Routes:
    """Refuses what no visitor of the page asks for."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path, method = scope["path"], scope["method"]
            if CLOSED.search(path) or (method not in READS and not POSTS.search(path)):
                return await refusal(scope, 403, UserError("closed_route", value=path))(scope, receive, send)
        await self.app(scope, receive, send)
