"""Hyperparameters of a run, and how a command line changes them."""

from __future__ import annotations

import dataclasses
import math
import typing
from dataclasses import dataclass
from pathlib import Path

from genai.errors import UserError


@dataclass(frozen=True)
class TrainConfig:
    """What the loop needs to know. Two runs with equal configs (and equal model configs) are the same run.

    shards: with 2, one process adds up what two would, so both compute the same bits. 1 is for GPUs, which small kernels
        leave idle; then, and with more than two processes, they agree up to rounding.
    What stands beside a field is its help on the command line.
    """

    dataset: str = ""  # what to learn from
    split: str = "train"  # which part of it
    limit: int = 0  # ... and how much of that: the first so many pictures (of a text: characters); 0: all
    init: str = ""  # the checkpoint whose weights training begins with, instead of random ones
    frozen: str = ""  # the checkpoint of the model's frozen child, e.g. the image tokenizer inside text2image
    steps: int = 1000
    batch_size: int = 64  # of all processes together
    seed: int = 0
    optimizer: str = "adamw"  # or "muon": Muon for the model's matrices, AdamW for the rest
    lr: float = 1e-3  # peak learning rate of AdamW
    muon_lr: float = 0.02  # ... and of Muon
    lr_end: float = 0.0  # the last learning rate as a share of the peak
    warmup_steps: int = 0  # over which the learning rate rises
    schedule: str = (
        "cosine"  # from the peak to lr_end; or "linear": at the peak, then down over the last part of the run
    )
    cooldown: float = 0.65  # ... which is so much of it
    beta1: float = 0.9
    beta2: float = 0.99
    weight_decay: float = 0.0
    grad_clip: float = 0.0  # largest gradient norm; 0: no clipping
    ema_half_life: float = 0.02  # share of the run after which a weight's past counts half
    shards: int = 2  # parts that a batch is computed in, one after the other or shared out to the processes
    precision: str = "auto"  # bf16 on CUDA and on CPUs with bf16 units, else fp32; or "fp32" or "bf16"

    CHOICES: typing.ClassVar = {
        "optimizer": ("adamw", "muon"),
        "schedule": ("cosine", "linear"),
        "precision": ("auto", "fp32", "bf16"),
    }
    RANGES: typing.ClassVar = {
        "steps": (1, 10**9),
        "batch_size": (1, 10**6),
        "shards": (1, 10**6),
        "beta1": (0, 0.9999),
        "beta2": (0, 0.999999),
        "lr_end": (0, 1),
        "cooldown": (0, 1),
        "ema_half_life": (0, 1),
    }

    def parts(self, world: int) -> int:
        """In how many parts each of `world` processes computes its rows: its share of them, or one if they do not share.

        A batch that does not divide by `shards` is cut into the most parts that divide both (an odd one: not at all).
        """
        if self.batch_size % world:
            raise UserError("batch_not_divisible", value=self.batch_size, world=world)
        shards = math.gcd(self.shards, self.batch_size)
        return 1 if shards % world else shards // world

    def lr_scale(self, step: int) -> float:
        """Multiplier of every learning rate at `step`."""
        if step < self.warmup_steps:
            return (step + 1) / (self.warmup_steps + 1)
        progress = step / max(1, self.steps)
        if self.schedule == "linear":
            left = min(1.0, (1 - progress) / self.cooldown) if self.cooldown else 1.0
        else:
            left = 0.5 * (1 + math.cos(math.pi * progress))
        return self.lr_end + (1 - self.lr_end) * left


@dataclass(frozen=True)
class RunConfig:
    """How and where a run runs: nothing here changes what it computes."""

    run: str = ""  # folder below runs/; default: the preset's name
    runs_root: str = "runs"  # the folder of all runs
    data_root: str = ""  # where the data sets are; default: GENAI_DATA, else data/
    device: str = "auto"  # CUDA where there is one; or "cpu", "cuda", "cuda:1"
    threads: int = 0  # CPU threads of this process; 0: torch's default
    workers: int = -1  # processes that read data ahead; 0: none; -1: as many as the machine has cores for
    compile: bool = False  # by torch.compile: minutes at the start, faster steps on a GPU
    channels_last: bool = True  # how pictures lie in memory
    log_every: int = 20  # steps
    sample_every: int = 500  # ... between looks at what the model makes
    save_every: int = 500  # ... between saved states
    snapshots: int = 0  # checkpoints of the way, NAME@STEP, from the untrained model on; more of them early
    stop_after: int = 0  # stop (saved, resumable) after so many steps of this process; 0: at the end

    CHOICES: typing.ClassVar = {}
    RANGES: typing.ClassVar = {
        "workers": (-1, 256), "snapshots": (0, 1000),
        "log_every": (1, 10**9), "sample_every": (1, 10**9), "save_every": (1, 10**9),
    }  # fmt: skip

    def folder(self, default: str) -> Path:
        """Where the run lives; its files have the folder's name. Raises UserError for a name that no run can have."""
        folder = Path(self.runs_root) / (self.run or default)
        if folder.name in ("", "..") or "@" in folder.name:  # name@step is a snapshot
            raise UserError("bad_option", name="run", value=self.run, expected="the name of a folder, without @")
        return folder

    def snapshot_steps(self, steps: int) -> set[int]:
        """After which of a run's steps a snapshot is kept: what is learned early is learned fast, so they begin close."""
        return {round(steps * (i / self.snapshots) ** 2) for i in range(self.snapshots)}


LIMITS = (0, 10**12)  # of a number that its config's RANGES do not name


def parse(name: str, raw: str, kind, choices: tuple[str, ...] = (), limits: tuple[float, float] = LIMITS,
          may_be_empty: bool = False):  # fmt: skip
    """A command-line word as a value of `kind`: bool, int, float, str or tuple[int, ...] (a tuple of nothing only where it
    `may_be_empty`). Raises UserError naming what is expected."""
    is_tuple = typing.get_origin(kind) is tuple
    try:
        if kind is bool:
            return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[raw.lower()]
        value = tuple(int(part) for part in raw.replace(",", " ").split()) if is_tuple else kind(raw)
    except (ValueError, KeyError):
        expected = str(kind) if is_tuple else kind.__name__
        raise UserError("bad_option", name=name, value=raw, expected=expected) from None
    if kind is float and not math.isfinite(value):
        raise UserError("bad_option", name=name, value=raw, expected="a finite number")
    if kind in (int, float) and not limits[0] <= value <= limits[1]:
        raise UserError("bad_option", name=name, value=raw, expected=f"a number from {limits[0]} to {limits[1]}")
    if is_tuple and min(value, default=1 if may_be_empty else 0) < 1:
        raise UserError("bad_option", name=name, value=raw, expected="whole numbers from 1 up, as in 64,32")
    if choices and value not in choices:
        raise UserError("bad_choice", name=name, value=raw, choices=list(choices))
    return value


def override(config, overrides: dict[str, str]):
    """`config` (a dataclass with CHOICES and RANGES) with those of `overrides` that are its fields, parsed; returns (config,
    the rest)."""
    kinds = typing.get_type_hints(type(config))
    mine = {
        f.name: parse(f.name, overrides[f.name], kinds[f.name], config.CHOICES.get(f.name, ()),
                      config.RANGES.get(f.name, LIMITS), () in (f.default, getattr(config, f.name)))
        for f in dataclasses.fields(config) if f.name in overrides
    }  # fmt: skip
    rest = {name: raw for name, raw in overrides.items() if name not in mine}
    return dataclasses.replace(config, **mine), rest
