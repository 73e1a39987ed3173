"""Make results without the page.

    python -m genai                                     lists the models and what each can be asked
    python -m genai gan-digits --seed 7 --label 3 --out seven.png
    python -m genai gpt-shakespeare --prompt "ROMEO:"
    python -m genai --receipt file.png                  makes a file's result again and compares

More options: --action, --checkpoints FOLDER, --device.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from genai.errors import UserError


def main(argv: list[str]) -> int:
    try:
        return _main(argv)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:  # enough text
        return 130


def _main(argv: list[str]) -> int:
    from genai.generation.engine import ACTIONS, Engine

    model, options = parse_arguments(argv)
    engine = Engine(options.pop("checkpoints", "checkpoints"), options.pop("device", "auto"))
    out = options.pop("out", "")
    if "receipt" in options:
        path = options.pop("receipt")
        for word in (model, *options):
            if word:
                known = ["--receipt", "--out", "--checkpoints", "--device"]
                raise UserError("unknown_option", value=word, choices=known)
        return again(engine, path, out)
    if not model and not options:
        print(__doc__)
        print(overview(engine))
        return 0
    loaded = engine.get(model)
    known = ACTIONS.get(loaded.family, {})
    action = options.pop("action", next(iter(known), ""))
    spec = engine.action(loaded, action)
    controls = engine.controls_from_words(model, action, options)
    if spec.kind == "text":
        shown = controls["prompt"]
        sys.stdout.write(shown)
        for result in engine.stream(model, action, controls):
            sys.stdout.write(result.text[len(shown) :])
            sys.stdout.flush()
            shown = result.text
        print()
    else:
        result = engine.generate(model, action, controls)
    if out or spec.kind != "text":
        write(Path(out or result.file_name), result)
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
    from genai.generation.engine import ACTIONS

    lines = []
    entries = engine.shelf.entries()
    for entry in entries:
        if entry.problem is None and entry.family in ACTIONS:
            lines.append(f"{entry.name}  ({entry.family}, {entry.bytes / 1e6:.1f} MB)")
            for action in ACTIONS[entry.family].values():
                names = " ".join(f"--{control.name}" for control in action.controls(entry))
                lines.append(f"    --action {action.name:<12} {names}")
    lines += [f"{entry.name}: {entry.problem}" for entry in entries if entry.problem]
    return "\n".join(lines) or f"no checkpoints in {engine.folder}: train one with train.py"


def parse_arguments(argv: list[str]) -> tuple[str, dict[str, str]]:
    """[MODEL] --key value ... -> (model or "", {key: value})."""
    model, options, i = "", {}, 0
    while i < len(argv):
        word = argv[i]
        if word in ("-h", "--help"):
            return "", {}
        if not word.startswith("--"):
            if model:
                raise UserError("stray_word", value=word)
            model, i = word, i + 1
            continue
        key, equals, value = word[2:].partition("=")
        if not equals:
            if i + 1 >= len(argv):
                raise UserError("missing_value", name=key)
            value, i = argv[i + 1], i + 1
        options[key.replace("-", "_")] = value
        i += 1
    return model, options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
