"""Train a model: `python train.py` lists the presets, `python train.py gan-digits` makes one again.

python train.py PRESET [--key value ...]      any field of the configuration; --dry_run prints all of it
torchrun --nproc_per_node 2 train.py PRESET   the same run on several processes, GPUs or machines
"""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import sys

from genai.errors import UserError


def main(argv: list[str]) -> int:
    try:
        return _main(argv)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _main(argv: list[str]) -> int:
    if not argv or argv[0] in ("-h", "--help"):
        print(__doc__)
        print(list_presets())
        return 0
    import torch

    from genai.models import FAMILIES
    from genai.training.config import RunConfig, override
    from genai.training.presets import get_preset

    name, overrides, dry_run = argv[0], *parse_arguments(argv[1:])
    size = overrides.pop("size", "gpu" if torch.cuda.is_available() else "cpu")
    preset = get_preset(name, size)
    family_config = FAMILIES[preset.family].Config(**preset.model)
    config, rest = override(preset.train, overrides)
    run, rest = override(RunConfig(), rest)
    family_config, rest = override(family_config, rest)
    if rest:
        known = [f.name for part in (config, run, family_config) for f in dataclasses.fields(part)]
        raise UserError("unknown_option", value=next(iter(rest)), choices=sorted([*known, "size", "dry_run"]))

    parts = {
        "preset": name,
        "size": size,
        "family": preset.family,
        "model": family_config,
        "train": config,
        "run": run,
    }
    if dry_run or int(os.environ.get("RANK", 0)) == 0:
        print(json.dumps(parts, indent=2, default=dataclasses.asdict))
    if dry_run:
        return 0

    from genai.generation.look import finish, look
    from genai.training.loop import train

    done = train(
        preset.family, dataclasses.asdict(family_config), config, run,
        preset=name, size=size, on_sample=look, on_finish=finish,
    )  # fmt: skip
    if int(os.environ.get("RANK", 0)) == 0:
        command = shlex.join(["python", "train.py", *argv])
        if done.complete:
            print(f"done: {done.step} steps, {done.checkpoint}")
            print(f"measure it: python -m genai.metrics {done.checkpoint}")
        else:
            print(f"stopped at step {done.step}, saved in {done.folder}; to go on: {command}")
    return 0 if done.complete or not done.signal else 128 + done.signal


def parse_arguments(words: list[str]) -> tuple[dict[str, str], bool]:
    """--key value or --key=value, dashes or underscores; returns ({key: value}, dry_run)."""
    found: dict[str, str] = {}
    dry_run, i = False, 0
    while i < len(words):
        word = words[i]
        if not word.startswith("--"):
            raise UserError("stray_word", value=word)
        key, equals, value = word[2:].partition("=")
        key = key.replace("-", "_")
        if key == "dry_run" and not equals:
            dry_run, i = True, i + 1
            continue
        if not equals:
            if i + 1 >= len(words):
                raise UserError("missing_value", name=key)
            value, i = words[i + 1], i + 1
        found[key] = value
        i += 1
    return found, dry_run


def list_presets() -> str:
    from genai.training.presets import PRESETS

    rows = [("preset", "size", "data", "duration", "expected")]
    rows += [(p.name, p.size, p.train.dataset, p.duration, p.expected) for p in PRESETS.values()]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip() for row in rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
