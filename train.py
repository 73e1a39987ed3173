"""Train a model: `python train.py` lists the presets, `python train.py gan-digits` makes one again.

python train.py PRESET [--key value ...]         any field of the configuration; --dry_run tries it out
python train.py PRESET --help                    every option of this preset, and what it stands at
torchrun --nproc_per_node 2 -- train.py PRESET   the same run on several processes, GPUs or machines
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shlex
import sys
from functools import partial
from pathlib import Path

from genai import cli
from genai.errors import UserError


def main(words: list[str]) -> int:
    return cli.run(_main, words)


def _main(words: list[str]) -> int:
    from genai.training.presets import get_preset, names

    parser = cli.Parser("python train.py", __doc__)
    parser.usage = "python train.py PRESET [--key value ...]"
    parser.add_argument("preset", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("--size", metavar="SIZE", help="cpu or gpu: which of the preset's (default: what is there)")
    parser.add_argument(
        "--dry_run",
        action="store_true",
        help="get ready, refuse what a run would, print the configuration",
    )
    known, _ = parser.peek(words)
    if not words:
        print(f"{__doc__}\n{list_presets()}")
        return 0
    if known.preset is None:
        if not cli.asks_for_help(words):
            raise UserError("preset_missing", choices=names())
        parser.epilog = every_option()
        parser.parse(words)

    import torch

    from genai.models import FAMILIES
    from genai.training.config import RunConfig, override

    name = known.preset
    size = known.size or ("gpu" if torch.cuda.is_available() else "cpu")
    preset = get_preset(name, size)
    parts = {
        f"training, as in {name} ({size})": preset.train,
        "run": RunConfig(),
        f"model: {preset.family}": FAMILIES[preset.family].Config(**preset.model),
    }
    parser.epilog = "\n\n".join(list_options(title, part) for title, part in parts.items())
    for field in (f for part in parts.values() for f in dataclasses.fields(part)):
        parser.add_argument(f"--{field.name}", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    given = vars(parser.parse(words))
    config, run, family_config = (override(part, given)[0] for part in parts.values())

    whole = {
        "preset": name,
        "size": size,
        "family": preset.family,
        "model": family_config,
        "train": config,
        "run": run,
    }
    from genai.data.files import offline
    from genai.generation.look import take_look
    from genai.training.loop import train

    first, command = int(os.environ.get("RANK", 0)) == 0, shlex.join(["python", "train.py", *words])
    run_it = partial(train, preset.family, dataclasses.asdict(family_config), config, run, preset=name, size=size)
    if given["dry_run"]:
        try:
            with offline():
                found = run_it(dry_run=True)
            verdict = f"nothing stands in the way; {found.folder} is at step {found.step} of {config.steps}"
        except UserError as error:
            if error.code != "data_absent":
                raise
            verdict = str(error)
        if first:
            print(json.dumps(whole, indent=2, default=dataclasses.asdict))
            print(verdict, file=sys.stderr)
        return 0
    if first:
        print(json.dumps(whole, indent=2, default=dataclasses.asdict))
    try:
        done = run_it(on_sample=take_look)
    except KeyboardInterrupt:  # before the first step, or the second one
        print(f"stopped at once; what was saved is kept; to go on from there: {command}", file=sys.stderr)
        return 130
    if first and done.complete:
        print(f"done: {done.step} steps, {done.checkpoint}")
        print(what_next(done, preset.family, run.data_root))
    elif first:
        print(f"stopped at step {done.step}, saved in {done.folder}; to go on: {command}")
    return 0 if done.complete or not done.signal else 128 + done.signal


def what_next(done, family: str, data_root: str) -> str:
    """The commands that show a finished model on the page and measure it, where there is something to show or measure."""
    from genai.checkpoint import read_meta
    from genai.generation.engine import ACTIONS
    from genai.metrics import metrics_for

    lines = []
    if family in ACTIONS:
        shipped = ["checkpoints"] if Path("checkpoints").is_dir() else []
        lines.append(f"see it: {shlex.join(['python', 'app.py', '--checkpoints', str(done.folder), *shipped])}")
    if metrics_for(read_meta(done.checkpoint)):
        where = ["--data_root", data_root] if data_root else []
        lines.append(f"measure it: {shlex.join(['python', '-m', 'genai.metrics', str(done.checkpoint), *where])}")
    return "\n".join(lines)


def list_presets() -> str:
    from genai.training.presets import PRESETS

    rows = [("preset", "size", "data", "duration", "expected")]
    rows += [(p.name, p.size, p.train.dataset, p.duration, p.expected) for p in PRESETS.values()]
    return cli.columns(rows)


def every_option() -> str:
    """Presets, and the options of all families with what they stand at where no preset says otherwise."""
    from genai.models import FAMILIES
    from genai.training.config import RunConfig, TrainConfig

    parts = {"training (each preset has values of its own: python train.py PRESET --help)": TrainConfig()}
    parts |= {"run": RunConfig()} | {f"model: {family}": model.Config() for family, model in FAMILIES.items()}
    return "\n\n".join([list_presets(), *(list_options(title, config) for title, config in parts.items())])


def list_options(title: str, config) -> str:
    """A dataclass's fields as options: name and value, and what stands beside it in the source."""
    comments = cli.comments(type(config))
    rows = [(f"--{f.name} {as_word(getattr(config, f.name))}", comments[f.name]) for f in dataclasses.fields(config)]
    return f"{title}\n{cli.columns(rows, indent='  ')}"


def as_word(value) -> str:
    """A value as it is written on a command line."""
    if isinstance(value, tuple):
        value = ",".join(map(str, value))
    elif isinstance(value, bool):
        value = str(value).lower()
    return shlex.quote(str(value))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
