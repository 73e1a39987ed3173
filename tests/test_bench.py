"""The benches: that each can run and tells what it should. How fast anything is, is not tested."""

from __future__ import annotations

import dataclasses
import itertools
import json

import pytest
import torch
from browsing import needs_chromium
from conftest import ROOT, run_python

from genai import cli
from genai.bench import __main__ as program
from genai.bench import figures, load, page, peers, training
from genai.bench.figures import BENCHES, Figure, Peer, Setting, Skip
from genai.errors import UserError
from genai.training.presets import names


@pytest.fixture
def setting(engine):
    """The studio's small models, few repetitions."""
    with Setting(engine.folder, quick=True) as setting:
        yield setting


@pytest.fixture
def made_up(monkeypatch):
    """Four benches in place of the real ones: one for each way to end."""

    def ending(error):
        def run(setting):
            raise error

        return run

    figure = Figure(12.3456, "ms", 45.678, 60, peer=Peer("doing nothing", 6.1728, 7.0), more={"chromium": "150"})
    monkeypatch.setattr(program, "BENCHES", {
        "good": lambda setting: figure,
        "absent": ending(Skip("no Chromium on this machine")),
        "untrained": ending(UserError("checkpoint_missing", name="x.safetensors")),
        "broken": ending(RuntimeError("boom\nand more")),
    })  # fmt: skip


def test_every_figure_of_the_goals_has_a_bench():
    wanted = {"cold_start", "slider_gan", "slider_gan_grid", "slider_vae", "tiles_64", "vae_decode"}
    wanted |= {"slider_gan_steer", "slider_gan_digits", "slider_vae_digits", "tiles_64_digits", "match_encoder"}
    wanted |= {"picture", "nine_pictures", "image_tokenizer", "scenes_drawn", "text_256", "text_400"}
    wanted |= {"two_texts", "two_pictures", "shelf_30", "memory_growth"} | {f"train_{name}" for name in names()}
    assert set(BENCHES) == wanted


# -- the command ---------------------------------------------------------------------------------------------


def test_importing_it_is_light():
    text = "import genai.bench.__main__, sys; print({'gradio', 'playwright', 'torch'} & set(sys.modules))"
    done = run_python("-c", text)
    assert done.stdout.strip() == "set()", done.stderr


