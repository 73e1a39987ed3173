"""A training step of each preset, beside a plain one."""

from __future__ import annotations

import dataclasses
import itertools
import math
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from genai.bench.figures import BENCHES, Figure, Setting, of_rates
from genai.bench.peers import plain_training
from genai.training import presets

SECONDS = 10.0  # for each preset and its peer
BLOCK = 8  # steps timed together: a GAN pays for its penalties every few steps


def train(setting: Setting, name: str) -> Figure:
    """Training steps a second of a preset in this machine's size, on stand-ins for its data."""
    import torch

    preset = presets.get_preset(name, "gpu" if torch.cuda.is_available() else "cpu")
    return training_rate(preset, setting.checkpoints, setting.quick)


for _name in presets.names():
    BENCHES[f"train_{_name}"] = partial(train, name=_name)


def training_rate(preset: presets.Preset, checkpoints: Path, quick: bool = False) -> Figure:
    """The loop's own step (batch, losses, updates, average), with the loop's defaults; its peer is a plain step of the same
    model. checkpoints: where the model finds the trained child that it holds, if it holds one.
    """
    from genai.data import stand_in
    from genai.models import FAMILIES, backbone, configure
    from genai.training.config import RunConfig
    from genai.training.distributed import Group, own_device
    from genai.training.loop import Trainer
    from genai.training.optim import pick_dtype
    from genai.training.prepare import prepare

    config, group = preset.train, Group(own_device("auto"))
    if config.frozen:
        config = dataclasses.replace(config, frozen=str(checkpoints / Path(config.frozen).name))
    with tempfile.TemporaryDirectory(prefix="genai-bench-") as root:
        stand_in(config.dataset, Path(root))
        if FAMILIES[preset.family].wants_backbone(configure(preset.family, preset.model)):
            backbone.stand_in(Path(root))
        run = RunConfig(data_root=root)
        ready, plain = (prepare(preset.family, preset.model, config, run, group) for _ in range(2))
        trainer = Trainer(ready, config, run, group)
        by_hand = plain_training(plain.model, plain.batches, config.lr)
        turns = [block(step, config.steps, group.device) for step in (trainer.step, by_hand)]
        rates = [[1 / run(1)] for run in turns] if quick else in_blocks(turns)
    precision = pick_dtype(config.precision, group.device)
    more = {"samples_per_s": statistics.median(rates[0]) * config.batch_size, "batch_size": config.batch_size,
            "size": preset.size, "precision": str(precision).removeprefix("torch.")}  # fmt: skip
    return of_rates(rates[0], "steps/s", "a plain step, AdamW in float32", rates[1], **more)


def block(step: Callable[[int], object], length: int, device) -> Callable[[int], float]:
    """run(count) -> seconds of so many steps more, to the last result on the device."""
    import torch

    numbers = itertools.count()

    def run(count: int) -> float:
        start = time.perf_counter()
        for i in itertools.islice(numbers, count):
            step(i % length)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return time.perf_counter() - start

    return run


def in_blocks(turns: list[Callable[[int], float]]) -> list[list[float]]:
    """Steps a second of each of the turns, in blocks, for SECONDS each or one block more."""
    for run in turns:
        run(BLOCK)
    # On a fast machine, longer blocks: waiting for the device after each one costs too.
    count = BLOCK * max(1, min(100, math.ceil(SECONDS / 40 / turns[0](BLOCK))))
    rates: list[list[float]] = [[] for _ in turns]
    until = time.perf_counter() + SECONDS * len(turns)
    while not rates[0] or time.perf_counter() < until:
        for run, each in zip(turns, rates):
            each.append(count / run(count))
    return rates
