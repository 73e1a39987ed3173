"""A run made ready: from a preset's numbers, the data and a frozen child to a model and the batches that it reads."""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from genai.checkpoint import Checkpoint, load_checkpoint, open_checkpoint
from genai.data import Procedural, about, data_root, load_dataset, options_of
from genai.errors import UserError
from genai.models import FAMILIES, backbone, build_model, configure
from genai.models.backbone import Backbone
from genai.models.family import Family
from genai.training.batches import Batches, derive_seed
from genai.training.config import RunConfig, TrainConfig
from genai.training.distributed import Group


@dataclass
class Prepared:
    """What a run begins with.

    model: on its device, ready to train.  config: all of its configuration, with what the data and the child decide.
    child: the trained model inside it that stays as it is, or None.  begun: whose weights it begins with, or None.
    """

    family: str
    model: Family
    config: dict[str, Any]
    data: Any
    batches: Batches
    child: Family | None
    begun: Checkpoint | None


def prepare(family: str, model_config: dict, config: TrainConfig, run: RunConfig, group: Group) -> Prepared:
    """A model of `family` and its batches; the same in every process, and whenever it is asked for.

    Raises UserError: an unknown name, data missing or of another kind than the family learns from, a model that cannot be.
    """
    config.parts(group.world)  # a batch that cannot be shared: better to hear of it now
    if run.threads:
        torch.set_num_threads(run.threads)
    chosen = dataclasses.asdict(configure(family, model_config))
    cls, child = FAMILIES[family], None
    if cls.frozen:
        child, _ = load_checkpoint(config.frozen)
        chosen = cls.adopt(chosen, child)
    data = _load(_options(cls, chosen, config), config, run, group)
    chosen = cls.fit(chosen, data)
    begun = open_checkpoint(config.init) if config.init else None
    torch.manual_seed(derive_seed(config.seed, 0))  # initial weights: the same in every process
    try:
        model = build_model(family, chosen).to(group.device).train()
        if begun:
            begin_with(model, begun.model.state_dict())
        if child is not None:
            model.get_submodule(cls.frozen).load_state_dict(child.state_dict())
    except UserError:
        raise
    except Exception as error:  # whatever a combination of options may break
        raise UserError("impossible_model", family=family, cause=str(error)) from error
    if cls.wants_backbone(model.config):
        model.look_through(frozen_network(run.data_root).to(group.device))
    if run.channels_last:
        model = model.to(memory_format=torch.channels_last)
    batches = Batches(
        data, config.batch_size, config.steps, config.seed, group.device, group.rank, group.world,
        chosen.get("block_size", 0), run.workers,
    )  # fmt: skip
    return Prepared(family, model, chosen, data, batches, child, begun)


def frozen_network(root: str) -> Backbone:
    """The network pretrained elsewhere: its weights from the run's data root or the usual one (a folder of one's own
    pictures has none), else from its public home.

    Raises UserError where neither has them, or timm is not installed.
    """
    places = [backbone.weights_below(data_root(place)) for place in (root, "")]
    path = next((place for place in places if place.is_file()), places[-1])
    try:
        return Backbone(path if path.is_file() else None)
    except Exception as error:  # no timm, no network, a damaged file: its hub has many ways to say so
        raise UserError("backbone_missing", name=backbone.NAME, place=str(path), cause=str(error)) from error


def begin_with(model: Family, weights: dict[str, Tensor]) -> None:
    """Fill `model` with a trained one's weights. A child that the trained one lacks altogether keeps its fresh ones."""
    weights = {name: t for name, t in weights.items() if name not in model.filled}
    known = {name.partition(".")[0] for name in weights}
    fresh = {name: t for name, t in model.state_dict().items() if name.partition(".")[0] not in known}
    model.load_state_dict({**fresh, **weights})


def held_out(ready: Prepared, config: TrainConfig, run: RunConfig) -> Batches | None:
    """Batches that the run never learns from, the same for each run; None where there are none, or no likelihood to look at."""
    cls, split = type(ready.model), about(config.dataset).held_out
    fresh = config.split not in (split, "all") or isinstance(ready.data, Procedural)
    if not (cls.likelihood and split and fresh):
        return None
    data = load_dataset(config.dataset, split, run.data_root or None, **_options(cls, ready.config, config))
    block = ready.config.get("block_size", 0)
    if len(data) <= block + 1:
        return None
    return Batches(data, config.batch_size, 1, 0, ready.batches.device, block_size=block, workers=0)


def _options(cls: type[Family], model_config: dict, config: TrainConfig) -> dict:
    """What a family asks of the data set, as far as that lets one ask."""
    return {k: v for k, v in cls.options(model_config).items() if k in options_of(config.dataset)}


def _load(options: dict, config: TrainConfig, run: RunConfig, group: Group):
    with _only_first_downloads(group):
        return load_dataset(config.dataset, config.split, run.data_root or None, **options)


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