def test_an_unknown_bench_is_named_with_the_choices():
    done = run_python("-m", "genai.bench", "--only", "slider_gan", "speed")
    assert done.returncode == 2 and done.stdout == ""
    assert "--only cannot be speed" in done.stderr and "train_gan-digits" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_folder_is_named(capsys, tmp_path):
    assert cli.run(program.main, ["--checkpoints", str(tmp_path / "nowhere"), "--only", "tiles_64"]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_rows_for_people(made_up, capsys, tmp_path):
    assert program.main(["--checkpoints", str(tmp_path)]) == 1  # one is broken
    lines = capsys.readouterr().out.splitlines()
    good, absent, untrained, broken = lines[-4:]
    assert good.split()[:5] == ["good", "12.3", "ms", "45.7", "60"]
    assert good.endswith("0.50 x doing nothing: 6.17, 7.00; chromium 150")
    assert absent.endswith("skipped: no Chromium on this machine")
    assert "skipped: There is no checkpoint x.safetensors" in untrained
    assert broken.endswith("failed: RuntimeError: boom")
    assert "cores" in lines[0] and "torch" in lines[0] and "load average" in lines[0]


def test_rows_for_programs(made_up, capsys, tmp_path):
    assert program.main(["--checkpoints", str(tmp_path), "--only", "absent", "good", "--json"]) == 0
    about, absent, good = map(json.loads, capsys.readouterr().out.splitlines())
    assert about["bench"] == "machine" and {"cpu", "cores", "torch", "threads", "device", "load"} <= about.keys()
    assert absent["value"] is None and absent["skipped"]
    assert good == {"bench": "good", "value": 12.35, "unit": "ms", "p95": 45.68, "n": 60, "times": 0.5,
                    "peer": "doing nothing", "peer_value": 6.173, "peer_p95": 7.0, "chromium": "150"}  # fmt: skip


def test_a_busy_machine_is_warned_about(monkeypatch):
    monkeypatch.setattr("os.getloadavg", lambda: (50.0, 1.0, 1.0))
    assert "WARNING" in program.heading(program.machine())
    monkeypatch.setattr("os.getloadavg", lambda: (0.0, 50.0, 50.0))
    assert "WARNING" not in program.heading(program.machine())


def test_without_a_checkpoint_a_row_says_so(tmp_path):
    for name in ("vae_decode", "train_text2image-digits", "two_texts"):
        record = program.measure(name, Setting(tmp_path, quick=True))
        assert record["value"] is None and "There is no checkpoint" in record["skipped"], record
    for name in ("memory_growth", "shelf_30"):
        assert "no checkpoints" in program.measure(name, Setting(tmp_path, quick=True))["skipped"]


# -- numbers -------------------------------------------------------------------------------------------------


def test_median_and_p95_of_times_and_rates(monkeypatch):
    values = [float(v) for v in range(1, 102)]
    times, rates = figures.of_times(values, "ms", "half", values[:51]), figures.of_rates(values, "steps/s")
    assert (times.value, times.p95, times.n) == (51, pytest.approx(96), 101)
    assert times.peer == Peer("half", 26, pytest.approx(48.5))
    assert (rates.value, rates.p95, rates.peer) == (51, pytest.approx(6), None)
    assert figures.percentile([3.0], 0.95) == 3
    assert figures.percentile([2.0, 1.0], 0.5) == 1.5
    for figure, faster in ((times, 26 / 51), (figures.of_rates(values, "steps/s", "half", values[:51]), 51 / 26)):
        monkeypatch.setitem(BENCHES, "this", lambda setting, figure=figure: figure)
        assert program.measure("this", None)["times"] == pytest.approx(faster, rel=1e-3)


def test_turns_are_taken_and_warm_ups_do_not_count():
    seen = []
    one, two = (lambda i, name=name: seen.append((name, i)) for name in "ab")
    times = figures.in_turns(3, one, two, warm=2)
    assert [len(each) for each in times] == [3, 3]
    assert seen == [(name, i) for i in range(5) for name in "ab"]


def test_a_sweep_never_stands_still():
    values = page.sweep(0.1, 1.5, 0.05)
    assert min(values) == 0.1 and max(values) == 1.5
    assert all(abs(abs(a - b) - 0.05) < 1e-6 for a, b in itertools.pairwise([*values, *values]))


# -- what is measured ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tiles_64", "vae_decode", "image_tokenizer", "scenes_drawn", "text_256", "two_texts"])
def test_the_models_are_measured(name: str, setting):
    figure = BENCHES[name](setting)
    assert figure.value > 0 and figure.n == setting.repeats(100) and figure.peer.value > 0


def test_the_recomputing_loop_writes_what_the_model_would(setting):
    """With the likeliest token alone, every way to write gives the same text; past the end of the context they part."""
    model, prompt = setting.model("gpt", "gpt-shakespeare").model, torch.tensor([[1, 2, 3]])
    likeliest = lambda logits: logits.argmax(-1)  # noqa: E731
    ours = torch.cat([*model.sample(prompt, likeliest, 40)])
    theirs = torch.cat([*peers.recomputed(model, prompt, 40, top_k=1)])
    assert torch.equal(ours, theirs)
    assert len([*peers.recomputed(model, prompt, model.config.block_size + 5)]) == model.config.block_size + 5


@needs_chromium
def test_a_slider_is_measured_beside_one_that_does_nothing(setting, studio, monkeypatch):
    monkeypatch.setattr(Setting, "url", studio.url)
    monkeypatch.setattr(page, "STEPS", 3)
    figure = page.slider_gan(setting)
    assert figure.n == 3 and figure.more["picture"] == "28 pixels wide"
    assert figure.peer.value > 0 and "no-op" in figure.peer.name


@needs_chromium
def test_pictures_are_measured_from_the_click(setting, studio, monkeypatch):
    monkeypatch.setattr(Setting, "url", studio.url)
    figure = page.picture(setting)
    assert 0 < figure.more["first_ms"] <= figure.value and figure.peer.value > 0


@pytest.mark.parametrize("name", names())
def test_every_preset_trains(name: str):
    """The real one with the shipped child inside it, a step of it and one of its peer's, of a few samples."""
    preset = training.presets.get_preset(name, "cpu")
    few = dataclasses.replace(preset, train=dataclasses.replace(preset.train, batch_size=4))
    figure = training.training_rate(few, ROOT / "checkpoints", quick=True)
    assert figure.value > 0 and figure.peer.value > 0
    assert figure.more["samples_per_s"] == pytest.approx(4 * figure.value)


def test_a_shelf_is_filled_with_copies(engine, tmp_path):
    files = sorted(engine.folder.glob("*.safetensors"))
    filled = sorted(load.fill(tmp_path / "many", files).iterdir())
    assert len(filled) == load.SHELF and {path.name for path in files} < {path.name for path in filled}


def test_each_of_a_shelf_can_be_asked_through_the_page(studio, engine, monkeypatch):
    asked = []
    generate = engine.generate
    monkeypatch.setattr(engine, "generate", lambda model, *rest: asked.append(model) or generate(model, *rest))
    load.ask_each(studio.url, engine.folder)
    assert asked == ["gan-digits", "gan-styled", "gpt-shakespeare", "text2image-scenes", "vae-digits"]


def test_memory_is_read_after_each_count(setting, capsys):
    load.memory_after(str(setting.checkpoints), 2, 4)
    measured = json.loads(capsys.readouterr().out)
    assert len(measured) == 2 and all(isinstance(v, int) for v in measured)
