"""The command lines: what they set before they begin, what they read, and how they say no."""

from __future__ import annotations

import pytest
from conftest import run_python

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
            print("torch:", os.environ.get("OMP_WAIT_POLICY"), flush=True)
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
def test_threads_wait_asleep_before_torch_is_loaded(words, monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    done = run_python("-c", SPY, *words)
    assert done.stdout.endswith("torch: PASSIVE\n"), done


def test_a_wait_policy_of_ones_own_stays():
    done = run_python("-c", SPY, "train.py", "gan-digits", "--dry_run", OMP_WAIT_POLICY="ACTIVE")
    assert done.stdout.endswith("torch: ACTIVE\n"), done


def test_openmp_has_read_it(monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    done = run_python("-c", "import genai, torch", OMP_DISPLAY_ENV="true")
    shown = [line for line in done.stderr.splitlines() if "OMP_WAIT_POLICY" in line]
    if not shown:
        pytest.skip("this torch's OpenMP does not say what it has read")
    assert all("PASSIVE" in line for line in shown)
