"""How the page is served: settings that hold for a public demo as for a laptop."""

from __future__ import annotations

import html
import inspect
import os
import sys

import gradio as gr
from starlette.middleware import Middleware

from genai.errors import UserError
from genai.strings import text
from genai.ui.doors import DOORS
from genai.ui.doors.faults import TOLD
from genai.ui.shell import THEME, css, script
from genai.ui.words import TRANSLATIONS, language_of, message_of


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

    async def preprocess_data(self, block_fn, inputs, *state):
        """The values of a request as its handler takes them. Raises UserError for those that Gradio cannot read."""
        try:
            return await super().preprocess_data(block_fn, inputs, *state)
        except Exception as error:
            if block_fn.api_visibility != "public":
                raise UserError("bad_request") from error
            names = [name for name in inspect.signature(block_fn.fn).parameters if name != "request"]
            raise UserError("bad_values", name=f"/{block_fn.api_name}", choices=names) from error

    async def process_api(self, block_fn, inputs, *, request=None, **more):
        """What a request answers. Whatever fails is said in words: Gradio would log a traceback, and answer {"error": null}."""
        try:
            return await super().process_api(block_fn, inputs, request=request, **more)
        except gr.Error as error:
            said = error.message
        except Exception as error:
            said = message_of(error, language_of(request))
        lang = language_of(request)
        if request is not None and said != text(lang, "errors.internal"):
            request.request.scope[TOLD] = True
        if block_fn.api_visibility != "public":  # the page shows it as HTML
            said = html.escape(said, quote=False)
        raise gr.Error(said, duration=8, print_exception=False)

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
