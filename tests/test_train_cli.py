"""`python train.py`: what it prints, what it accepts, and how it says no."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from conftest import SMALL, run_python

import train
from genai import cli
from genai.checkpoint import MAX_BYTES, Meta, load_checkpoint, save_checkpoint
from genai.data import DATASETS, load_dataset, options_of, stand_in
from genai.errors import UserError
from genai.models import FAMILIES, build_model, configure
from genai.training.config import RunConfig, TrainConfig, override, parse
from genai.training.presets import PRESETS, get_preset, names
from genai.training.resume import Finished

EVERY = pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda p: f"{p.name}-{p.size}")


@pytest.fixture(autouse=True)
def nothing_trains(monkeypatch):
    """A command that should have been refused must not start."""

    def started(*args, dry_run=False, **kwargs):
        assert dry_run, "training has started"
        return Finished(0, False, 0, Path("runs/it"), Path("runs/it/it.safetensors"))

    monkeypatch.setattr("genai.training.loop.train", started)


def refused(capsys, *words: str) -> str:
    """The error of a command that is refused: exit code 2 and one line."""
    assert train.main([*words]) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: ") and message.count("\n") == 1
    return message


# -- what it prints ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [[], ["-h"], ["--help"], ["--lr", "3", "--help"]], ids=str)
def test_lists_the_presets(words, capsys):
    assert train.main(words) == 0
    out = capsys.readouterr().out
    for preset in PRESETS.values():
        row = next(x for x in out.splitlines() if x.split()[:2] == [preset.name, preset.size])
        assert preset.duration in row and preset.expected in row and preset.train.dataset in row
    assert "torchrun" in out and "--dry_run" in out
    if words:
        for config in (TrainConfig(), RunConfig(), *(family.Config() for family in FAMILIES.values())):
            assert_lists(out, config)


def assert_lists(text: str, config) -> None:
    """Every field is a line with its value, and with what stands beside it in the source."""
    for field in dataclasses.fields(config):
        line = f"  --{field.name} {train.as_word(getattr(config, field.name))} "
        assert any(f"{row} ".startswith(line) for row in text.splitlines()), line


@EVERY
@pytest.mark.parametrize("place", [0, 1, 3])
def test_help_for_a_preset_shows_its_own_values(preset, place, capsys):
    words = [preset.name, "--size", preset.size]
    words.insert(place, "--help")
    assert train.main(words) == 0
    out = capsys.readouterr().out
    for config in (preset.train, RunConfig(), FAMILIES[preset.family].Config(**preset.model)):
        assert_lists(out, config)


def test_what_stands_beside_a_field_is_its_help():
    found = cli.comments(TrainConfig)
    assert found.keys() >= {f.name for f in dataclasses.fields(TrainConfig)}
    assert found["batch_size"] == "of all processes together" and found["steps"] == ""
    assert "tokens" in cli.comments(FAMILIES["tokenizer"].Config)["keep_codes"]  # over several lines


def test_the_real_program_lists_and_refuses():
    done = run_python("train.py")
    assert done.returncode == 0 and "gpt-shakespeare" in done.stdout and not done.stderr
    done = run_python("train.py", "gan-dogs")
    assert done.returncode == 2 and not done.stdout
    assert done.stderr.startswith("error: There is no preset gan-dogs") and "Traceback" not in done.stderr
    assert all(name in done.stderr for name in names())
    done = run_python("train.py", "gan-digit", "--dry-run")
    assert done.returncode == 2 and done.stderr.endswith("Did you mean gan-digits?\n")


@pytest.mark.parametrize("words", [["--lr", "0.1"], ["--dry_run"], ["--size", "cpu"]], ids=" ".join)
def test_a_preset_must_be_named(words, capsys):
    assert all(name in refused(capsys, *words) for name in names())


@pytest.mark.parametrize(
    "words, guess",
    [(["--learn-rate", "1"], ""), (["--batchsize", "8"], "--batch_size"), (["--optimizer", "adam"], "adamw"),
     (["-lr", "1"], "--lr"), (["--step", "9"], "--steps"), (["--d-width", "8"], "--d_widths")],
)  # fmt: skip
def test_typos_are_guessed(words, guess, capsys):
    message = refused(capsys, "gan-digits", *words)
    assert message.endswith(f"Did you mean {guess}?\n") if guess else "Did you mean" not in message


@EVERY
def test_dry_run_prints_the_whole_configuration(preset, capsys):
    assert train.main([preset.name, "--size", preset.size, "--dry_run"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["preset"], shown["size"], shown["family"]) == (preset.name, preset.size, preset.family)
    parts = {"model": FAMILIES[preset.family].Config, "train": TrainConfig, "run": RunConfig}
    for part, config in parts.items():
        assert shown[part].keys() == {f.name for f in dataclasses.fields(config)}
    assert shown["train"] == json.loads(json.dumps(dataclasses.asdict(preset.train)))


@pytest.mark.parametrize(
    "words",
    [
        [
            "--lr",
            "0.5",
            "--widths",
            "8,4",
            "--d_widths",
            "4 8",
            "--flip",
            "yes",
            "--run",
            "mine",
            "--dry_run",
        ],
        ["--lr=5e-1", "--widths=8,4", "--d-widths=4,8", "--flip=True", "--run=mine", "--dry-run"],
        [
            "--dry_run",
            "--lr",
            "9",
            "--lr",
            ".5",
            "--widths",
            "8 4",
            "--d_widths",
            "4,8",
            "--flip",
            "1",
            "--run",
            "mine",
        ],
    ],
    ids=["spaces", "equals", "last one counts"],
)
def test_overrides(words, capsys):
    assert train.main(["gan-digits", *words]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["train"]["lr"] == 0.5 and shown["run"]["run"] == "mine"
    assert (
        shown["model"]["widths"] == [8, 4] and shown["model"]["d_widths"] == [4, 8] and shown["model"]["flip"] is True
    )


# -- how it says no ------------------------------------------------------------------------------------------


def test_unknown_preset(capsys):
    message = refused(capsys, "gan-dogs")
    assert "gan-dogs" in message and all(name in message for name in names())


def test_unknown_size(capsys):
    message = refused(capsys, "gan-digits", "--size", "tpu")
    assert "tpu" in message and "cpu, gpu" in message


@EVERY
def test_unknown_option_names_all_there_are(preset, capsys):
    message = refused(capsys, preset.name, "--learning-rate", "0.1")
    assert "learning_rate" in message
    for config in (FAMILIES[preset.family].Config, TrainConfig, RunConfig):
        assert all(f.name in message for f in dataclasses.fields(config))


@pytest.mark.parametrize(
    "words, named",
    [
        (["stray"], ["stray", "--key value"]),
        (["--lr", "0.1", "0.2"], ["0.2"]),
        (["-lr", "0.1"], ["-lr"]),
        (["--lr"], ["--lr"]),
        (["--lr", "fast"], ["lr", "fast", "float"]),
        (["--lr="], ["lr", "float"]),
        (["--lr", "nan"], ["lr", "nan", "finite"]),
        (["--lr", "inf"], ["lr", "finite"]),
        (["--lr", "-1"], ["lr", "-1", "from 0"]),
        (["--steps", "1e3"], ["steps", "1e3", "int"]),
        (["--steps", "0"], ["steps", "from 1"]),
        (["--steps", "-5"], ["steps", "from 1"]),
        (["--steps", "9" * 5000], ["steps"]),
        (["--batch_size", "0"], ["batch_size", "from 1"]),
        (["--log_every", "0"], ["log_every", "from 1"]),
        (["--save_every", "0"], ["save_every", "from 1"]),
        (["--sample_every", "0"], ["sample_every", "from 1"]),
        (["--penalty_every", "0"], ["penalty_every", "from 1"]),
        (["--seed", "-1"], ["seed", "from 0"]),
        (["--beta1", "1"], ["beta1"]),
        (["--widths", "wide"], ["widths", "wide", "tuple"]),
        (["--widths", ""], ["widths", "64,32"]),
        (["--widths", "8,0"], ["widths", "8,0"]),
        (["--widths", "8,-8"], ["widths", "8,-8"]),
        (["--flip", "maybe"], ["flip", "maybe", "bool"]),
        (["--optimizer", "sgd"], ["optimizer", "sgd", "adamw, muon"]),
        (["--schedule", "step"], ["schedule", "cosine, linear"]),
        (["--precision", "fp8"], ["precision", "auto, fp32, bf16"]),
    ],
    ids=lambda x: " ".join(x)[:30],
)
def test_bad_words(words, named, capsys):
    message = refused(capsys, "gan-digits", *words)
    assert all(word in message for word in named), message
    assert len(message) < 1500


@pytest.mark.parametrize(
    "preset, words, named",
    [
        ("gan-digits", ["--dataset", "cifar"], ["cifar", *DATASETS]),
        ("gan-digits", ["--device", "tpu"], ["device", "tpu", "auto, cpu"]),
        ("gan-digits", ["--device", "cuda:99"], ["cuda:99", "auto, cpu"]),
        ("gan-digits", ["--optimizer", "muon"], ["muon", "adamw"]),
        ("gan-digits", ["--widths", "8,8,8,8"], ["28", "(8, 8, 8, 8)"]),
        ("gan-digits", ["--body", "swin"], ["swin", "plain", "residual"]),
        ("vae-digits", ["--widths", "8,8,8"], ["28"]),
        ("gpt-shakespeare", ["--n_head", "5"], ["n_embd", "n_head"]),
        ("gpt-shakespeare", ["--block_size", "60000"], ["60001", "tokens"]),
        ("gpt-shakespeare", ["--dataset", "mnist"], ["text", "images"]),
        ("text2image-digits", ["--frozen", "nowhere.safetensors"], ["nowhere.safetensors", "train.py"]),
        ("vae-digits", ["--init", "nowhere.safetensors"], ["nowhere.safetensors", "train.py"]),
        ("vae-digits", ["--run", "mine@3"], ["mine@3", "without @"]),
        ("vae-digits", ["--run", ".."], ["run cannot be", ".."]),
    ],
    ids=str,
)
@pytest.mark.parametrize("dry_run", [False, True])
def test_bad_combinations(preset, words, named, dry_run, data_root, tmp_path, capsys, monkeypatch):
    """What only the data, the machine or the model can tell; said as well, before anything is written."""
    monkeypatch.undo()
    words = [*words, "--dry_run"] if dry_run else words
    common = ["--size", "cpu", "--data_root", str(data_root), "--runs_root", str(tmp_path / "runs")]
    device = [] if "--device" in words else ["--device", "cpu"]
    assert train.main([preset, *common, *device, *words]) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: ") and all(word in message for word in named), message
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("more", [[], ["--dry_run"]], ids=str)
def test_a_run_folder_that_is_a_file(more, data_root, tmp_path, capsys, monkeypatch):
    monkeypatch.undo()
    (tmp_path / "vae-digits").write_text("in the way")
    words = ["vae-digits", "--size", "cpu", "--device", "cpu", "--data_root", str(data_root), *more]
    assert train.main([*words, "--runs_root", str(tmp_path)]) == 2
    assert str(tmp_path / "vae-digits") in capsys.readouterr().err


# -- what a dry run finds out --------------------------------------------------------------------------------


def test_a_dry_run_gets_ready_and_writes_nothing(data_root, tmp_path, capsys, monkeypatch):
    monkeypatch.undo()
    words = [
        "vae-digits",
        "--data_root",
        str(data_root),
        "--runs_root",
        str(tmp_path),
        "--device",
        "cpu",
        "--steps",
        "3",
    ]
    words += ["--batch_size", "4", "--widths", "8,8", "--hidden", "8", "--run", "mine"]
    assert train.main([*words, "--dry-run"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["run"]["run"] == "mine" and "mine is at step 0 of 3" in said.err
    assert not list(tmp_path.iterdir())

    assert train.main([*words, "--stop_after", "1"]) == 0
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    capsys.readouterr()
    assert train.main([*words, "--dry-run"]) == 0 and "mine is at step 1 of 3" in capsys.readouterr().err
    assert train.main([*words, "--dry-run", "--lr", "0.5"]) == 2
    assert "another configuration" in capsys.readouterr().err
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}


def test_a_dry_run_downloads_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr("urllib.request.urlopen", None)
    assert train.main(["vae-digits", "--data_root", str(tmp_path / "data"), "--dry-run", "--device", "cpu"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["preset"] == "vae-digits"
    assert str(tmp_path / "data") in said.err and "not checked" in said.err and not list(tmp_path.iterdir())


# -- what comes after ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("family, shown, dataset", [("gan", 1, "mnist"), ("judge", 0, "scenes"), ("gpt", 1, "mnist")])
def test_a_finished_run_names_the_commands_that_show_and_measure_it(family, shown, dataset, tmp_path, monkeypatch):
    """Where there is something to show or to measure."""
    monkeypatch.chdir(tmp_path)
    measured = family != "gpt"
    monkeypatch.setattr("genai.metrics.metrics_for", lambda meta: ["fd"] if meta.family != "gpt" else [])
    folder = tmp_path / "runs" / "my photos"
    config = {
        name: SMALL[name] for name in SMALL if name in {f.name for f in dataclasses.fields(FAMILIES[family].Config)}
    }
    path = folder / "my photos.safetensors"
    save_checkpoint(path, build_model(family, config), Meta(family, config, dataset=dataset))
    done = Finished(9, True, 0, folder.relative_to(tmp_path), path.relative_to(tmp_path))
    said = train.what_next(done, family, "/da ta")
    assert ("see it: python app.py --checkpoints 'runs/my photos'" in said) == bool(shown)
    assert "checkpoints/" not in said and len(said.splitlines()) == shown + measured
    command = "measure it: python -m genai.metrics 'runs/my photos/my photos.safetensors' --data_root '/da ta'"
    assert (command in said) == bool(measured)
    Path("checkpoints").mkdir()
    assert ("--checkpoints 'runs/my photos' checkpoints" in train.what_next(done, family, "")) == bool(shown)


# -- presets and parsing -------------------------------------------------------------------------------------


@EVERY
def test_preset_builds_and_its_checkpoint_is_small(preset, tmp_path):
    """Half precision takes two bytes a parameter; metadata gets a tenth of a megabyte."""
    assert preset.train.dataset in DATASETS and preset.family in FAMILIES
    cls = FAMILIES[preset.family]
    assert preset.model.keys() <= {f.name for f in dataclasses.fields(cls.Config)}
    stand_in(preset.train.dataset, tmp_path)
    chosen = dataclasses.asdict(configure(preset.family, preset.model))
    if cls.frozen:
        chosen = cls.adopt(chosen, load_checkpoint(preset.train.frozen)[0])
    options = {k: v for k, v in cls.options(chosen).items() if k in options_of(preset.train.dataset)}
    config = cls.fit(chosen, load_dataset(preset.train.dataset, preset.train.split, tmp_path, **options))
    with torch.device("meta"):
        model = build_model(preset.family, config)
    assert 2 * sum(p.numel() for p in model.parameters()) + 100_000 < MAX_BYTES
    assert get_preset(preset.name, preset.size) is preset
    limits = TrainConfig.RANGES | FAMILIES[preset.family].Config.RANGES
    values = dataclasses.asdict(preset.train) | preset.model
    assert all(low <= values[name] <= high for name, (low, high) in limits.items() if name in values)


def test_every_preset_has_both_sizes():
    assert set(PRESETS) == {(name, size) for name in names() for size in ("cpu", "gpu")}


@EVERY
def test_every_value_can_be_given_as_a_word(preset):
    """Each field of each config, printed and parsed, is itself."""
    configs = (preset.train, RunConfig(), FAMILIES[preset.family].Config(**preset.model))
    for config in configs:
        words = {}
        for f in dataclasses.fields(config):
            value = getattr(config, f.name)
            words[f.name] = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        again, rest = override(config, words)
        assert again == config and not rest


def test_parse():
    assert parse("x", "3", int) == 3 and parse("x", "3", float) == 3.0
    assert parse("x", "no", bool) is False and parse("x", "1,2 3", tuple[int, ...]) == (1, 2, 3)
    assert parse("x", "b", str, ("a", "b")) == "b"
    assert parse("x", "", tuple[int, ...], may_be_empty=True) == ()
    with pytest.raises(UserError, match="from 1 up"):
        parse("x", "", tuple[int, ...])
    with pytest.raises(UserError, match="a, b"):
        parse("x", "c", str, ("a", "b"))
    with pytest.raises(UserError, match="from 2 to 4"):
        parse("x", "5", int, (), (2, 4))
