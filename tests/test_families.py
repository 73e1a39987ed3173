"""What a family promises: it learns to its last step from any data of its kind, and is one file, wherever it lies."""

from __future__ import annotations

import dataclasses
import importlib
import random
from pathlib import Path

import pytest
import torch
from conftest import FROZEN, SMALL, draw_digit, tiny_family
from PIL import Image

from genai.checkpoint import Meta, load_checkpoint, read_meta, save_checkpoint
from genai.data import folder, stand_in
from genai.errors import UserError
from genai.generation.actions import ACTIONS
from genai.generation.engine import Engine
from genai.generation.look import LOOKS, take_look
from genai.metrics import METRICS, Metric, measure
from genai.models import FAMILIES, backbone, build_model, configure, vae
from genai.training.config import RunConfig, TrainConfig
from genai.training.distributed import Group
from genai.training.loop import Trainer, train
from genai.training.prepare import prepare
from genai.training.presets import PRESETS

# name -> (data set, how it is read, what it offers a family); pictures are 28x28 grey where nothing else is said
DATA = {
    "labels": ("mnist", "resident", {"images", "classes"}),
    "labels, streamed": ("folder", "streamed", {"images", "classes"}),
    "labels, made": ("mnist-words", "made", {"images", "classes", "captions"}),
    "no labels": ("folder", "resident", {"images"}),
    "no labels, streamed": ("folder", "streamed", {"images"}),
    "no labels, made": ("scenes", "made", {"images", "captions", "attributes"}),
    "text": ("shakespeare", "resident", {"text"}),
}
NEEDS = {
    "gpt": {"text"},
    "text2image": {"captions"},
    "judge": {"images", "attributes"},
    "classifier": {"images", "classes"},
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> dict[str, Path]:
    """Two folders of drawn digits, with and without subfolders."""
    roots = {name: tmp_path_factory.mktemp("pictures") for name in ("labels", "no labels")}
    rng = random.Random(0)
    for name, root in roots.items():
        for i in range(24):
            place = root / str(i % 3) if name == "labels" else root
            place.mkdir(exist_ok=True)
            Image.fromarray(draw_digit(i % 3, rng)).save(place / f"{i}.png")
    return roots


@pytest.fixture(scope="module")
def frozen(data_root, tmp_path_factory) -> dict[str, Path]:
    """For each data set that has captions, an image tokenizer of its pictures."""
    config = dict(image_size=28, channels=1, levels=(8, 5, 5), widths=(8,), blocks=1, hidden=16)
    path = tmp_path_factory.mktemp("frozen") / "tokenizer-digits.safetensors"
    save_checkpoint(path, build_model("tokenizer", config), Meta("tokenizer", config))
    return {"scenes": data_root / FROZEN, "mnist-words": path}


@pytest.mark.parametrize("kind", DATA)
def test_every_family_learns_from_every_kind_of_data(
    family: str, kind: str, data_root, pictures, frozen, tmp_path, monkeypatch
):
    """To the last step, checkpoint included; or it is refused before anything is written."""
    dataset, read, offered = DATA[kind]
    monkeypatch.setattr(folder, "RESIDENT_BYTES", 0 if read == "streamed" else 2**30)
    monkeypatch.setattr(vae, "LOOKED_AT", 20)
    tiny = tiny_family(family, data_root)
    model = {name: value for name, value in tiny.config.items() if name in SMALL}
    if dataset != "scenes":
        model |= {k: v for k, v in dict(image_size=28, channels=1).items() if k in tiny.model().config.__dict__}
        model |= {"widths": (8,)} if family == "tokenizer" else {}  # 28 pixels do not halve so often
    config = dataclasses.replace(
        tiny.train, dataset=dataset, split="train", steps=2, batch_size=4, warmup_steps=0,
        frozen=str(frozen.get(dataset, data_root / FROZEN)) if FAMILIES[family].frozen else "",
    )  # fmt: skip
    root = pictures[kind.partition(",")[0]] if dataset == "folder" else data_root
    run = RunConfig(run="it", runs_root=str(tmp_path), data_root=str(root), device="cpu", threads=1, workers=0)
    if not NEEDS.get(family, {"images"}) <= offered:
        with pytest.raises(UserError) as caught:
            train(family, model, config, run)
        assert caught.value.code == "data_does_not_fit" and not list(tmp_path.iterdir())
        return
    done = train(family, model, config, run)
    assert done.complete and done.step == 2
    trained, meta = load_checkpoint(done.checkpoint)
    assert meta.dataset == dataset and meta.step == 2 and bool(meta.classes) == ("classes" in offered)
    for name, count in (("classes", len(meta.classes)), ("image_size", 64 if dataset == "scenes" else 28)):
        assert trained.config.__dict__.get(name, count) == count
    assert set(meta.extra.get("latent_order", [])) == set(range(model["latents"] if family == "vae" else 0))


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda p: f"{p.name}-{p.size}")
def test_every_preset_can_begin(preset, tmp_path):
    """The real ones, on data of the real shapes, with the children that are shipped: model, optimizers, first batch."""
    stand_in(preset.train.dataset, tmp_path)
    if FAMILIES[preset.family].wants_backbone(configure(preset.family, preset.model)):
        backbone.stand_in(tmp_path)
    run = RunConfig(data_root=str(tmp_path), device="cpu", workers=0)
    config, group = dataclasses.replace(preset.train, batch_size=4, precision="fp32"), Group(torch.device("cpu"))
    ready = prepare(preset.family, preset.model, config, run, group)
    trainer = Trainer(ready, config, run, group)
    assert trainer.optimizers.keys() == ready.model.players.keys()
    assert sum(len(part.inputs) for part in ready.batches.parts(0, config.parts(1))) == 4
    said = {
        name: value for name, value in preset.model.items() if value != ()
    }  # widths that follow from the pictures' size
    assert {name: ready.config[name] for name in said} == said, "the data decide what the preset says"
    assert (ready.child is not None) == bool(preset.train.frozen)


