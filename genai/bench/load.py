"""Many: requests at once, checkpoints in the folder, requests one after the other for hours."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from genai.bench.figures import ROOT, Figure, Setting, Skip, bench, in_turns, of_times
from genai.bench.page import served
from genai.errors import UserError

SHELF = 30  # checkpoints
ASKED = ("gan", "vae", "gpt")  # families whose requests the memory run mixes
REQUESTS = (100, 2_000)  # memory: after the first many, after the second many


@bench
def two_texts(setting: Setting) -> Figure:
    """Two visitors' texts at once; the peer is one after the other."""
    loaded = setting.model("gpt", "gpt-shakespeare")
    return at_once(setting, loaded.name, "write", {"max_new_tokens": 10 if setting.quick else 200})


@bench
def two_pictures(setting: Setting) -> Figure:
    """Two visitors' nine pictures at once; the peer is one after the other."""
    loaded = setting.model("text2image", "text2image-scenes")
    return at_once(setting, loaded.name, "draw", {"count": 9})


def at_once(setting: Setting, model: str, action: str, controls: dict) -> Figure:
    """Milliseconds until both have their result."""

    def ask(seed: int) -> None:
        setting.engine.generate(model, action, {**controls, "seed": seed})

    with ThreadPoolExecutor(2) as visitors:
        both = lambda i: list(visitors.map(ask, (2 * i, 2 * i + 1)))  # noqa: E731
        one_by_one = lambda i: list(map(ask, (2 * i, 2 * i + 1)))  # noqa: E731
        times = in_turns(setting.repeats(10), both, one_by_one, warm=1)
    return of_times(times[0], "ms", "one after the other", times[1])


@bench
def shelf_30(setting: Setting) -> Figure:
    """Seconds until the page of 30 checkpoints answers, copies of those in the folder; the peer is the folder as it is.

    `mb`: resident memory of the page then; `mb_asked`: when each of its models has been asked once.
    """
    files = sorted(setting.checkpoints.glob("*.safetensors"))
    if not files:
        raise Skip(f"no checkpoints in {setting.checkpoints}")
    with tempfile.TemporaryDirectory(prefix="genai-bench-") as folder:
        many = fill(Path(folder) / "checkpoints", files)
        turns = [(start(many), start(setting.checkpoints)) for _ in range(setting.starts)][1:]
        with served(many) as page:
            ask_each(page.url, many)
            asked = resident_bytes(page.pid)
    (seconds, memory), (today, memory_today) = (zip(*each) for each in zip(*turns))
    more = {"mb": memory[-1] / 1e6, "mb_today": memory_today[-1] / 1e6, "mb_asked": asked / 1e6}
    return of_times(list(seconds), "s", f"the {len(files)} of the folder", list(today), **more)


def fill(folder: Path, files: list[Path]) -> Path:
    """SHELF copies of checkpoints in a new folder: the files themselves, then the same under other names."""
    folder.mkdir()
    for i, path in zip(range(SHELF), itertools.cycle(files)):
        shutil.copy(path, folder / (path.name if i < len(files) else f"{path.stem}-{i // len(files)}{path.suffix}"))
    return folder


def start(checkpoints: Path) -> tuple[float, int]:
    """Of a page of these checkpoints: seconds until it answered, and its resident bytes then."""
    with served(checkpoints) as page:
        return page.seconds, resident_bytes(page.pid)


def ask_each(url: str, checkpoints: Path) -> None:
    """One small request to every checkpoint that can be asked, through the page's API."""
    from gradio_client import Client

    from genai.checkpoint import read_meta
    from genai.generation.engine import ACTIONS

    client = Client(url, verbose=False, analytics_enabled=False)
    for path in sorted(checkpoints.glob("*.safetensors")):
        family = read_meta(path).family
        for action in list(ACTIONS.get(family, {}).values())[:1]:
            short = {"max_new_tokens": 8} if action.kind == "text" else {}
            client.predict(model=path.stem, api_name=f"/{family}_{action.name}", **short)


@bench
def memory_growth(setting: Setting) -> Figure:
    """Resident memory after 2,000 engine requests against that after 100, in a fresh process; percent."""
    early, late = (4, 8) if setting.quick else REQUESTS
    program = "import sys; from genai.bench.load import memory_after as m; m(sys.argv[1], *map(int, sys.argv[2:]))"
    done = subprocess.run([sys.executable, "-c", program, str(setting.checkpoints), str(early), str(late)], cwd=ROOT,
                          capture_output=True, text=True)  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-500:])
    measured = json.loads(done.stdout.splitlines()[-1])
    if not measured:
        raise Skip(f"no checkpoints in {setting.checkpoints}")
    first, last = measured
    if not first:
        raise Skip("this system does not tell a process its resident memory (no /proc)")
    more = {f"mb_after_{early}": first / 1e6, f"mb_after_{late}": last / 1e6}
    return Figure(100 * (last / first - 1), "%", n=late, more=more)


def memory_after(checkpoints: str, *counts: int) -> None:
    """Print this process's resident bytes after each of so many requests (ascending), as a JSON list; [] without models."""
    from genai.generation.engine import Engine

    engine, models = Engine(checkpoints), []
    for family in ASKED:
        with contextlib.suppress(UserError):
            models.append(engine.get(engine.first(family).name))
    measured = []
    for i in range(1, max(counts) + 1 if models else 0):
        request(engine, models, i)
        if i in counts:
            measured.append(resident_bytes())
    print(json.dumps(measured))


def request(engine, models: list, i: int) -> None:
    """The i-th of a mixed run of requests: the models in turn, every tenth round of the GAN a whole grid."""
    turn, loaded = i // len(models), models[i % len(models)]
    if loaded.family == "gpt":
        controls = {"seed": i, "max_new_tokens": 8, "prompt": loaded.tokenizer.printable[0]}
        engine.generate(loaded.name, "write", controls)
    else:
        grid = loaded.family == "gan" and turn % 10 == 0
        engine.generate(loaded.name, "sample", {"seed": i, "count": 64 if grid else 1})


def resident_bytes(pid: int | str = "self") -> int:
    """Of a process, this one if none is named; 0 where the system does not say."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
