"""The controls of an action: what each may be, alike for the page, the HTTP API, command lines and receipts.

The page's own widgets are no guard: a request by HTTP can carry NaN, null, a list or megabytes for anything.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from genai.errors import UserError


@dataclass(frozen=True)
class Number:
    """A number in [low, high]; `integer` ones accept 3.0 but not 3.5."""

    name: str
    low: float
    high: float
    default: float
    integer: bool = False

    def check(self, value: Any) -> float | int:
        expected = dict(name=self.name, value=value, low=self.low, high=self.high)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise UserError("not_a_number", **expected)
        if isinstance(value, float) and not math.isfinite(value):
            raise UserError("not_a_number", **expected | {"value": str(value)})
        if self.integer and value != int(value):
            raise UserError("not_whole", **expected)
        if not self.low <= value <= self.high:
            raise UserError("out_of_range", **expected)
        return int(value) if self.integer else float(value)

    def parse(self, raw: str) -> Any:
        """A word of the command line or of a link; what is no number stays a word, for `check` to name."""
        for kind in (int, float) if self.integer else (float,):
            try:
                return kind(raw)
            except ValueError:
                continue
        return raw


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    name: str
    choices: tuple[str, ...]
    default: str

    def check(self, value: Any) -> str:
        if type(value) is int and 0 <= value < 1_000_000:  # a digit's class as a number
            value = str(value)
        if not isinstance(value, str) or value not in self.choices:
            raise UserError("bad_choice", name=self.name, value=value, choices=list(self.choices))
        return value

    def parse(self, raw: str) -> Any:
        return raw


def _broken(text: str) -> bool:
    """Half of a surrogate pair, which JSON can carry and no file can."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


@dataclass(frozen=True)
class Words:
    """Text of at most max_length characters; without any only where `empty` says that this means something."""

    name: str
    max_length: int
    default: str
    empty: bool = False

    def check(self, value: Any) -> str:
        if not isinstance(value, str) or _broken(value):
            raise UserError("not_text", name=self.name, value=value)
        if not value.strip() and not self.empty:
            raise UserError("empty_text", name=self.name)
        if len(value) > self.max_length:
            length, limit = f"{len(value):,}", f"{self.max_length:,}"
            raise UserError("too_long", name=self.name, length=length, limit=limit)
        return value

    def parse(self, raw: str) -> Any:
        return raw


@dataclass(frozen=True)
class Vector:
    """`length` numbers in [low, high], whole ones if `integer`; by default all of them `fill`."""

    name: str
    length: int
    low: float
    high: float
    integer: bool = False
    fill: float = 0

    @property
    def default(self) -> list[float]:
        return [self.fill if self.integer else float(self.fill)] * self.length

    def check(self, value: Any) -> list[float]:
        if not isinstance(value, (list, tuple)) or len(value) != self.length:
            raise UserError("not_a_vector", name=self.name, value=value, length=self.length)
        each = Number(self.name, self.low, self.high, 0.0, self.integer)
        return [v if self.integer else round(v, 4) for v in map(each.check, value)]

    def parse(self, raw: str) -> Any:
        try:
            return json.loads(raw if raw.lstrip().startswith("[") else f"[{raw}]")
        except (ValueError, RecursionError):
            return raw


Control = Number | Choice | Words | Vector


def check_all(controls: list[Control], given: Any) -> dict[str, Any]:
    """Every control's checked value, defaults filled in. Raises UserError for a bad or unknown one."""
    if not isinstance(given, dict):
        raise UserError("not_controls", value=given, choices=[c.name for c in controls])
    names = [c.name for c in controls]
    for name in given:
        if name not in names:
            raise UserError("unknown_control", value=str(name), choices=names)
    return {c.name: c.check(given.get(c.name, c.default)) for c in controls}
