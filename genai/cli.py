"""What every command line shares: one parser, one way to say no.

    --key value or --key=value, dashes or underscores, --help in any place; a mistake is one line that guesses what was
    meant, and exit code 2.

Programs keep their imports of torch inside: --help and a mistake then answer at once.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import io
import os
import re
import sys
import textwrap
import tokenize
from collections.abc import Callable, Iterable
from pathlib import Path

from genai.errors import UserError

CHECKPOINTS_HELP = (
    "folders of checkpoints; of two with one name, the one in the folder named first "
    f"(default: GENAI_CHECKPOINTS, a list with {os.pathsep!r}, else checkpoints)"
)


class Helped(Exception):
    """Help was asked for: its text is the message."""


def run(program: Callable[[list[str]], int], words: list[str]) -> int:
    """A program's exit code: its own; 2 for a mistake that a person can mend, told on stderr in one line; 130 for Ctrl-C."""
    try:
        return program(words)
    except Helped as text:
        print(text)
        return 0
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


class Parser(argparse.ArgumentParser):
    """argparse, spelled freely. Names of options have underscores; each takes one word unless it has another `nargs`."""

    def __init__(self, prog: str, description: str, epilog: str = ""):
        super().__init__(prog, description=description, epilog=epilog, add_help=False, allow_abbrev=False,
                         formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
        self.add_argument("--help", "-h", action="store_true", default=argparse.SUPPRESS, help="show this")

    def parse(self, words: list[str]) -> argparse.Namespace:
        """Raises UserError, and Helped where one of the words is --help."""
        if asks_for_help(words):
            raise Helped(self.format_help().rstrip())
        spelled, unknown = self._spelled(words)
        if unknown:
            known = [name for name in self._option_string_actions if name.startswith("--")]
            raise UserError("unknown_option", value=unknown[0], choices=known)
        options, rest = self.parse_known_args(spelled)
        if rest:
            raise UserError("stray_word", value=rest[0])
        return options

    def peek(self, words: list[str]) -> tuple[argparse.Namespace, list[str]]:
        """(what is known already, names of the options that are not), for a program whose further options depend on the
        first ones. Mistakes are left to `parse`."""
        spelled, unknown = self._spelled(words, strict=False)
        return self.parse_known_args(spelled)[0], unknown

    def error(self, message: str):
        raise UserError("bad_command", cause=message, usage=" ".join(self.format_usage().split()[1:]))

    def _spelled(self, words: list[str], strict: bool = True) -> tuple[list[str], list[str]]:
        """(the words as argparse wants them, options that there are not).

        Words without an option come first; a value is tied to its option by "=", whatever it begins with. An unknown
        option has a value, too, if the next word can be one.
        """
        alone, tied, unknown, words = [], [], [], list(words)
        while words:
            word = words.pop(0)
            if not is_option(word):
                alone.append(word)
                continue
            name, (_, equals, value) = option_name(word), word.partition("=")
            action = self._option_string_actions.get(name)
            if action is None:
                unknown.append(name)
                if not equals and words and not is_option(words[0]):
                    words.pop(0)
            elif equals or action.nargs == 0:
                tied.append(name + equals + value)
            elif not words or option_name(words[0]) in self._option_string_actions:
                if strict:
                    raise UserError("missing_value", name=name.lstrip("-"))
            elif action.nargs is None:
                tied.append(f"{name}={words.pop(0)}")
            else:
                tied.append(name)
                while words and not is_option(words[0]):
                    tied.append(words.pop(0))
        return alone + tied, unknown


def is_option(word: str) -> bool:
    return re.match(r"--?[A-Za-z]", word) is not None


def option_name(word: str) -> str:
    """The name in --max-new-tokens=9: --max_new_tokens; a word that is no option stays as it is."""
    name = word.partition("=")[0]
    return "--" + name[2:].replace("-", "_") if name.startswith("--") else name


def asks_for_help(words: list[str]) -> bool:
    return "-h" in words or "--help" in words


def whole(name: str, raw: str | None, low: int = 0, high: int = 10**12) -> int | None:
    """An option's word as a whole number. Raises UserError."""
    if raw is None:
        return None
    if not raw.isascii() or not raw.isdigit() or not low <= int(raw[:20]) <= high:
        raise UserError("bad_option", name=name, value=raw, expected=f"a whole number from {low} to {high}")
    return int(raw)


def checkpoint_folders(given: list[str] | None) -> list[str]:
    """Where checkpoints are: --checkpoints, else GENAI_CHECKPOINTS (several as in PATH), else checkpoints/.

    Raises UserError for a folder that was named and is not there.
    """
    named = given or [name for name in os.environ.get("GENAI_CHECKPOINTS", "").split(os.pathsep) if name]
    for name in named:
        if not Path(name).is_dir():
            raise UserError("folder_missing", name=name)
    return named or ["checkpoints"]


def columns(rows: Iterable[tuple[str, ...]], indent: str = "") -> str:
    """Rows of words as a table."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join(indent + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def comments(config: type) -> dict[str, str]:
    """What stands beside each field of a dataclass in its source: the help for an option of that name."""
    source = textwrap.dedent(inspect.getsource(config))
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    beside = {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}
    fields = [node for node in ast.parse(source).body[0].body if isinstance(node, ast.AnnAssign)]
    lines = {node.target.id: range(node.lineno, node.end_lineno + 1) for node in fields}
    return {name: " ".join(beside[line] for line in where if line in beside) for name, where in lines.items()}
