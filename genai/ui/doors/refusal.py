"""How a door says no: in words, in the visitor's language."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Scope

from genai.errors import UserError
from genai.ui.words import language_of


def refusal(scope: Scope, status: int, error: UserError) -> JSONResponse:
    """The answer to a request that is refused; its words under both names by which Gradio's clients look for them."""
    said = error.message(language_of(Request(scope)))
    return JSONResponse({"error": said, "detail": said}, status)
