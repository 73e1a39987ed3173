"""What a checkpoint says of the runs that made it: a record each, the first one first, written by the loop alone."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from genai.checkpoint import Checkpoint, Meta
from genai.models import configure
from genai.training.config import TrainConfig
from genai.training.presets import PRESETS


def new_record(family: str, model_config: dict, config: TrainConfig, preset: str, size: str, from_step: int,
               begun: Checkpoint | None) -> dict:  # fmt: skip
    """A run that begins.

    steps: of this run, so far.  seconds: what these took by the clock, without looks, snapshots and saving.
    from_step: steps of the runs before it.  options: what differs from the preset, by name.
    begun_from: the file whose weights it began with, and their SHA-256 (of the weights: figures written beside them later
        do not change it); None: random ones.
    """
    chosen = dataclasses.asdict(configure(family, model_config))
    return {
        "steps": 0, "seconds": 0.0, "from_step": from_step, "seed": config.seed,
        "options": _differing(family, preset, size, {**dataclasses.asdict(config), **chosen}),
        "preset": preset, "size": size,
        "begun_from": begun and {"name": Path(config.init).name, "sha256": begun.weights_sha256},
    }  # fmt: skip


def recorded(meta: Meta) -> list[dict]:
    """The history of a checkpoint; where nobody wrote one yet, what its description says of its last run."""
    if meta.history or not meta.step:
        return list(meta.history)
    known, init = meta.training, meta.training.get("init", "")
    return [{
        "steps": meta.step, "from_step": 0, "seed": known.get("seed", 0),
        "options": _differing(meta.family, meta.preset, meta.size, known),
        "preset": meta.preset, "size": meta.size,
        "begun_from": {"name": Path(init).name, "sha256": None} if init else None,
    }]  # fmt: skip


def _differing(family: str, preset: str, size: str, values: dict) -> dict:
    """Those of `values` that the preset has otherwise, as JSON has them; without a preset, the defaults."""
    known = PRESETS.get((preset, size))
    train, model = (known.train, known.model) if known and known.family == family else (TrainConfig(), {})
    usual = {**dataclasses.asdict(train), **dataclasses.asdict(configure(family, model))}
    changed = {k: v for k, v in values.items() if k in usual and k not in ("init", "seed") and v != usual[k]}
    return json.loads(json.dumps(changed))
