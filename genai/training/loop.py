"""THE loop: every family, every device, one process or many.

for each step: read a batch, in parts -> for each loss that the model yields: gradients of that player alone, averaged
over the parts of all processes, clipped, stepped -> EMA. Data order and noise are functions of (seed, step), so a run
that stops and goes on ends bit-equal to one that never stopped, and needs nothing saved but weights and optimizer states.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from genai.checkpoint import Meta, load_checkpoint, save_checkpoint, save_state
from genai.data import DATASETS, load_dataset
from genai.errors import UserError
from genai.models import FAMILIES, build_model
from genai.training.batches import Batches, derive_seed
from genai.training.config import RunConfig, TrainConfig
from genai.training.distributed import Group, own_device
from genai.training.ema import EMA
from genai.training.log import Log, check_finite
from genai.training.optim import autocast, differentiate, make_optimizers, pick_dtype, update
from genai.training.resume import STATE, Finished, catch_signals, fingerprint_of, resume


def train(
    family: str,
    model_config: dict,
    config: TrainConfig,
    run: RunConfig,
    *,
    preset: str = "",
    size: str = "",
    on_sample: Callable[[nn.Module, Meta, Path], None] | None = None,
    on_finish: Callable[[nn.Module, Meta, object], None] | None = None,
) -> Finished:
    """Train to the end, or until a signal; a run with the same configuration goes on where it stopped.

    Args:
        family, model_config: see `models.build_model`; what the data set decides (classes, vocabulary, size) is filled in.
        on_sample(ema_model, meta, path_without_suffix): draws a look at the model, every run.sample_every steps.
        on_finish(ema_model, meta, data): completes meta before the last checkpoint is written.
    Raises UserError: data missing, another run in the folder, non-finite loss (step and phase), disk full.
    """
    frozen = _frozen_child(family, config)
    model_config = {**model_config, **_fit_to_child(family, frozen)}
    group = Group(own_device(run.device))
    config.parts(group.world)  # a batch that cannot be shared: better to hear of it now
    if run.threads:
        torch.set_num_threads(run.threads)
    folder = Path(run.runs_root) / (run.run or preset or family)
    with _only_first_downloads(group):
        data = load_dataset(
            config.dataset, config.split, run.data_root or None, **_data_options(family, config, model_config)
        )
    model_config = _fit_to_data(family, model_config, data)
    fingerprint = fingerprint_of(family, model_config, config, len(data))

    trainer = Trainer(family, model_config, data, config, run, group, frozen)
    ema = trainer.ema
    start = resume(folder / STATE, fingerprint, trainer)
    meta = Meta(
        family=family, config=model_config, preset=preset, size=size, dataset=config.dataset, step=start,
        training=dataclasses.asdict(config), **data.metadata(),
    )  # fmt: skip
    checkpoint = folder / f"{preset or family}.safetensors"
    log = None
    pending: list[tuple[int, str, dict]] = []  # losses not yet looked at: looking makes a GPU wait
    last = min(config.steps, start + run.stop_after) if run.stop_after else config.steps

    def look() -> None:
        check_finite(pending, group)
        if log:
            log.write(pending, learning_rate=config.lr * config.lr_scale(max(0, step - 1)))
        pending.clear()

    def save(step: int) -> None:
        """Weights first, then the state: a kill in between repeats some steps, and loses nothing."""
        meta.step = step
        if group.first:
            if step == config.steps and on_finish:
                on_finish(ema.model, meta, data)
            save_checkpoint(checkpoint, ema.model, meta)
            save_state(folder / STATE, {"step": step, "fingerprint": fingerprint, **trainer.state()})
        group.barrier()

    step = start
    try:
        if group.first:
            log = Log(folder, start, config.steps, config.batch_size)
        with catch_signals() as caught:
            while step < last and not group.any(bool(caught.signal)):
                pending += trainer.step(step)
                step += 1
                if step % run.log_every == 0 or step == last:
                    look()
                if group.first and on_sample and (step % run.sample_every == 0 or step == config.steps):
                    meta.step = step
                    on_sample(ema.model, meta, folder / "samples" / f"step_{step:07d}")
                if step % run.save_every == 0 and step < last:
                    look()
                    save(step)
            if step > start or not checkpoint.exists():
                look()
                save(step)
    except OSError as error:  # the log or a look at the samples; weights have their own
        raise UserError(
            "cannot_write", name=error.filename or str(folder), cause=error.strerror or str(error)
        ) from error
    finally:
        if log:
            log.close()
        group.close()
    return Finished(step, step >= config.steps, caught.signal, folder, checkpoint)


def begin_with(model: nn.Module, weights: dict[str, Tensor]) -> None:
    """Fill `model` with a trained one's weights. A child that the trained one lacks altogether keeps its fresh ones."""
    known = {name.partition(".")[0] for name in weights}
    fresh = {name: t for name, t in model.state_dict().items() if name.partition(".")[0] not in known}
    model.load_state_dict({**fresh, **weights})


