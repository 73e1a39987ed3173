"""How the page is served: settings that hold for a public demo as for a laptop."""

from __future__ import annotations

import os
import sys

import gradio as gr
from starlette.middleware import Middleware

from genai.strings import text
from genai.ui.doors import DOORS
from genai.ui.shell import THEME, css, script
from genai.ui.words import TRANSLATIONS


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
            app_kwargs={"middleware": [*DOORS, Middleware(EarlyScript)]},
        )  # fmt: skip
        try:
            return super().launch(**(settings | overrides))
        except (OSError, OverflowError) as error:  # taken, forbidden, or beyond 65535
            port = overrides.get("server_port") or os.environ.get("GRADIO_SERVER_PORT", "7860-7959")
            print(f"error: {text('en', 'errors.port_taken', port=port, cause=str(error))}", file=sys.stderr)
            raise SystemExit(2) from None
