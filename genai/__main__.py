"""Make results without the page.

python -m genai                                     lists the models and what each can be asked
python -m genai gan-digits --seed 7 --label 3 --out seven.png
python -m genai gpt-shakespeare --prompt "ROMEO:"
python -m genai gan-digits --help                   what it can be asked, and how
python -m genai --receipt file.png                  makes a file's result again and compares
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path

from genai import cli
from genai.errors import UserError


def main(words: list[str]) -> int:
    return cli.run(_main, words)


def _main(words: list[str]) -> int:
    parser = cli.Parser("python -m genai", __doc__)
    parser.usage = "python -m genai [MODEL] [--key value ...]"
    parser.add_argument("model", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("--action", metavar="NAME", help="what to ask the model for (default: the first it can do)")
    parser.add_argument("--out", metavar="FILE", help="where the result goes (default: a file named after it, here)")
    parser.add_argument(
        "--receipt", metavar="FILE", help="a result to make again; exit code 1 if it comes out different"
    )
    parser.add_argument("--checkpoints", nargs="+", metavar="DIR", help=cli.CHECKPOINTS_HELP)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    options, controls = parser.peek(words)
    if options.receipt or (options.model is None and (cli.asks_for_help(words) or not controls)):
        options = parser.parse(words)
    folders = cli.checkpoint_folders(options.checkpoints)

    from genai.generation.engine import Engine, actions_of

    engine = Engine(folders, options.device)
    if options.receipt:
        if options.model:
            raise UserError("stray_word", value=options.model)
        return again(engine, options.receipt, options.out)
    if options.model is None and not controls:
        print(f"{__doc__}\n{overview(engine)}")
        return 0
    entry = engine.entry(options.model or "")
    parser.epilog = "\n\n".join(describe(action, entry) for action in actions_of(entry).values())
    action = engine.action(entry, options.action or next(iter(actions_of(entry))))
    names = [control.name for control in action.controls(entry)]
    for name in names:
        parser.add_argument(f"--{name}", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    given = vars(parser.parse(words))
    controls = engine.controls_from_words(entry.name, action.name, {k: v for k, v in given.items() if k in names}, True)
    if action.kind == "text":
        shown = controls["prompt"]
        sys.stdout.write(shown)
        for result in engine.stream(entry.name, action.name, controls):
            sys.stdout.write(result.text[len(shown) :])
            sys.stdout.flush()
            shown = result.text
        print()
    else:
        result = engine.generate(entry.name, action.name, controls)
    if action.kind == "data":
        print(json.dumps(result.data, ensure_ascii=False))
    if options.out or action.kind not in ("text", "data"):
        write(Path(options.out or result.file_name), result)
    return 0


def again(engine, path: str, out: str) -> int:
    """Make the result of a file's receipt again; exit code 0 where it is the same (within a grey level)."""
    from genai.generation import receipt

    if not Path(path).is_file():
        raise UserError("file_missing", name=path)
    old, shown = receipt.read_file(path)
    result, verdict = engine.again(old, shown)
    if result.text:
        print(result.text)
    write(Path(out or f"again-{result.file_name}"), result)
    print(f"{path}: {verdict.replace('_', ' ')}")
    return 0 if verdict in ("identical", "within_tolerance") else 1


def write(path: Path, result) -> None:
    from genai.checkpoint import atomic

    try:
        with atomic(path) as temporary:
            temporary.write_bytes(result.file_bytes())
    except OSError as error:  # no such folder can be
        raise UserError("cannot_write", name=str(path), cause=error.strerror or str(error)) from error
    print(f"{path}  ({result.milliseconds:.0f} ms)", file=sys.stderr)


def overview(engine) -> str:
    """The models, by their descriptions alone, and what is wrong with those that cannot be used."""
    from genai.generation.engine import ACTIONS, actions_of

    lines, entries = [], engine.shelf.entries()
    for entry in entries:
        if entry.problem is None and entry.family in ACTIONS:
            learned = f"{entry.meta.dataset}, {entry.meta.step:,} steps"
            lines.append(f"{entry.name}  ({entry.family}, {entry.bytes / 1e6:.1f} MB, {learned})")
            for action in actions_of(entry).values():
                names = " ".join(f"--{control.name}" for control in action.controls(entry))
                lines.append(f"    --action {action.name:<12} {names}")
            if entry.snapshots:
                lines.append(f"    snapshots: {' '.join(entry.snapshots)}")
    lines += [f"{entry.name}: {entry.problem}" for entry in entries if entry.problem]
    return "\n".join(lines) or f"no checkpoints in {engine.folder}: train one with train.py"


def describe(action, entry) -> str:
    """An action's controls, each with its default and what else it may be."""
    rows = [(f"--{control.name} {as_word(control.default)}", control.expects) for control in action.controls(entry)]
    return f"--action {action.name}\n{cli.columns(rows, indent='  ')}"


def as_word(value) -> str:
    """A default as it is written on a command line; "..." for what nobody would write."""
    word = str(value)
    if isinstance(value, list) or len(word) > 40:
        return "..."
    return "$" + repr(word) if "\n" in word else shlex.quote(word)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