class Trainer:
    """What moves in a run: the model, its optimizers, its average. `step(s)` moves them all, as a function of s."""

    def __init__(self, family: str, model_config: dict, data, config: TrainConfig, run: RunConfig, group: Group,
                 frozen: nn.Module | None = None):  # fmt: skip
        torch.manual_seed(derive_seed(config.seed, 0))  # initial weights: the same in every process
        try:
            model = build_model(family, model_config).to(group.device).train()
            if config.init:
                begin_with(model, load_checkpoint(config.init)[0].state_dict())
            if frozen is not None:
                model.get_submodule(model.frozen).load_state_dict(frozen.state_dict())
        except UserError:
            raise
        except Exception as error:  # whatever a combination of options may break
            raise UserError("impossible_model", family=family, cause=str(error)) from error
        if run.channels_last:
            model = model.to(memory_format=torch.channels_last)
        self.model, self.config, self.group = model, config, group
        self.ema = EMA(model, config.ema_half_life * config.steps)
        dtype = pick_dtype(config.precision, group.device)
        self.optimizers = {name: make_optimizers(model, name, config, dtype, group) for name in model.players}
        if run.compile:
            for name in model.compilable:
                model.get_submodule(name).compile()
        self.autocast = autocast(dtype, group.device)
        self.batches = Batches(data, config.batch_size, config.steps, config.seed, group.device, group.rank, group.world,
                               model_config.get("block_size", 0))  # fmt: skip

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
            for optimizer, saved in zip(many, state["optimizers"][name]):
                optimizer.load_state_dict(saved)


def _data_options(family: str, config: TrainConfig, model_config: dict) -> dict:
    """What the data set lets its user choose, as the model wants it."""
    model = FAMILIES[family]
    layered = bool(model_config.get(getattr(model, "layered", ""), ()))
    wanted = {**model_config, "targets": getattr(model, "targets", ""), "layered": layered}
    options = getattr(DATASETS.get(config.dataset), "OPTIONS", ())
    return {k: wanted[k] for k in options if wanted.get(k)}


def _frozen_child(family: str, config: TrainConfig) -> nn.Module | None:
    """The trained model that `config.frozen` names, for a family that holds one."""
    if not hasattr(FAMILIES[family], "frozen"):
        return None
    child, _ = load_checkpoint(config.frozen)
    return child


def _fit_to_child(family: str, child: nn.Module | None) -> dict:
    """The frozen child's configuration as the fields that a family's own Config has for it, e.g. tokenizer_levels."""
    if child is None:
        return {}
    prefix, fields = FAMILIES[family].frozen, {f.name for f in dataclasses.fields(FAMILIES[family].Config)}
    decided = {f"{prefix}_{k}": v for k, v in dataclasses.asdict(child.config).items()}
    return {k: v for k, v in decided.items() if k in fields}


def _fit_to_data(family: str, model_config: dict, data) -> dict:
    """The config with what the data decides: vocabulary; image size, channels and classes."""
    fields = {f.name for f in dataclasses.fields(FAMILIES[family].Config)}
    decided = data.decides()
    if ("vocab_size" in decided) != ("vocab_size" in fields):
        needs, got = ("text", "images") if "vocab_size" in fields else ("images", "text")
        raise UserError("data_does_not_fit", family=family, needs=needs, got=got)
    if "words" in fields and "words" not in decided:
        raise UserError("data_does_not_fit", family=family, needs="pictures with captions", got="pictures alone")
    if len(data) == 0 and "vocab_size" not in fields:
        raise UserError("data_does_not_fit", family=family, needs="images", got="nothing")
    block = model_config.get("block_size", 0)
    if block and len(data) <= block + 1:
        raise UserError("data_does_not_fit", family=family, needs=f"more than {block + 1} tokens", got=f"{len(data)}")
    return {**model_config, **{k: v for k, v in decided.items() if k in fields}}


@contextlib.contextmanager
def _only_first_downloads(group: Group):
    """The first process fetches what is missing while the others wait, then they all read."""
    if not group.first:
        group.barrier()
    try:
        yield
    finally:
        if group.first:
            group.barrier()
