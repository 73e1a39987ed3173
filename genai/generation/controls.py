"""The controls of an action: what each may be, alike for the page, the HTTP API, command lines and receipts.

The page's own widgets are no guard: a request by HTTP can carry NaN, null, a list or megabytes for anything. `expects`: the
same in words, for a command line's help.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from genai.errors import UserError

# One black pixel: what a control for pictures holds until it is given one.
NO_INK = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)


@dataclass(frozen=True)
class Number:
    """A number in [low, high]; `integer` ones accept 3.0 but not 3.5."""

    name: str
    low: float
    high: float
    default: float
    integer: bool = False

    @property
    def expects(self) -> str:
        return f"{'a whole number' if self.integer else 'a number'} from {self.low:.16g} to {self.high:.16g}"

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

    @property
    def expects(self) -> str:
        return " or ".join(self.choices)

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

    @property
    def expects(self) -> str:
        return f"text of at most {self.max_length:,} characters"

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
    """`length` numbers in [low, high], whole ones if `integer`; by default all of them `fill`.

    optional: or fewer of them, by default none."""

    name: str
    length: int
    low: float
    high: float
    integer: bool = False
    fill: float = 0
    optional: bool = False

    @property
    def default(self) -> list[float]:
        return [] if self.optional else [self.fill if self.integer else float(self.fill)] * self.length

    @property
    def expects(self) -> str:
        count = f"up to {self.length}" if self.optional else f"{self.length}"
        return f"{count} numbers from {self.low:.16g} to {self.high:.16g}, as in 1,0,1"

    def check(self, value: Any) -> list[float]:
        lengths = range(self.length + 1) if self.optional else (self.length,)
        if not isinstance(value, (list, tuple)) or len(value) not in lengths:
            raise UserError("not_a_vector", name=self.name, value=value, length=self.length)
        each = Number(self.name, self.low, self.high, 0.0, self.integer)
        return [v if self.integer else round(v, 4) for v in map(each.check, value)]

    def parse(self, raw: str) -> Any:
        try:
            return json.loads(raw if raw.lstrip().startswith("[") else f"[{raw}]")
        except (ValueError, RecursionError):
            return raw


@dataclass(frozen=True)
class Code:
    """`length` numbers from -4 to 4 in steps of 1/32, a byte each, as base64 (RFC 4648, section 5): a latent that a picture was
    read as, short enough for a link. Empty: none."""

    name: str
    length: int
    default: str = ""

    @property
    def expects(self) -> str:
        return f"what a picture was read as: {self.length} bytes in base64, or nothing"

    def check(self, value: Any) -> str:
        if value == "":
            return ""
        try:
            fits = isinstance(value, str) and len(value) <= 2 * self.length and len(_decoded(value)) == self.length
        except ValueError:
            fits = False
        if not fits:
            raise UserError("not_a_code", name=self.name, value=value, length=self.length)
        return value

    def parse(self, raw: str) -> Any:
        return raw


def _decoded(code: str) -> bytes:
    return base64.b64decode(code.encode("ascii"), altchars=b"-_", validate=True)


def to_code(numbers: Any) -> str:
    """Numbers (an array of any shape) as a Code's text, each rounded to the nearest step and kept within -4 and 4."""
    steps = np.clip(np.rint(np.asarray(numbers, dtype=np.float64).ravel() * 32), -127, 127)
    return base64.urlsafe_b64encode(steps.astype(np.int8).tobytes()).decode()


def from_code(code: str) -> np.ndarray:
    """The numbers float32 [length] of a Code's text that was checked."""
    return np.frombuffer(_decoded(code), dtype=np.int8).astype(np.float32) / 32


@dataclass(frozen=True)
class Rows:
    """Up to `most` vectors of one kind; none only where `empty` says that this means something."""

    name: str
    row: Vector
    most: int
    empty: bool = False

    @property
    def default(self) -> list[list[float]]:
        return [] if self.empty else [self.row.default]

    @property
    def expects(self) -> str:
        return f"at most {self.most} lists of {self.row.length} numbers, as in [[1,0,1],[0,1,1]]"

    def check(self, value: Any) -> list[list[float]]:
        if not isinstance(value, (list, tuple)) or not (self.empty or value) or len(value) > self.most:
            raise UserError("not_rows", name=self.name, value=value, most=self.most, length=self.row.length)
        each = replace(self.row, name=self.name)
        return [each.check(row) for row in value]

    def parse(self, raw: str) -> Any:
        try:
            return json.loads(raw)
        except (ValueError, RecursionError):
            return raw


@dataclass(frozen=True)
class Picture:
    """A picture file as a data URI, not yet decoded. Python may give its Path or its bytes instead: no request by HTTP and no
    link can name a file of this machine."""

    name: str
    max_length: int = 5_000_000  # characters
    max_bytes: int = 50_000_000  # of a file
    default: str = NO_INK

    @property
    def expects(self) -> str:
        return "a picture's file"

    def check(self, value: Any) -> str:
        if isinstance(value, (Path, bytes)):
            return _data_uri(value if isinstance(value, bytes) else self._read(value))
        fits = isinstance(value, str) and value.startswith("data:image/") and len(value) <= self.max_length
        try:
            if not fits:
                raise ValueError
            base64.b64decode(value.partition(",")[2], validate=True)
        except ValueError as error:
            raise UserError("not_a_picture", name=self.name, value=value, limit=f"{self.max_length:,}") from error
        return value

    def _read(self, path: Path) -> bytes:
        try:
            if path.stat().st_size > self.max_bytes:
                raise OSError(f"more than {self.max_bytes:,} bytes")
            return path.read_bytes()
        except OSError as error:
            raise UserError("picture_unreadable", cause=error.strerror or str(error)) from error

    def parse(self, raw: str) -> Any:
        return raw


def _data_uri(file: bytes) -> str:
    return f"data:image/*;base64,{base64.b64encode(file).decode()}"


def bytes_of(uri: str) -> bytes:
    """The file in a data URI that was checked."""
    return binascii.a2b_base64(uri.partition(",")[2])


Control = Number | Choice | Words | Vector | Rows | Picture | Code


def check_all(controls: list[Control], given: Any) -> dict[str, Any]:
    """Every control's checked value, defaults filled in. Raises UserError for a bad or unknown one."""
    if not isinstance(given, dict):
        raise UserError("not_controls", value=given, choices=[c.name for c in controls])
    names = [c.name for c in controls]
    for name in given:
        if name not in names:
            raise UserError("unknown_control", value=str(name), choices=names)
    return {c.name: c.check(given.get(c.name, c.default)) for c in controls}
