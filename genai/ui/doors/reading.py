"""What is posted is JSON, read once here, and makes this server fetch nothing.

Gradio downloads what a file object in a request names ({"path": "https://...", "meta": ...}), whole and unpacked, before any of
our checks. No endpoint of ours takes a remote file: a picture comes as a data URI, a file by its upload.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from genai.errors import UserError
from genai.ui.doors.refusal import refusal
from genai.ui.doors.whole import replayed, whole


class Reading:
    """Refuses bodies that are no JSON, and those that name an address as a file."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"].rstrip("/").endswith("/upload"):
            return await self.app(scope, receive, send)
        body = await whole(receive)
        if body is None:
            return
        try:
            posted = json.loads(body)
        except (ValueError, RecursionError):
            return await refusal(scope, 400, UserError("bad_request"))(scope, receive, send)
        if (address := address_in(posted)) is not None:
            return await refusal(scope, 400, UserError("remote_file", value=address))(scope, receive, send)
        await self.app(scope, replayed(body, receive), send)


def address_in(posted: Any) -> str | None:
    """The first address that an object anywhere in `posted` gives as the path of a file; None where there is none."""
    waiting = [posted]
    while waiting:  # without recursion: whoever posts decides how deep it goes
        value = waiting.pop()
        if isinstance(value, dict):
            path = value.get("path")
            if isinstance(path, str) and "://" in path:
                return path
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return None
