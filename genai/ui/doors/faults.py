"""A request that Gradio's routes stumble over is answered in words and logged as one line.

Our own handlers raise nothing (`words.guarded`, `stage.answering`), so what arrives here was asked for wrongly: an endpoint, an
event or a component that is not there, a stream that nobody opened.
"""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from genai.errors import UserError
from genai.ui.doors.refusal import refusal

log = logging.getLogger("genai.ui")

TOLD = "genai.told"  # in a request's scope: what was wrong with it has been said, so it is no fault of the server's


class Faults:
    """Catches what would be a traceback in the log and a bare "Internal Server Error"."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started = False

        async def noticed(message: Message) -> None:
            nonlocal started
            started = True
            if message.get("status") == 500 and TOLD in scope:  # Gradio's answer to any error
                message = {**message, "status": 400}
            await send(message)

        try:
            await self.app(scope, receive, noticed)
        except Exception as error:
            log.warning("%s %.200r failed: %s", scope["method"], scope["path"], type(error).__name__)
            if started:
                await send({"type": "http.response.body", "body": b""})
            else:
                await refusal(scope, 400, UserError("bad_call"))(scope, receive, send)
