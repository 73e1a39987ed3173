"""The benches: that each can run and tells what it should. How fast anything is, is not tested."""

from __future__ import annotations

import dataclasses
import itertools
import json

import pytest
from conftest import run_python

from genai import bench
from genai.bench import BENCHES, Figure, Setting, Skip
from genai.errors import UserError
from genai.training.presets import PRESETS, names


@pytest.fixture
def setting(engine) -> Setting:
    return Setting(engine.folder)


@pytest.fixture
def made_up(monkeypatch):
    """Four benches in place of the real ones: one for each way to end."""

    def ending(error):
        def run(setting):
            raise error

        return run

    figure = Figure(12.3456, "ms", 45.678, 60, {"chromium": "150"})
    monkeypatch.setattr(bench, "BENCHES", {
        "good": lambda setting: figure,
        "absent": ending(Skip("no Chromium on this machine")),
        "untrained": ending(UserError("checkpoint_missing", name="x.safetensors")),
        "broken": ending(RuntimeError("boom\nand more")),
    })  # fmt: skip


def test_every_figure_of_the_goals_has_a_bench():
    wanted = {"cold_start", "slider_gan", "slider_gan_grid", "slider_vae", "tiles_64", "vae_decode"}
    wanted |= {"picture", "nine_pictures", "image_tokenizer", "scenes_drawn"}
    wanted |= {"gpt_cached", "gpt_uncached", "memory_growth"} | {f"train_{name}" for name in names()}
    assert set(BENCHES) == wanted


def test_importing_it_is_light():
    program = "import genai.bench, sys; print({'gradio', 'playwright', 'torch'} & set(sys.modules))"
    done = run_python("-c", program)
    assert done.stdout.strip() == "set()", done.stderr


def test_an_unknown_bench_is_named_with_the_choices():
    done = run_python("-m", "genai.bench", "--only", "slider_gan", "speed")
    assert done.returncode == 2 and done.stdout == ""
    assert "--only cannot be speed" in done.stderr and "train_gan-digits" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_folder_is_named(capsys, tmp_path):
    assert bench.main(["--checkpoints", str(tmp_path / "nowhere"), "--only", "tiles_64"]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_rows_for_people(made_up, capsys, tmp_path):
    assert bench.main(["--checkpoints", str(tmp_path)]) == 1  # one is broken
    lines = capsys.readouterr().out.splitlines()
    good, absent, untrained, broken = lines[-4:]
    assert good.split() == ["good", "12.3", "ms", "45.7", "60", "chromium", "150"]
    assert absent.endswith("skipped: no Chromium on this machine")
    assert "skipped: There is no checkpoint x.safetensors" in untrained
    assert broken.endswith("failed: RuntimeError: boom")
    assert "cores" in lines[0] and "torch" in lines[0] and "load average" in lines[0]


def test_rows_for_programs(made_up, capsys, tmp_path):
    assert bench.main(["--checkpoints", str(tmp_path), "--only", "absent", "good", "--json"]) == 0
    about, absent, good = map(json.loads, capsys.readouterr().out.splitlines())
    assert about["bench"] == "machine" and {"cpu", "cores", "torch", "threads", "device", "load"} <= about.keys()
    assert absent["value"] is None and absent["skipped"]
    assert good == {"bench": "good", "value": 12.35, "unit": "ms", "p95": 45.68, "n": 60, "chromium": "150"}


def test_a_busy_machine_is_warned_about(monkeypatch):
    monkeypatch.setattr("os.getloadavg", lambda: (50.0, 1.0, 1.0))
    assert "WARNING" in bench.heading(bench.machine())
    monkeypatch.setattr("os.getloadavg", lambda: (0.0, 50.0, 50.0))
    assert "WARNING" not in bench.heading(bench.machine())


def test_median_and_p95_of_times_and_rates():
    values = [float(v) for v in range(101)]
    times, rates = bench.of_times(values, "ms"), bench.of_rates(values, "steps/s")
    assert (times.value, times.p95, times.n) == (50, pytest.approx(95), 101)
    assert (rates.value, rates.p95) == (50, pytest.approx(5))
    assert bench.percentile([3.0], 0.95) == 3
    assert bench.percentile([2.0, 1.0], 0.5) == 1.5


def test_warm_ups_do_not_count():
    seen = []
    assert len(bench.milliseconds(seen.append, repeats=3, warm=2)) == 3
    assert seen == [0, 1, 2, 3, 4]


def test_a_sweep_never_stands_still():
    values = bench.sweep(0.1, 1.5, 0.05, 65)
    assert len(values) == 65 and min(values) == 0.1 and max(values) == 1.5
    assert all(abs(abs(a - b) - 0.05) < 1e-6 for a, b in itertools.pairwise(values))


def test_the_models_are_measured(setting):
    assert bench.vae_decode(setting, repeats=3).n == 3
    loaded = setting.engine.get("gpt-shakespeare")
    cached, uncached = bench.writing_rates(loaded.model, loaded.device, tokens=8, repeats=2)
    assert cached.value > 0 and uncached.value > 0 and cached.n == uncached.n == 2
    assert cached.more["cached_to_uncached"] > 0 and "nanoGPT" in uncached.more["peer"]


def test_without_a_checkpoint_a_row_says_so(tmp_path):
    record = bench.measure("vae_decode", Setting(tmp_path))
    assert record["value"] is None and "There is no checkpoint" in record["skipped"]
    assert "no checkpoints" in bench.measure("memory_growth", Setting(tmp_path))["skipped"]


def test_every_family_trains_on_made_up_data(tiny):
    preset = next(p for p in PRESETS.values() if p.family == tiny.family)
    train = dataclasses.replace(tiny.train, batch_size=4)
    small = dataclasses.replace(preset, model=tiny.config, train=train)
    figure = bench.training_rate(small, seconds=0)
    assert figure.value > 0 and figure.more["samples_per_s"] == pytest.approx(4 * figure.value)


def test_memory_is_read_after_each_count(setting, capsys):
    bench.memory_after(str(setting.checkpoints), 2, 4)
    measured = json.loads(capsys.readouterr().out)
    assert len(measured) == 2 and all(isinstance(v, int) for v in measured)
