"""A training step on a GPU, without one: fake CUDA tensors have shapes and devices, and no numbers.

A fake step fails where a real one would crash (tensors of two devices meet) or make the host wait for the GPU (something
asks for a number, or for a shape that depends on numbers).
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import json
import multiprocessing
import os
import socket

import numpy as np
import pytest
import torch
from conftest import PATIENCE, Tiny
from PIL import Image
from pretend import GPU, pretend_gpu
from studio import offering
from test_training import command
from torch import Tensor, nn
from torch._subclasses import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import train
from genai.checkpoint import read_meta
from genai.data import load_dataset
from genai.data.read import Share, reader
from genai.device import pick_device
from genai.generation.engine import ACTIONS, Engine
from genai.generation.look import LOOKS
from genai.models import FAMILIES, backbone, build_model, fsq, text2image
from genai.models.batch import Batch, Noise
from genai.models.layers import widest
from genai.training import distributed, muon
from genai.training.config import TrainConfig
from genai.training.distributed import Group
from genai.training.ema import EMA
from genai.training.optim import autocast, make_optimizers, pick_dtype, update
from genai.training.presets import PRESETS

CUDA = torch.device("cuda:0")
pytestmark = pytest.mark.filterwarnings("ignore:Accessing the data pointer of FakeTensor")


class OnDevice(TorchDispatchMode):
    """Fails where an operation touches a CPU tensor: copying one to a GPU, or indexing by it, makes the host wait.

    calls: how often each operation was called.
    """

    def __init__(self):
        super().__init__()
        self.calls = collections.Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        self.calls[func.overloadpacket.__name__] += 1
        for t in tree_leaves((args, kwargs, out)):
            assert not (isinstance(t, Tensor) and t.ndim and t.device.type == "cpu"), f"{func} meets a CPU tensor"
        return out


class FakeNoise(Noise):
    """Noise on a GPU that is not there, where no generator can be made."""

    def __init__(self, device: torch.device, rows: int):
        super().__init__(torch.Generator(), rows)
        self.device = device

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(self.rows, *shape, device=self.device)

    def uniform(self, *shape: int) -> Tensor:
        return torch.rand(self.rows, *shape, device=self.device)

    def kept(self, p: float, *shape: int) -> Tensor:
        return self.uniform(*shape)

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        return torch.randint(low, high, (self.rows, *shape), device=self.device)


def to_fake(model: nn.Module, device: torch.device) -> nn.Module:
    """`model.to(device)`, which fake parameters do not know."""
    for module in model.modules():
        for name, p in module._parameters.items():
            if p is not None:
                module._parameters[name] = nn.Parameter(p.to(device), p.requires_grad)
        for name, b in module._buffers.items():
            if b is not None:
                module._buffers[name] = b.to(device)
    return model


PHOTOS = dict(image_size=64, channels=3, classes=0)
DECIDED = {  # by pictures alone
    "mnist": dict(image_size=28, channels=1, classes=10), "cats": PHOTOS, "folder": PHOTOS,
    "stacked-mnist": dict(image_size=28, channels=3, classes=0),
}  # fmt: skip


def give_backbone(model: nn.Module, device: torch.device, monkeypatch) -> None:
    """The frozen network, if the model wants one, with weights that are not there either."""
    if model.wants_backbone(model.config):
        monkeypatch.setattr(backbone, "load_file", lambda path: {})
        monkeypatch.setattr(backbone.Backbone, "to", lambda self, **layout: self)  # fake parameters cannot
        model.look_through(to_fake(backbone.Backbone("no file"), device))


def config_of(preset) -> dict:
    """A preset's model as its run builds it: what captions or a text decide stands in the checkpoint that is shipped."""
    decided = DECIDED.get(preset.train.dataset)
    if decided is None:
        decided = read_meta(f"checkpoints/{preset.name}.safetensors").config
    fields = {f.name for f in dataclasses.fields(FAMILIES[preset.family].Config)}
    return {**{k: v for k, v in decided.items() if k in fields}, **preset.model}


def fake_batch(family: str, config, rows: int, device: torch.device) -> Batch:
    def ids(*shape: int) -> Tensor:
        return torch.zeros(rows, *shape, dtype=torch.int64, device=device)

    if family == "gpt":
        inputs, targets = ids(config.block_size), ids(config.block_size)
    else:
        layers = getattr(config, "layers", ()) or getattr(config, "tokenizer_layers", ())
        shape = (rows, *[1 + len(layers)] * bool(layers), config.channels, config.image_size, config.image_size)
        inputs = torch.zeros(shape, dtype=torch.uint8, device=device)
        wanted = {"judge": lambda: (len(config.answers),),
                  "text2image": lambda: (config.caption_length + len(config.choices),)}  # fmt: skip
        targets = ids(*wanted.get(family, tuple)())
    return Batch(inputs, targets, FakeNoise(device, rows), step=0, progress=0.5)


