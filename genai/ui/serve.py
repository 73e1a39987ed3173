"""How the page is served: settings that hold for a public demo as for a laptop."""

from __future__ import annotations

import os
import sys

import gradio as gr
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from genai.strings import text
from genai.ui.shell import THEME, css, script
from genai.ui.words import TRANSLATIONS, language_of

MAX_BODY = 6_000_000  # bytes of any request; Gradio itself would read and parse whatever comes


class BodyLimit:
    """Refuses requests larger than MAX_BODY, announced or not, before anything reads them."""

    def __init__(self, app, limit: int = MAX_BODY):
        self.app, self.limit = app, limit

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        lang = language_of(Request(scope))
        refusal = PlainTextResponse(text(lang, "errors.body_too_large", limit=f"{self.limit:,}"), status_code=413)
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > self.limit:
            return await refusal(scope, receive, send)
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
            await refusal(scope, receive, send)


class EarlyScript:
    """Puts the page's JavaScript first into its <head>. Gradio's own `head=` would run after Gradio has settled the language,
    and after some of the events that call it."""

    def __init__(self, app):
        self.app = app
        self.script = b"<head><script>" + script().encode() + b"</script>"

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["method"] != "GET":
            return await self.app(scope, receive, send)
        start, body = None, b""

        async def rewritten(message):
            nonlocal start, body
            if message["type"] == "http.response.start":
                headers = dict(message["headers"])
                if headers.get(b"content-type", b"").startswith(b"text/html"):
                    start = message  # held back until the body's new length is known
                    return
            if start is None:
                return await send(message)
            body += message.get("body", b"")
            if not message.get("more_body"):
                body = body.replace(b"<head>", self.script, 1)
                headers = [(k, v) for k, v in start["headers"] if k != b"content-length"]
                await send({**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
                await send({"type": "http.response.body", "body": body})

        await self.app(scope, receive, rewritten)


class Page(gr.Blocks):
    """Blocks that launch with the studio's settings; keyword arguments of `launch` override them."""

    def launch(self, **overrides):
        settings = dict(
            theme=THEME, css=css(), i18n=TRANSLATIONS, footer_links=[], run_history=False,
            show_error=False, ssr_mode=False, max_file_size="5mb", enable_monitoring=False, state_session_capacity=200,
            app_kwargs={"middleware": [Middleware(BodyLimit), Middleware(EarlyScript)]},
        )  # fmt: skip
        try:
            return super().launch(**(settings | overrides))
        except (OSError, OverflowError) as error:  # taken, forbidden, or beyond 65535
            port = overrides.get("server_port") or os.environ.get("GRADIO_SERVER_PORT", "7860-7959")
            print(f"error: {text('en', 'errors.port_taken', port=port, cause=str(error))}", file=sys.stderr)
            raise SystemExit(2) from None
