"""The page's words in the visitor's language, and errors as a visitor should meet them."""

from __future__ import annotations

import functools
import inspect
import json
import logging

import gradio as gr

from genai.errors import UserError
from genai.strings import LANGUAGES, table, text

log = logging.getLogger("genai.ui")

# Gradio asks for the browser's locale; assets/studio.js makes that one of these two.
TRANSLATIONS = gr.I18n(en=table("en"), **{"zh-CN": table("zh")})


def i18n(key: str):
    """A label that the browser translates."""
    return TRANSLATIONS(key)


def language_of(request: gr.Request | None) -> str:
    """The visitor's language: the page's own cookie, else what the browser accepts, else English."""
    headers = dict(request.headers) if request is not None and request.headers else {}
    for part in headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == "genai_lang" and value in LANGUAGES:
            return value
    return "zh" if headers.get("accept-language", "").lower().startswith("zh") else "en"


def message_of(error: Exception, lang: str) -> str:
    """What a visitor may read of an error. Anything unforeseen is logged here and stays here."""
    if isinstance(error, UserError):
        return error.message(lang)
    log.error("unexpected error", exc_info=error)
    return text(lang, "errors.internal")


def guarded(handler):
    """A Gradio handler whose errors become a toast in the visitor's language.

    Its first parameter is `request: gr.Request`, which Gradio fills in by its type.
    """

    def complain(error: Exception, request) -> gr.Error:
        return gr.Error(message_of(error, language_of(request)), duration=8, print_exception=False)

    if inspect.isgeneratorfunction(handler):

        @functools.wraps(handler)
        def wrapper(request: gr.Request, *args):
            try:
                yield from handler(request, *args)
            except Exception as error:
                raise complain(error, request) from None
    else:

        @functools.wraps(handler)
        def wrapper(request: gr.Request, *args):
            try:
                return handler(request, *args)
            except Exception as error:
                raise complain(error, request) from None

    return wrapper


def strings_script() -> str:
    """The page's strings for assets/studio.js: {"en": {...}, "zh": {...}}."""
    chosen = {lang: {k: v for k, v in table(lang).items() if k.startswith("ui.")} for lang in LANGUAGES}
    return json.dumps(chosen, ensure_ascii=False).replace("</", "<\\/")
