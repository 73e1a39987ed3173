"""The command lines: what they set before they begin, what they read, and how they say no."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, run_python

import app
import genai.__main__ as genai_main
from genai import cli
from genai.errors import UserError
from genai.strings import LANGUAGES

PROGRAMS = {
    "app.py": ["app.py"],
    "train.py": ["train.py", "gan-digits", "--dry_run"],
    "genai": ["-m", "genai", "gan-digits"],
    "metrics": ["-m", "genai.metrics", "none.safetensors"],
    "bench": ["-m", "genai.bench", "--only", "scenes_drawn"],
}

# Runs a program as `python` would, up to where it imports torch; there it says what OpenMP is going to read.
SPY = """
import os, runpy, sys
class Spy:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            print("torch:", *map(os.environ.get, ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")), flush=True)
            os._exit(0)
sys.meta_path.insert(0, Spy())
sys.path.insert(0, "")
words = sys.argv[1:]
if words[0] == "-m":
    sys.argv = words[1:]
    runpy.run_module(words[1], run_name="__main__", alter_sys=True)
else:
    sys.argv = words
    runpy.run_path(words[0], run_name="__main__")
"""


# -- threads -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", PROGRAMS.values(), ids=PROGRAMS)
def test_threads_spin_shortly_then_sleep_before_torch_is_loaded(words, monkeypatch):
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"):
        monkeypatch.delenv(name, raising=False)
    done = run_python("-c", SPY, *words)
    assert done.stdout.endswith("torch: PASSIVE 2000\n"), done


def test_a_wait_policy_of_ones_own_stays(monkeypatch):
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    done = run_python("-c", SPY, "train.py", "gan-digits", "--dry_run", OMP_WAIT_POLICY="ACTIVE")
    assert done.stdout.endswith("torch: ACTIVE None\n"), done


def test_openmp_has_read_it(monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    done = run_python("-c", "import genai, torch", OMP_DISPLAY_ENV="true")
    shown = [line for line in done.stderr.splitlines() if "OMP_WAIT_POLICY" in line]
    if not shown:
        pytest.skip("this torch's OpenMP does not say what it has read")
    assert all("PASSIVE" in line for line in shown)


# -- the parser ----------------------------------------------------------------------------------------------


@pytest.fixture
def parser() -> cli.Parser:
    parser = cli.Parser("python program.py", "What it does, 100 % of it.", epilog="And 5 % more.")
    parser.add_argument("model", nargs="?")
    parser.add_argument("--max_tokens")
    parser.add_argument("--seed", default="0", help="the first of them")
    parser.add_argument("--metric", nargs="+")
    parser.add_argument("--save", action="store_true")
    return parser


SPELLINGS = {
    "spaces": "gan --max_tokens 5 --metric a b --save --seed 3",
    "equals": "gan --max_tokens=5 --metric a b --save --seed=3",
    "dashes": "gan --max-tokens 5 --metric a b --save --seed 3",
    "the word last": "--max-tokens=5 --metric a b --save --seed 3 gan",
    "the word in the middle": "--save --seed 3 gan --max_tokens 5 --metric a b",
    "the last one counts": "gan --seed 9 --max_tokens 5 --metric c --metric a b --save --seed 3",
}


@pytest.mark.parametrize("words", SPELLINGS.values(), ids=SPELLINGS)
def test_spellings(words, parser):
    found = vars(parser.parse(words.split()))
    assert found == {"model": "gan", "max_tokens": "5", "seed": "3", "metric": ["a", "b"], "save": True}


@pytest.mark.parametrize("value", ["-1", "-0.5,0.2", "--so", "a b", "", "x=y", "-", "--metrics", "☃"])
@pytest.mark.parametrize("equals", [True, False])
def test_a_value_may_be_anything(value, equals, parser):
    words = [f"--max-tokens={value}"] if equals else ["--max-tokens", value]
    assert parser.parse([*words, "gan"]).max_tokens == value
    assert parser.peek([*words, "gan", "--more", value])[0].model == "gan"


@pytest.mark.parametrize("words", ["--help", "-h", "gan --help", "--seed --help", "--nonsense 3 gan stray -h --seed"])
def test_help_in_any_place(words, parser):
    parser.peek(words.split())
    with pytest.raises(cli.Helped) as helped:
        parser.parse(words.split())
    text = str(helped.value)
    assert "100 % of it" in text and "5 % more" in text and "the first of them" in text and "--max_tokens" in text


@pytest.mark.parametrize(
    "words, code, guess",
    [
        ("--sed 3", "unknown_option", "--seed"),
        ("--max-token=3", "unknown_option", "--max_tokens"),
        ("-seed 3", "unknown_option", "--seed"),
        ("--hepl", "unknown_option", "--help"),
        ("--nothing-like-it", "unknown_option", ""),
        ("gan vae", "stray_word", ""),
        ("gan --seed 3 4", "stray_word", ""),
        ("--seed", "missing_value", ""),
        ("--seed --save", "missing_value", ""),
        ("--metric --save", "missing_value", ""),
        ("--save=1", "bad_command", ""),
    ],
)
def test_mistakes_of_the_parser(words, code, guess, parser):
    with pytest.raises(UserError) as refused:
        parser.parse(words.split())
    assert (refused.value.code, refused.value.guess) == (code, guess)
    assert "\n" not in str(refused.value)
    for lang in LANGUAGES:
        assert guess in refused.value.message(lang)


def test_a_word_that_must_be_there():
    parser = cli.Parser("python program.py", "")
    parser.add_argument("checkpoint")
    with pytest.raises(UserError, match=r"checkpoint.*program\.py .*checkpoint"):
        parser.parse([])


def test_a_mistyped_choice_is_guessed_in_both_languages():
    error = UserError("unknown_preset", value="gan-digit", choices=["gan-digits", "vae-digits"])
    assert error.message("en").endswith("Did you mean gan-digits?") and "gan-digits？" in error.message("zh")
    for value in ("something else", "", ["gan-digits"], None, 3, "x" * 100_000):
        assert UserError("unknown_preset", value=value, choices=["gan-digits", "7"]).guess == ""


@pytest.mark.parametrize("raw", ["", "-1", "3.5", "many", "²", "1_000", "9" * 30, "70000"])
def test_numbers_that_are_none(raw):
    with pytest.raises(UserError, match="port cannot be"):
        cli.whole("port", raw, 1, 65_535)
    assert cli.whole("port", "7860", 1, 65_535) == 7860 and cli.whole("port", None) is None


def test_folders_of_checkpoints(tmp_path, monkeypatch):
    monkeypatch.delenv("GENAI_CHECKPOINTS", raising=False)
    assert cli.checkpoint_folders(None) == ["checkpoints"]
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    for name in (one, two):
        Path(name).mkdir()
    monkeypatch.setenv("GENAI_CHECKPOINTS", os.pathsep.join([one, "", two]))
    assert cli.checkpoint_folders(None) == [one, two] and cli.checkpoint_folders([two]) == [two]
    for given in (["nowhere"], None):
        monkeypatch.setenv("GENAI_CHECKPOINTS", "nowhere")
        with pytest.raises(UserError, match="no folder nowhere"):
            cli.checkpoint_folders(given)


# -- every program -------------------------------------------------------------------------------------------


def ending(error: BaseException):
    def program(words):
        raise error

    return program


def test_exit_codes(capsys):
    assert cli.run(lambda words: len(words), ["a", "b", "c"]) == 3
    assert cli.run(ending(cli.Helped("how")), []) == 0 and capsys.readouterr() == ("how\n", "")
    assert cli.run(ending(KeyboardInterrupt()), []) == 130 and capsys.readouterr() == ("", "")
    assert cli.run(ending(UserError("busy")), []) == 2
    assert capsys.readouterr().err == f"error: {UserError('busy')}\n"
    with pytest.raises(ZeroDivisionError):  # a fault of ours has its traceback
        cli.run(ending(ZeroDivisionError()), [])


def test_enough_is_enough():
    """`| head` is no mistake."""
    program = (
        "import sys; from genai import cli; sys.exit(cli.run(lambda w: [print(x) for x in range(10**6)] and 1, []))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as run:
        run.stdout.readline()
        run.stdout.close()
        assert run.stderr.read() == b"" and run.wait() == 0


@pytest.mark.parametrize("words", [["app.py"], ["-m", "genai"], ["-m", "genai.bench"]], ids=" ".join)
def test_help_needs_no_torch(words):
    done = run_python("-c", SPY, *words, "--help")
    assert done.stdout.startswith("usage: python") and "torch:" not in done.stdout, done


def test_the_page_opens_what_it_is_told_to(tmp_path, monkeypatch, capsys):
    opened = []

    class Page:
        def launch(self, **settings):
            opened.append(settings)

    monkeypatch.setattr("genai.generation.engine.Engine", lambda folders, device: opened.append((folders, device)))
    monkeypatch.setattr("genai.ui.build_ui", lambda engine: Page())
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    assert app.main(["--checkpoints", "photos", ".", "--port=7870", "--host", "0.0.0.0", "--device", "cpu"]) == 0
    assert opened == [(["photos", "."], "cpu"), {"server_name": "0.0.0.0", "server_port": 7870}]
    monkeypatch.setenv("GENAI_CHECKPOINTS", "photos")
    assert app.main([]) == 0
    assert opened[2:] == [(["photos"], "auto"), {"server_name": None, "server_port": None}]
    for mistake in (
        ["--port", "0"],
        ["--port", "99999"],
        ["--checkpoints", "elsewhere"],
        ["photos"],
        ["--prot", "7870"],
    ):
        assert app.main(mistake) == 2
        assert capsys.readouterr().err.startswith("error: ") and len(opened) == 4


# -- python -m genai -----------------------------------------------------------------------------------------


def test_the_list_and_help_read_no_weights(engine, monkeypatch, capsys):
    def read(*args):
        raise AssertionError("weights are read")

    monkeypatch.setattr("genai.generation.shelf.open_checkpoint", read)
    where = ["--checkpoints", str(engine.folder), "--device", "cpu"]
    assert genai_main.main(where) == 0
    out = capsys.readouterr().out
    assert "gan-digits  (gan, " in out and "--action sample" in out
    assert genai_main.main([*where, "gan-digits", "--help"]) == 0
    out = capsys.readouterr().out
    assert "--seed 1 " in out and "a whole number from 0 to 4294967295" in out and "--action interpolate" in out
    assert genai_main.main([*where, "gpt-shakespeare", "--temprature", "1"]) == 2
    assert "Did you mean --temperature?" in capsys.readouterr().err
    assert genai_main.main([*where, "gan-digit"]) == 2
    assert "Did you mean gan-digits?" in capsys.readouterr().err


def test_several_folders(engine, tmp_path, monkeypatch, capsys):
    """Of two checkpoints with one name, that of the folder named first; the others' stand beside."""
    save = engine.folder / "gan-digits.safetensors"
    shutil.copy(save, tmp_path / "photos.safetensors")
    monkeypatch.setenv("GENAI_CHECKPOINTS", os.pathsep.join([str(tmp_path), str(engine.folder)]))
    assert genai_main.main([]) == 0
    shown = capsys.readouterr().out
    assert "photos  (gan" in shown and "gan-digits  (gan" in shown
    out = tmp_path / "seven.png"
    assert genai_main.main(["photos", "--seed", "7", "--device", "cpu", "--out", str(out)]) == 0
    assert genai_main.main(["vae-digits", "--device", "cpu", "--out", str(out)]) == 0
