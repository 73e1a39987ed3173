"""The page in a real browser, and how soon it is there."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from genai.bench.figures import PATIENCE, ROOT, Figure, Setting, Skip, bench, of_times, percentile
from genai.bench.peers import import_seconds

HERE = Path(__file__).resolve().parent
ROUNDS, STEPS = 5, 12  # so many slider steps of ours, then as many of the peer's, so often
WARM_STEPS = 5  # ... and those before them that do not count


@bench
def cold_start(setting: Setting) -> Figure:
    """Seconds from `python app.py` until the page and its /config are answered; its peer is the bare imports.

    Each time a fresh process; the files have been read before (one start of each does not count).
    """
    turns = [(start_seconds(setting.checkpoints), import_seconds()) for _ in range(setting.starts)][1:]
    pages, imports = map(list, zip(*turns))
    beyond = statistics.median(page - bare for page, bare in turns)
    return of_times(pages, "s", "importing torch and gradio", imports, beyond_imports=beyond)


def start_seconds(checkpoints: Path) -> float:
    with served(checkpoints) as page:
        return page.seconds


BETWEEN = ("interpolate", "gan-between", "#gan-position", "position", 0, 1, 0.02)
STEER = ("steer", "gan-steer", "#gan-steer-1", "amounts", -1, 1, 0.04)
GRID = ("sample", "gan-grid", "#gan-truncation", "truncation_psi", 0.1, 1.5, 0.05)
DIRECTION = ("decode", "vae", "#vae-d1", "", -3, 3, 0.1)
LATENT = ("decode", "vae", "#vae-z1", "z", -3, 3, 0.1)


@bench
def slider_gan(setting: Setting) -> Figure:
    """Cats between two seeds: from the position slider's input event to the new picture's decode, in a browser."""
    return drag(setting, "gan", "gan-cats", *BETWEEN)


@bench
def slider_gan_steer(setting: Setting) -> Figure:
    """A named direction, from its slider's input event to the new picture's decode."""
    return drag(setting, "gan", "gan-cats", *STEER)


@bench
def slider_gan_grid(setting: Setting) -> Figure:
    """The grid of 64 cats, from the truncation slider's input event to the new picture's decode."""
    return drag(setting, "gan", "gan-cats", *GRID)


@bench
def slider_vae(setting: Setting) -> Figure:
    """The first direction of the VAE of cats, from its slider's input event to the new picture's decode."""
    return drag(setting, "vae", "vae-cats", *DIRECTION)


@bench
def slider_gan_digits(setting: Setting) -> Figure:
    """Digits between two seeds, as `slider_gan`."""
    return drag(setting, "gan", "gan-digits", *BETWEEN)


@bench
def slider_vae_digits(setting: Setting) -> Figure:
    """The most active latent of the VAE of digits, as `slider_vae`."""
    return drag(setting, "vae", "vae-digits", *LATENT)


@dataclass
class Slider:
    """stage: its name in the page.  slider, picture: selectors.  control: what the slider sets in the stage's request; "": more
    than one value, so that any new picture is its.  low, high, step: of its values, which go there and back again."""

    stage: str
    slider: str
    picture: str
    control: str
    low: float
    high: float
    step: float

    @property
    def range(self) -> str:
        """The range input itself, or the one in it."""
        return f"{self.slider}:is(input), {self.slider} input[type=range]"

    def values(self) -> Iterator[float]:
        return itertools.cycle(sweep(self.low, self.high, self.step))


NOOP = Slider("noop", "#noop", ".one-picture", "position", 0, 1, 0.02)


def sweep(low: float, high: float, step: float) -> list[float]:
    """There and back again, each value another than the one before, the first one another than the last."""
    there = [round(low + i * step, 6) for i in range(round((high - low) / step) + 1)]
    return there + there[-2:0:-1]


def drag(
    setting: Setting, family: str, model: str, action: str, stage: str, slider: str, control: str, *sweep: float
) -> Figure:
    """Milliseconds a step of a slider of a model's, one at a time: the next one starts when the picture of the last was decoded.

    The page is opened by a link to the model's action. The peer is the same slider over a server function that does nothing, in
    another tab of the same browser, in turns.
    """
    loaded = setting.model(family, model)
    picture = ".grid-picture" if action == "sample" else ".one-picture"
    ours_is = Slider(stage, slider, picture, control, *sweep)
    with browser() as chromium, noop_page() as peer:
        ours = opened(chromium, setting.url, model=loaded.name, action=action)
        theirs = opened(chromium, peer)
        turns = [(ours, ours_is, ours_is.values(), []), (theirs, NOOP, NOOP.values(), [])]
        for page, each, values, _ in turns:
            page.bring_to_front()  # a page out of sight hardly runs
            page.wait_for_function("stage => window.genai?.stages?.[stage]?.last", arg=each.stage)
            page.locator(each.range).wait_for()
            steps(page, each, itertools.islice(values, WARM_STEPS))
        for _ in range(1 if setting.quick else ROUNDS):
            for page, each, values, times in turns:
                times += steps(page, each, itertools.islice(values, STEPS))
        side = ours.locator(f"#stage-{stage} {picture}").evaluate("image => image.naturalWidth")
        more = {"model": loaded.name, "chromium": chromium.version, "picture": f"{side} pixels wide"}
        return of_times(turns[0][3], "ms", "a no-op server function", turns[1][3], **more)


def steps(page, slider: Slider, values: Iterator[float]) -> list[float]:
    """Milliseconds of each step of a slider on an open page."""
    page.bring_to_front()
    target = f"#stage-{slider.stage} {slider.picture}"
    asked = [slider.stage, slider.range, target, slider.control, list(values)]
    return page.evaluate((HERE / "drag.js").read_text(encoding="utf-8"), asked)["times"]


@bench
def picture(setting: Setting) -> Figure:
    """Words to one picture in a browser, from the click to its last round on the screen."""
    return pictures(setting, 1)


@bench
def nine_pictures(setting: Setting) -> Figure:
    """The same for nine at once."""
    return pictures(setting, 9)


def pictures(setting: Setting, count: int, warm: int = 2) -> Figure:
    """From asking for `count` pictures of a prompt to the last of them on the screen; `first_ms`: to a rough one.

    Its peer is the same request to an engine without a page.
    """
    loaded, prompt = setting.model("text2image", "text2image-scenes"), "a red car on the grass"
    seeds = [10 * i for i in range(warm + setting.repeats(12))]
    with browser() as chromium:
        page = opened(chromium, setting.url)
        for tab in ("Prompt", "Pictures"):
            page.get_by_role("tab", name=tab, exact=True).click()
        page.wait_for_function("window.genai?.stages?.paint?.element.dataset.round === 'done'")
        script = (HERE / "pictures.js").read_text(encoding="utf-8")
        first, whole, alone = [], [], []
        for seed in seeds:
            done = page.evaluate(script, [prompt, count, [seed]])
            first += done["first"]
            whole += done["whole"]
            start = time.perf_counter()
            setting.engine.generate(loaded.name, "draw", {"prompt": prompt, "count": count, "seed": seed})
            alone.append(1000 * (time.perf_counter() - start))
    first, whole, alone = first[warm:], whole[warm:], alone[warm:]
    more = {"first_ms": statistics.median(first), "first_p95": percentile(first, 0.95)}
    return of_times(whole, "ms", "the engine alone", alone, **more)


# -- a browser, and pages to open ----------------------------------------------------------------------------


@contextlib.contextmanager
def browser():
    """The system's Chromium without a window. Raises Skip where it or Playwright is missing."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        raise Skip("no Chromium on this machine (Debian: apt install chromium)")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise Skip("Playwright is not installed (pip install -r requirements.txt)") from None
    with sync_playwright() as playwright:
        # --no-sandbox: Chromium refuses to start as root with it, as in most containers
        arguments = ["--no-sandbox", "--disable-background-networking", "--disable-gpu"]
        chromium = playwright.chromium.launch(executable_path=path, args=arguments, timeout=1000 * PATIENCE)
        try:
            yield chromium
        finally:
            chromium.close()