# -- a family of one file ------------------------------------------------------------------------------------

TOY = '''
from dataclasses import dataclass
import torch, torch.nn.functional as F
from torch import nn
from genai.models import family

@dataclass(frozen=True)
class Config(family.Config):
    image_size: int = 28
    channels: int = 1
    bias: float = 0.0

class Toy(family.Family):
    """Each pixel is white as often as in the data."""
    Config = Config
    likelihood = True

    def __init__(self, config):
        super().__init__()
        self.config = config
        shape = (config.channels, config.image_size, config.image_size)
        self.logits = nn.Parameter(torch.full(shape, config.bias))

    @property
    def players(self):
        return {"toy": self}

    def losses(self, batch):
        white = batch.inputs.float() / 255
        yield "toy", F.binary_cross_entropy_with_logits(self.logits.expand_as(white), white), {}

    def complete(self, data):
        return {"seen": len(next(data.chunks(50)))}
'''
TOY_ACTIONS = """
from genai.generation import images, noise
from genai.generation.actions import action
from genai.generation.controls import Number
from genai.generation.look import look

@look("toy")
def look_at(model, meta, data):
    return images.to_uint8(model.logits.detach().sigmoid()[None], low=0.0)[0]

@action("toy", "image", lambda m: [Number("seed", 0, noise.MAX_SEED, 1, integer=True)])
def draw(loaded, c):
    chance = loaded.model.logits.sigmoid().cpu()
    white = noise.uniforms([c["seed"]], *chance.shape) < chance
    return images.to_uint8(white.float(), low=0.0)[0]
"""


def test_a_family_is_one_file_and_its_line(data_root, tmp_path, monkeypatch):
    """Trained, saved, loaded, generated from and measured, and nothing but FAMILIES was told of it."""
    (tmp_path / "toy.py").write_text(TOY)
    (tmp_path / "toy_actions.py").write_text(TOY_ACTIONS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(FAMILIES, "toy", importlib.import_module("toy").Toy)
    importlib.import_module("toy_actions")
    try:
        run = RunConfig(
            run="mine", runs_root=str(tmp_path), data_root=str(data_root), device="cpu", workers=0, snapshots=2
        )
        done = train("toy", {}, TrainConfig(dataset="mnist", steps=40, batch_size=32, lr=0.3), run, on_sample=take_look)
        assert (done.folder / "samples" / "step_0000040.png").is_file()
        meta = read_meta(done.checkpoint)
        assert meta.extra["seen"] == 50 and meta.history[0]["steps"] == 40 and len(meta.classes) == 10
        losses = [line.split('"toy/loss": ')[1].split(",")[0] for line in (done.folder / "log.jsonl").open()]
        assert float(losses[-1]) < 0.7 * float(losses[0])
        assert "toy/held_out" in (done.folder / "log.jsonl").read_text()

        engine = Engine(done.folder, device="cpu")
        result = engine.generate("mine", "draw", {"seed": 7})
        _, verdict = engine.again(result.receipt, result.pixels)
        assert verdict == "identical" and result.pixels.shape == (28, 28, 1) and 0 < result.pixels.mean() < 128
        assert engine.shelf.get("mine").snapshots == ("mine@0", "mine@10")

        def whiteness(context) -> dict:
            drawn = context.model.logits.sigmoid().mean().item()
            return {"value": drawn, "unit": "share", "split": "none", "n": 1}

        monkeypatch.setitem(METRICS, "whiteness", Metric(whiteness, ("toy",)))
        (record,) = measure(done.checkpoint, save=True)
        assert 0.05 < record["value"] < 0.5 and read_meta(done.checkpoint).metrics["whiteness"] == record
    finally:
        ACTIONS.pop("toy", None), LOOKS.pop("toy", None)
