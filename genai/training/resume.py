"""How a run stops and goes on: by which signal it was asked to, and the state that it goes on from."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import signal
from pathlib import Path

from genai.checkpoint import load_state
from genai.errors import UserError
from genai.training.config import TrainConfig

STATE = "state.pt"


@dataclasses.dataclass
class Finished:
    """How `train` ended: at which step, whether the run is complete, and by which signal it was stopped (or 0)."""

    step: int
    complete: bool
    signal: int
    folder: Path
    checkpoint: Path


class _Caught:
    signal = 0


@contextlib.contextmanager
def catch_signals():
    """Ctrl-C and SIGTERM raise a flag instead of the process's end; a second one ends it at once."""
    caught, old = _Caught(), {}

    def handle(number, frame):
        if caught.signal:
            signal.signal(number, old[number])
            signal.raise_signal(number)
        caught.signal = number

    with contextlib.suppress(ValueError):  # not the main thread: no handlers, nothing to catch
        for number in (signal.SIGINT, signal.SIGTERM):
            old[number] = signal.signal(number, handle)
    try:
        yield caught
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def resume(path: Path, fingerprint: dict, trainer) -> tuple[int, float]:
    """Load the state at `path`, if there is one, and return its step and the seconds that its steps took.

    Raises UserError: a state that is cut short or none of ours; of another run (what differs); beyond the run's end.
    """
    if not path.exists():
        return 0, 0.0
    state = load_state(path)
    try:
        step, differences = state["step"], differing(state["fingerprint"], fingerprint)
        if differences:
            raise UserError("another_run", place=str(path.parent), changed=differences)
        if not 0 <= step <= fingerprint["train"]["steps"]:
            raise UserError("state_beyond", name=str(path), step=step, steps=fingerprint["train"]["steps"])
        seconds = float(state["seconds"])
        trainer.load(state)
    except UserError:
        raise
    except Exception as error:  # whatever another program may have saved under this name
        raise UserError("state_broken", name=str(path), cause="it is not the state of this run") from error
    return step, seconds


def differing(old: dict, new: dict) -> list[str]:
    """What makes two fingerprints two runs, as "lr: 0.1 -> 0.2"."""
    old, new = _flat(old), _flat(new)
    changed = [f"{k}: {old.get(k)} -> {new.get(k)}" for k in sorted(old | new) if old.get(k) != new.get(k)]
    if old.get("precision") != new.get("precision"):  # "auto" may mean another one on this machine
        changed.append(f"to go on as it began: --precision {old.get('precision')}")
    return changed


def fingerprint_of(family: str, model_config: dict, config: TrainConfig, samples: int) -> dict:
    """What makes two runs the same run; plain values, as they come back from disk."""
    whole = {"family": family, "samples": samples, "model": model_config, "train": dataclasses.asdict(config)}
    return json.loads(json.dumps(whole))


def _flat(fingerprint: dict) -> dict:
    return {**{k: v for k, v in fingerprint.items() if not isinstance(v, dict)},
            **fingerprint["model"], **fingerprint["train"]}  # fmt: skip
