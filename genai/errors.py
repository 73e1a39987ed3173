"""The one exception that is meant for the person at the keyboard.

It carries a code and the facts (the bad value, the valid choices); the words live in `genai/strings`, once
for each language, so the command line and the page say the same thing and the page can say it in the
visitor's language.
"""

from __future__ import annotations

import difflib

from genai.strings import text


class UserError(ValueError):
    """A mistake or a mishap that a person can mend. `str(e)` is the English message.

    Args:
        code: key below `errors.` in `genai/strings/<lang>.json`.
        **details: what the message names, e.g. `name="seed", value="nan"`; cut to 120 characters. `value` is
            what was given, and may be anything; another list is one of names (`choices`), needed whole. Where the value is
            a mistyped choice, the message asks whether that was meant.
    """

    def __init__(self, code: str, **details):
        self.code = code
        self.guess = _guess(details.get("value"), details.get("choices"))
        self.details = {key: _short(value, given=key == "value") for key, value in details.items()}
        super().__init__(self.message("en"))

    def message(self, lang: str) -> str:
        message = text(lang, f"errors.{self.code}", **self.details)
        return text(lang, "errors.did_you_mean", message=message, guess=self.guess) if self.guess else message


def _guess(value, choices) -> str:
    """The choice that a mistyped word comes close to, or ""."""
    if not isinstance(value, str) or not isinstance(choices, (list, tuple)) or len(value) > 120:
        return ""
    plain = {str(choice).lstrip("-"): str(choice) for choice in choices}  # the dashes of options say nothing
    return next((plain[close] for close in difflib.get_close_matches(value.lstrip("-"), plain, 1)), "")


def _short(value, given: bool) -> str:
    limit = 120
    if isinstance(value, (list, tuple)) and not given:
        value, limit = ", ".join(map(str, value)), 1000
    if not isinstance(value, str):
        try:
            value = repr(value)
        except (RecursionError, ValueError):  # nested deeper, or with more digits, than Python writes out
            value = f"{type(value).__name__}…"
    value = value.encode("utf-8", "backslashreplace").decode()  # half a surrogate pair cannot be sent
    if given and not value:
        return '""'
    return value if len(value) <= limit else f"{value[:limit]}… ({len(value):,} characters)"
