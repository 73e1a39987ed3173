"""The one exception that is meant for the person at the keyboard.

It carries a code and the facts (the bad value, the valid choices); the words live in `genai/strings`, once for each
language, so the command line and the page say the same thing and the page can say it in the visitor's language.
"""

from __future__ import annotations

from genai.strings import text


class UserError(ValueError):
    """A mistake or a mishap that a person can mend. `str(e)` is the English message.

    Args:
        code: key below `errors.` in `genai/strings/<lang>.json`.
        **details: what the message names, e.g. `name="seed", value="nan"`; values are cut to 120 characters.
    """

    def __init__(self, code: str, **details):
        self.code = code
        self.details = {key: _short(value) for key, value in details.items()}
        super().__init__(self.message("en"))

    def message(self, lang: str) -> str:
        return text(lang, f"errors.{self.code}", **self.details)


def _short(value, limit: int = 120) -> str:
    if isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value):
        value = ", ".join(value)
        limit = 1000  # lists of valid choices: the reader needs them whole
    value = str(value) if isinstance(value, str) else repr(value)
    return value if len(value) <= limit else f"{value[:limit]}… ({len(value):,} characters)"
