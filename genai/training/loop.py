"""THE loop: every family, every device, one process or many.

for each step: read a batch, in parts -> for each loss that the model yields: gradients of that player alone, averaged
over the parts of all processes, clipped, stepped -> EMA. Data order and noise are functions of (seed, step), so a run
that stops and goes on ends bit-equal to one that never stopped, and needs nothing saved but weights and optimizer states.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genai.checkpoint import Meta, save_checkpoint, save_state
from genai.training.batches import Batches
from genai.training.config import RunConfig, TrainConfig
from genai.training.distributed import Group, own_device
from genai.training.ema import EMA
from genai.training.history import new_record, recorded
from genai.training.lock import only_run
from genai.training.log import Log, check_finite, telling_of_the_disk
from genai.training.optim import autocast, differentiate, make_optimizers, pick_dtype, pick_precision, update
from genai.training.prepare import Prepared, held_out, prepare
from genai.training.resume import STATE, Finished, catch_signals, fingerprint_of, resume


def train(
    family: str,
    model_config: dict,
    config: TrainConfig,
    run: RunConfig,
    *,
    preset: str = "",
    size: str = "",
    on_sample: Callable[[nn.Module, Meta, Path, Any], None] | None = None,
    dry_run: bool = False,
) -> Finished:
    """Train to the end, or until a signal; a run with the same configuration goes on where it stopped.

    Args:
        family, model_config: see `models.configure`; what the data decide (classes, vocabulary, size) is filled in.
        on_sample(ema_model, meta, path_without_suffix, data): draws a look at the model, every run.sample_every steps.
        dry_run: only get ready, which refuses what the run would refuse; nothing is written.
    Raises UserError: data missing, another run in the folder, non-finite loss (step and phase), disk full.
    """
    folder = run.folder(preset or family)
    checkpoint = folder / f"{folder.name}.safetensors"
    with telling_of_the_disk(folder), contextlib.ExitStack() as stack:
        group = stack.enter_context(contextlib.closing(Group(own_device(run.device))))
        asked, config = config, dataclasses.replace(config, precision=pick_precision(config.precision, group.device))
        ready = prepare(family, model_config, config, run, group)
        data = ready.data
        fingerprint = fingerprint_of(family, ready.config, config, len(data))
        trainer = Trainer(ready, config, run, group)
        ema = trainer.ema
        stack.enter_context(only_run(folder, group, dry_run))
        start, seconds = resume(folder / STATE, fingerprint, trainer)
        step = start
        held = held_out(ready, config, run) if group.first else None
        if dry_run:
            return Finished(step, step == config.steps, 0, folder, checkpoint)
        before = recorded(ready.begun.meta) if ready.begun else []
        from_step = sum(record["steps"] for record in before)
        this = new_record(family, model_config, asked, preset, size, from_step, ready.begun)
        meta = Meta(
            family=family, config=ready.config, preset=preset, size=size, dataset=config.dataset,
            training=dataclasses.asdict(config), history=[*before, this], **data.metadata(),
        )  # fmt: skip
        log = None
        pending: list[tuple[int, str, dict]] = []  # losses not yet looked at: looking makes a GPU wait
        snapshots = run.snapshot_steps(config.steps)
        last = min(config.steps, start + run.stop_after) if run.stop_after else config.steps

        def look() -> None:
            check_finite(pending, group)
            if log and pending:
                shown = step % run.sample_every == 0 or step == config.steps or step in snapshots
                lost = trainer.lose(held) if held and shown else {}
                log.write(pending, config.lr * config.lr_scale(step - 1), lost)
            pending.clear()

        def count() -> None:
            """The description says how many steps there have been, and how long they took."""
            this["steps"], this["seconds"], meta.step = step, round(seconds, 1), from_step + step

        def save() -> None:
            """Weights first, then the state: a kill in between repeats some steps, and loses nothing."""
            count()
            if group.first:
                if step == config.steps:
                    meta.extra |= ema.model.complete(data)
                save_checkpoint(checkpoint, ema.model, meta)
                state = {"step": step, "seconds": seconds, "fingerprint": fingerprint}
                save_state(folder / STATE, state | trainer.state())
            group.barrier()

        def snapshot() -> None:
            """The model on its way, with the losses that the log tells of it."""
            look()
            count()
            if log:
                kept = dataclasses.replace(meta, extra={**meta.extra, "losses": log.last}, slim=True)
                save_checkpoint(folder / f"{folder.name}@{meta.step}.safetensors", ema.model, kept)

        if group.first:
            log = stack.enter_context(contextlib.closing(Log(folder, start, config.steps, config.batch_size)))
        with catch_signals() as caught:
            if step == 0 and snapshots:
                snapshot()
            while step < last and not group.any(bool(caught.signal)):
                begun = time.perf_counter()
                pending += trainer.step(step)
                step += 1
                if step % run.log_every == 0 or step % run.sample_every == 0 or step == last:
                    look()  # a GPU's steps end here
                seconds += time.perf_counter() - begun
                if group.first and on_sample and (step % run.sample_every == 0 or step == config.steps):
                    count()
                    on_sample(ema.model, meta, folder / "samples" / f"step_{step:07d}", data)
                if step in snapshots:
                    snapshot()
                if step % run.save_every == 0 and step < last:
                    look()
                    save()
            if step > start or not checkpoint.exists():
                look()
                save()
    return Finished(step, step >= config.steps, caught.signal, folder, checkpoint)


class Trainer:
    """What moves in a run: the model, its optimizers, its average. `step(s)` moves them all, as a function of s."""

    def __init__(self, ready: Prepared, config: TrainConfig, run: RunConfig, group: Group):
        model = ready.model
        self.model, self.config, self.group = model, config, group
        self.ema = EMA(model, config.ema_half_life * config.steps)
        dtype = pick_dtype(config.precision, group.device)
        self.optimizers = {name: make_optimizers(model, name, config, dtype, group) for name in model.players}
        if run.compile:
            for name in model.compilable:
                model.get_submodule(name).compile()
        self.autocast = autocast(dtype, group.device)
        self.batches = ready.batches

    def step(self, step: int) -> list[tuple[int, str, dict[str, Tensor]]]:
        """One step of the whole game: (step, player, {"loss", "grad_norm", ...}) for each loss that the model yields.

        A player steps when every part of the batch has made its gradients, and no part goes on before it has.
        """
        scale, done = self.config.lr_scale(step), []
        parts = self.batches.parts(step, self.config.parts(self.group.world))
        games = [self.model.losses(part) for part in parts]
        while True:
            stats = []
            for game in games:
                with self.autocast():
                    move = next(game, None)
                if move is None:
                    self.ema.update(self.model, step)
                    return done
                name, loss, more = move
                stats.append({"loss": loss.detach(), **more})
                if game is not games[-1]:  # before the next part's turn, so that it finds the memory free
                    differentiate(loss, self.model.players[name])
            norm = update(loss, self.model.players[name], self.optimizers[name], scale, self.config.grad_clip, self.group,
                          len(games))  # fmt: skip
            means = {key: sum(part[key] for part in stats) / len(stats) for key in stats[0]}
            done.append((step, name, {**means, "grad_norm": norm}))

    @torch.no_grad()
    def lose(self, batches: Batches, count: int = 4) -> dict[str, float]:
        """What the average of the weights loses on `count` batches, without dropout: each player's mean."""
        totals: dict[str, float] = {}
        for step in range(count):
            with self.autocast():
                for player, loss, _ in self.ema.model.losses(batches.still(step)):
                    totals[player] = totals.get(player, 0.0) + loss.item() / count
        return totals

    def state(self) -> dict:
        """All that has to be saved to go on exactly."""
        return {
            "model": self.model.state_dict(), "ema": self.ema.model.state_dict(),
            "optimizers": {name: [o.state_dict() for o in many] for name, many in self.optimizers.items()},
        }  # fmt: skip

    def load(self, state: dict) -> None:
        self.model.load_state_dict(state["model"])
        self.ema.model.load_state_dict(state["ema"])
        for name, many in self.optimizers.items():
            for optimizer, saved in zip(many, state["optimizers"][name], strict=True):
                optimizer.load_state_dict(saved)