def opened(chromium, url: str, **query: str):
    """A page in English; query: what its address asks for."""
    page = chromium.new_page(viewport={"width": 1280, "height": 1000}, locale="en-US")
    page.set_default_timeout(1000 * PATIENCE)
    page.goto(f"{url.rstrip('/')}/?{urllib.parse.urlencode({'lang': 'en', **query})}")
    return page


@dataclass
class Served:
    """A page in a process of its own, and the seconds until it answered."""

    url: str
    seconds: float
    pid: int


def served(checkpoints: Path) -> contextlib.AbstractContextManager[Served]:
    """`python app.py` over a folder of checkpoints."""
    return serving("app.py", "--checkpoints", str(checkpoints))


@contextlib.contextmanager
def noop_page() -> Iterator[str]:
    """The address of a page that does nothing."""
    with serving("-m", "genai.bench.noop") as page:
        yield page.url


@contextlib.contextmanager
def serving(*words: str) -> Iterator[Served]:
    """`python *words` from when it answers; ended afterwards."""
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(tempfile.TemporaryFile("w+"))
        port = free_port()
        environment = os.environ | {"GRADIO_SERVER_PORT": str(port), "GRADIO_SERVER_NAME": "127.0.0.1"}
        start = time.perf_counter()
        process = subprocess.Popen([sys.executable, *words], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=subprocess.STDOUT)  # fmt: skip
        stack.callback(end, process)
        while not all(answers(port, path) for path in ("/", "/config")):
            if process.poll() is not None or time.perf_counter() - start > PATIENCE:
                output.seek(0)
                raise RuntimeError(f"the page did not start: {output.read().strip()[-500:]}")
            time.sleep(0.01)
        yield Served(f"http://127.0.0.1:{port}", time.perf_counter() - start, process.pid)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port: int, path: str) -> bool:
    """Does a GET of `path` answer 200, to its last byte?"""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        return response.status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def end(process: subprocess.Popen) -> None:
    """Ask a process of ours to go, then make it."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
