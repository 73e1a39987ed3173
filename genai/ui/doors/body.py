"""No request is larger than a picture needs."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from genai.errors import UserError
from genai.ui.doors.refusal import refusal

MAX_BODY = 6_000_000  # bytes of any request; Gradio itself would read and parse whatever comes


class BodyLimit:
    """Refuses requests larger than MAX_BODY, announced or not, before anything reads them."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY):
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > self.limit:
            return await self._refuse(scope, receive, send)
        received, answering = 0, False

        async def counted():  # an unannounced (chunked) body is cut off
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return message if received <= self.limit else {"type": "http.disconnect"}

        async def answered(message):  # ... and what the app makes of the cut is no answer
            nonlocal answering
            if received <= self.limit or answering:
                answering = True
                await send(message)

        try:
            await self.app(scope, counted, answered)
        except Exception:
            if received <= self.limit:
                raise
        if received > self.limit and not answering:
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        await refusal(scope, 413, UserError("body_too_large", limit=f"{self.limit:,}"))(scope, receive, send)