def gradients_of_nothing(loss: Tensor, inputs: list[Tensor]) -> None:
    """In the place of `backward`: that wants a driver, for its threads."""
    for p in inputs:
        p.grad = torch.zeros_like(p)


@pytest.fixture
def cuda(monkeypatch):
    """Torch computes on fake CUDA tensors as it would on real ones."""
    monkeypatch.setattr(torch.autograd, "backward", gradients_of_nothing)
    monkeypatch.setattr(torch.autograd, "grad", lambda y, x, **options: (x * y,))
    monkeypatch.setattr(torch.cuda.amp.common, "amp_definitely_not_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda *args, **options: True)


class Fake(FakeTensorMode):
    def __deepcopy__(self, memo):
        return self  # a copied model's tensors are of the same world


GPU_PRESETS = [p for p in PRESETS.values() if p.size == "gpu"]
presets = pytest.mark.parametrize("preset", GPU_PRESETS, ids=lambda p: p.name)


def test_every_family_has_a_preset_for_gpus():
    assert {p.family for p in GPU_PRESETS} == set(FAMILIES)


@presets
def test_a_step_stays_on_the_gpu(preset, cuda, monkeypatch):
    """All of it: losses, stats, clipping, optimizers and the average of weights."""
    with Fake():
        model = to_fake(build_model(preset.family, config_of(preset)).train(), CUDA)
        give_backbone(model, CUDA, monkeypatch)
        group, ema, dtype = Group(CUDA), EMA(model, 100), pick_dtype("bf16", CUDA)
        optimizers = {name: make_optimizers(model, name, preset.train, dtype, group) for name in model.players}
        batch = fake_batch(preset.family, model.config, preset.train.batch_size, CUDA)
        with OnDevice():
            game = model.losses(batch)
            while True:
                with autocast(dtype, CUDA)():
                    move = next(game, None)
                if move is None:
                    break
                name, loss, stats = move
                assert loss.device == CUDA and loss.dtype == torch.float32 and loss.requires_grad
                for key, value in stats.items():
                    assert value.device == CUDA and value.shape == () and not value.requires_grad, key
                norm = update(loss, model.players[name], optimizers[name], 1.0, preset.train.grad_clip, group)
                assert norm.device == CUDA
            ema.update(model, 0)


def test_an_optimizer_step_is_a_few_kernels(cuda):
    """However many layers: AdamW is fused, and Muon takes matrices of one shape at once."""
    calls = {}
    for layers in (2, 8):
        with Fake():
            model = to_fake(build_model("gpt", {"n_layer": layers}), CUDA)
            (optimizers,) = [make_optimizers(model, "gpt", TrainConfig(optimizer="muon"), torch.bfloat16)]
            with OnDevice() as watch:
                update(torch.zeros((), device=CUDA), model, optimizers, 1.0, 1.0, Group(CUDA))
        calls[layers] = {name: watch.calls[name] for name in ("_fused_adamw_", "baddbmm", "addmm", "_foreach_lerp_")}
    shapes = len({p.shape for p in model.matrices})
    assert calls[2] == calls[8] == {"_fused_adamw_": 1, "baddbmm": shapes * 2 * 5, "addmm": 0, "_foreach_lerp_": 1}


@pytest.mark.parametrize("shape", [(8, 8), (24, 8), (8, 24)], ids=str)
def test_matrices_of_one_shape_are_orthogonalised_as_each_alone(shape, monkeypatch):
    generator = torch.Generator().manual_seed(0)
    matrices = [torch.randn(shape, generator=generator) * scale for scale in (1e-3, 1.0, 50.0)]
    matrices.insert(1, torch.randn(5, 7, generator=generator))
    alone = muon.orthogonalise_all(matrices)
    monkeypatch.setattr(muon, "queued", lambda x: True)
    for one, same in zip(alone, muon.orthogonalise_all(matrices), strict=True):
        torch.testing.assert_close(one, same, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("supported, dtype", [(True, torch.bfloat16), (False, torch.float32)])
def test_bfloat16_only_where_a_gpu_computes_in_it(supported: bool, dtype: torch.dtype, monkeypatch):
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation or supported
    )
    assert pick_dtype("auto", CUDA) == dtype


def test_drawing_on_a_gpu_rounds_as_a_cpu_does(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    pick_device("cuda")
    assert not torch.backends.cudnn.allow_tf32


def test_apple_gpus_have_no_float64():
    assert widest(torch.device("mps")) == torch.float32 and widest(torch.device("cpu")) == torch.float64


def test_a_training_reads_tokens_in_full_precision(monkeypatch):
    """With the ten bits of TF32 many would come out as others."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    model, seen = build_model("tokenizer", dict(image_size=8, widths=(8,), hidden=8)), []
    model.encoder.register_forward_hook(lambda *args: seen.append(torch.backends.cudnn.allow_tf32))
    model.encode(torch.zeros(1, 3, 8, 8, dtype=torch.uint8))
    assert seen == [False] and torch.backends.cudnn.allow_tf32


def test_convolutions_are_tuned_on_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    chosen = []
    monkeypatch.setattr(distributed, "pick_device", lambda *args: torch.device("cuda"))
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", False)
    monkeypatch.setenv("LOCAL_RANK", "3")
    assert distributed.own_device("auto") == torch.device("cuda:3") == chosen[0]
    assert torch.backends.cudnn.benchmark and torch.backends.cudnn.allow_tf32


META = torch.device("meta")


@presets
def test_gradients_stay_on_the_device(preset, monkeypatch):
    """Backward passes, those of gradient penalties too, on a device that needs no driver for them."""
    monkeypatch.setattr(torch, "autocast", lambda *args, **options: contextlib.nullcontext())
    with Fake():
        model = to_fake(build_model(preset.family, config_of(preset)).train(), META)
        give_backbone(model, META, monkeypatch)
        batch = fake_batch(preset.family, model.config, preset.train.batch_size, META)
        with OnDevice():
            for name, loss, _ in model.losses(batch):
                trainable = [p for p in model.players[name].parameters() if p.requires_grad]
                torch.autograd.backward(loss, inputs=trainable)
                assert all(p.grad.device == META and p.grad.shape == p.shape for p in trainable)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_what_is_compiled_is_one_graph(tiny: Tiny, precision: str):
    """`fullgraph` refuses a graph that breaks; once two sizes have been met, no step compiles anew."""
    graphs: list[torch.fx.GraphModule] = []

    def backend(graph: torch.fx.GraphModule, inputs):
        graphs.append(graph)
        return graph

    def losses(model) -> list[Tensor]:
        found = []
        for step in range(4):
            with autocast(pick_dtype(precision, torch.device("cpu")), torch.device("cpu"))():
                found += [loss for _, loss, _ in model.losses(tiny.batches()(step))]
            compiled.append(len(graphs))
        return found

    compiled: list[int] = []
    expected = losses(tiny.model().train())
    torch.compiler.reset()
    model = tiny.model().train()
    for name in model.compilable:
        model.get_submodule(name).compile(backend=backend, fullgraph=True)
    for one, same in zip(expected, losses(model), strict=True):
        assert torch.equal(one, same)
    assert bool(graphs) == bool(model.compilable) and compiled[-1] == compiled[-2]
    torch.compiler.reset()


def test_what_a_gpu_computes_is_what_a_cpu_does(tiny, monkeypatch):
    """Losses, stats and gradients agree where a GPU takes another way, so that it need not wait."""

    def step() -> list[Tensor]:
        model, numbers = tiny.model(), []
        for name, loss, stats in model.losses(tiny.batches()(0)):
            trainable = [p for p in model.players[name].parameters() if p.requires_grad]
            gradients = torch.autograd.grad(loss, trainable, retain_graph=True, allow_unused=True)
            numbers += [loss, *(value.float() for value in stats.values()), *(g for g in gradients if g is not None)]
        return numbers

    ordinary = step()
    for module in (fsq, text2image):
        monkeypatch.setattr(module, "queued", lambda x: True)
    for here, there in zip(ordinary, step(), strict=True):
        torch.testing.assert_close(here, there, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("ids", [[3], [5, 5, 5], [[9, 1], [1, 2**40]]])
def test_distinct_numbers_are_counted(ids):
    ids = torch.tensor(ids)
    assert fsq.count_distinct(ids) == len(ids.unique())


def test_cells_are_encoded_alike_once_or_each(monkeypatch):
    model = build_model("tokenizer", dict(image_size=16, levels=(8, 8), layers=(1, 1), widths=(8,), hidden=16))
    inputs = torch.randint(0, 2, (3, 3, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)) * 255
    inputs[:, 1:, :, :8] = 0  # most of a layer is empty
    once = model.measure_layers(inputs)
    monkeypatch.setattr(fsq, "queued", lambda x: True)
    torch.testing.assert_close(model.measure_layers(inputs), once)


# -- many processes ------------------------------------------------------------------------------------------


def _stop_together(rank: int, port: int, stopped) -> None:
    os.environ.update(RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    group, step = Group(torch.device("cpu")), 0
    while step < 20 and not group.any(rank == 1 and step >= 3):
        group.mean([torch.ones(2)])
        step += 1
    group.close()
    stopped.put(step)


def test_processes_stop_at_the_same_step():
    """Whichever of them was asked to, and though nobody waits for the answer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("fork")
    stopped = context.Queue()
    processes = [context.Process(target=_stop_together, args=(rank, port, stopped)) for rank in range(2)]
    for process in processes:
        process.start()
    assert [stopped.get(timeout=PATIENCE) for _ in processes] == [4, 4]
    for process in processes:
        process.join(PATIENCE)
        assert process.exitcode == 0


# -- a GPU that computes -------------------------------------------------------------------------------------

MANY = {("gan", "plane_map")}  # more pictures than a CPU draws at once, without being asked for as many


@pytest.mark.parametrize("family, action", [(f, a) for f, actions in ACTIONS.items() for a in actions], ids=str)
def test_everything_that_can_be_asked_runs_on_a_gpu(engine: Engine, family: str, action: str, monkeypatch):
    """And is what the CPU makes, where both round alike (of many pictures a CPU draws some at a time, which may round otherwise);
    gradients are pretended, so of a search that takes steps it is known only that they meet no tensor of the CPU."""
    model = offering(engine, family, action).name
    controls = {c.name: c.default for c in engine.controls(model, action)}
    if "max_new_tokens" in controls:
        controls["max_new_tokens"] = 9
    if action == "match":
        controls["steps"] = 0
    expected = engine.generate(model, action, controls)
    with pretend_gpu(monkeypatch):
        gpu = Engine(engine.folder, device="cuda")
        result = gpu.generate(model, action, controls)
        if action == "match":
            assert gpu.generate(model, action, {**controls, "steps": 2}).detail["k"] == 2
    assert result.receipt["device"] == "cuda"
    if (family, action) in MANY:
        assert np.abs(result.pixels.astype(int) - expected.pixels.astype(int)).max() <= 1
    else:
        assert result.receipt["result"] == expected.receipt["result"]


@pytest.mark.parametrize("dataset", ["mnist", "shakespeare", "scenes", "folder"])
@pytest.mark.parametrize("room", [0, 2**30], ids=["no room", "room"])
def test_data_are_read_without_waiting(dataset: str, room: int, data_root, tmp_path, monkeypatch):
    """What goes to a GPU in a step is pinned, so that nobody waits until it is there."""
    root = data_root
    if dataset == "folder":
        root = tmp_path
        for i in range(5):
            Image.new("RGB", (8, 8), (50 * i, 0, 0)).save(tmp_path / f"{i}.png")
    data = load_dataset(dataset, "train", root)
    share = Share(batch_size=4, steps=9, seed=1, first=0, rows=4)
    read = reader(data, share, torch.device("cpu"), block_size=8)
    expected = [part for step in range(3) for part in read(step)]
    with pretend_gpu(monkeypatch) as gpu:
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device=None: (room, room))
        read = reader(data, share, GPU, block_size=8)
        gpu.copies.clear()  # those of the beginning
        rows = [part for step in range(3) for part in read(step)]
        assert not gpu.copies
        assert all(part.device == GPU for part in rows)
        for one, same in zip(expected, rows, strict=True):
            assert torch.equal(one, same.cpu())


def test_a_run_on_a_gpu_goes_on_to_its_last_step(tiny: Tiny, data_root, tmp_path, monkeypatch):
    """Everything around the steps: noise, log, held-out losses, looks, saving, and going on from what was saved."""
    words = command(tiny, data_root, tmp_path, device="cuda", precision="auto", sample_every=4, steps=4)
    monkeypatch.delitem(LOOKS, "gpt")  # a text takes long where every operation passes through Python
    with pretend_gpu(monkeypatch):
        assert train.main([*words, "--stop_after", "2"]) == 0
        assert train.main(words) == 0
    (checkpoint,) = (tmp_path / tiny.preset).glob("*.safetensors")
    assert read_meta(checkpoint).step == 4
    lines = [json.loads(line) for line in (tmp_path / tiny.preset / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 3, 4]
