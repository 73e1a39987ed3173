"""What this machine gives: `python -m genai.bench` measures the page, the models and the training steps.

    python -m genai.bench [--checkpoints DIR] [--only NAME ...] [--json]

One row a figure: its median, its p95 (95 % of the repetitions were at least as good), how many there were,
all after a warm-up. What a figure lacks (Chromium, a checkpoint) its row says; the others go on.

To add a figure, write a function that takes a Setting and returns a Figure, and put @bench above it.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import itertools
import json
import math
import os
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

from genai.errors import UserError
from genai.training import presets

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 300.0  # seconds: the longest wait for the page, on the slowest machine
STEPS = 60  # slider steps that count
WARM_STEPS = 5  # ... and those before them that do not
TOKENS = 256
TRAIN_SECONDS = 10.0  # for each preset
BLOCK = 8  # training steps timed together: a GAN pays for its penalties every few steps
ASKED = ("gan", "vae", "gpt")  # families whose requests the memory run mixes
REQUESTS = (100, 2_000)  # memory: after the first many, after the second many


class Skip(Exception):
    """This figure cannot be had on this machine; the message says why."""


@dataclass
class Figure:
    """A measured value. p95: 95 % of the n repetitions were at least as good. more: further facts."""

    value: float
    unit: str
    p95: float | None = None
    n: int = 1
    more: dict = field(default_factory=dict)


@dataclass
class Setting:
    """What the benches share: the checkpoints, and what is measured once for two rows."""

    checkpoints: Path

    @cached_property
    def engine(self):
        from genai.generation.engine import Engine

        return Engine(self.checkpoints)

    @cached_property
    def writing(self) -> tuple[Figure, Figure]:
        loaded = self.engine.first("gpt", "gpt-shakespeare")
        return writing_rates(loaded.model, loaded.device)


Bench = Callable[[Setting], Figure]
BENCHES: dict[str, Bench] = {}


def bench(run: Bench) -> Bench:
    """Register the decorated function as a bench, under its own name."""
    BENCHES[run.__name__] = run
    return run


# -- numbers -------------------------------------------------------------------------------------------------


def percentile(values: list[float], share: float) -> float:
    """Linear between the two nearest values, as NumPy does."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low, high = math.floor(place), math.ceil(place)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def of_times(values: list[float], unit: str, **more) -> Figure:
    """Median and p95 of durations: less is better."""
    return Figure(statistics.median(values), unit, percentile(values, 0.95), len(values), more)


def of_rates(values: list[float], unit: str, **more) -> Figure:
    """Median of rates, and the rate that 95 % of them reach: more is better."""
    return Figure(statistics.median(values), unit, percentile(values, 0.05), len(values), more)


def milliseconds(run: Callable[[int], object], repeats: int, warm: int = 5) -> list[float]:
    """Durations of run(0), run(1), ...; the first `warm` do not count."""
    times = []
    for i in range(warm + repeats):
        start = time.perf_counter()
        run(i)
        times.append(1000 * (time.perf_counter() - start))
    return times[warm:]


# -- the page ------------------------------------------------------------------------------------------------


@bench
def cold_start(setting: Setting, repeats: int = 3) -> Figure:
    """Seconds from `python app.py` until the page and its /config are answered, beside the bare imports.

    Each time a fresh process; the files have been read before (one start of each does not count).
    """
    pages, imports = [], []
    for _ in range(1 + repeats):
        imports.append(import_seconds())
        with served(setting.checkpoints) as (_, seconds):
            pages.append(seconds)
    pages, imports = pages[1:], imports[1:]
    bare = statistics.median(imports)
    more = {"imports_torch_gradio": bare, "beyond_imports": statistics.median(pages) - bare}
    return of_times(pages, "s", **more)


def import_seconds() -> float:
    """From the start of a fresh process until torch and gradio are imported."""
    start = time.perf_counter()
    program = "import torch, gradio; print('ready', flush=True)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        seconds = time.perf_counter() - start
    if line.strip() != "ready":
        raise RuntimeError("torch and gradio cannot be imported")
    return seconds


@contextlib.contextmanager
def served(checkpoints: Path) -> Iterator[tuple[str, float]]:
    """`python app.py` in a process of its own: yields its address and the seconds until it answered."""
    with contextlib.ExitStack() as stack:
        folder = checkpoints.parent
        if checkpoints.name != "checkpoints":  # app.py reads the folder of this name where it is started
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="genai-bench-")))
            (folder / "checkpoints").symlink_to(checkpoints, target_is_directory=True)
        output = stack.enter_context(tempfile.TemporaryFile("w+"))
        port = free_port()
        environment = os.environ | {"GRADIO_SERVER_PORT": str(port), "GRADIO_SERVER_NAME": "127.0.0.1"}
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "app.py")], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        stack.callback(end, process)
        while not all(answers(port, path) for path in ("/", "/config")):
            if process.poll() is not None or time.perf_counter() - start > PATIENCE:
                output.seek(0)
                raise RuntimeError(f"the page did not start: {output.read().strip()[-500:]}")
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}", time.perf_counter() - start


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


# A step: set the slider as a drag does, wait for the picture whose request holds the value and its decode.
DRAG_JS = """
async ([stage, slider, picture, control, values]) => {
  const input = document.querySelector(slider), image = document.querySelector(picture);
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
  const holds = (value) => [genai.stages[stage].last.request.controls[control]].flat().includes(value);
  const times = [];
  let same = 0;
  for (const value of values) {
    const before = image.src;
    let watch, timer;
    const arrived = new Promise((resolve, reject) => {
      watch = new MutationObserver(() => holds(value) && resolve());
      watch.observe(image, { attributes: true, attributeFilter: ["src"] });
      timer = setTimeout(() => reject(new Error(`no picture for ${value} after 60 s`)), 60000);
    });
    const start = performance.now();
    set.call(input, value);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    await arrived;
    await image.decode();
    times.push(performance.now() - start);
    watch.disconnect();
    clearTimeout(timer);
    same += image.src === before;
  }
  return { times, same };
}
"""


@bench
def slider_gan(setting: Setting) -> Figure:
    """Between two seeds: from the position slider's input event to the new picture's decode, in a browser."""
    setting.engine.first("gan", "gan-digits")
    values = sweep(0.0, 1.0, 0.02, WARM_STEPS + STEPS)
    tabs = ["Noise", "Between two seeds"]
    return drag(setting, tabs, "gan-between", "#gan-position", ".one-picture", "position", values)


@bench
def slider_gan_grid(setting: Setting) -> Figure:
    """The grid of 64 tiles, from the truncation slider's input event to the new picture's decode."""
    setting.engine.first("gan", "gan-digits")
    values = sweep(0.1, 1.5, 0.05, WARM_STEPS + STEPS)
    return drag(setting, ["Noise"], "gan-grid", "#gan-truncation", ".grid-picture", "truncation_psi", values)


@bench
def slider_vae(setting: Setting) -> Figure:
    """The most active latent's slider, from its input event to the new picture's decode."""
    setting.engine.first("vae", "vae-digits")
    values = sweep(-3.0, 3.0, 0.1, WARM_STEPS + STEPS)
    return drag(setting, ["Latent"], "vae", "#vae-z1", ".one-picture", "z", values)


# A picture: from the request to the first rough one on the screen, and to the last.
PICTURES_JS = """
async ([prompt, count, seeds]) => {
  const self = genai.stages.paint, painted = () => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)));
  while (self.busy) await painted();
  const first = [], whole = [];
  for (const seed of seeds) {
    const controls = { ...self.last.request.controls, prompt, count, seed };
    const frames = self.frames;
    const start = performance.now();
    self.draw({ ...self.last.request, controls });
    while (self.frames === frames) await painted();
    first.push(performance.now() - start);
    while (self.element.dataset.round !== "done") await painted();
    whole.push(performance.now() - start);
    while (self.busy) await painted();
  }
  return { first, whole };
}
"""


def pictures(setting: Setting, count: int, repeats: int = 12, warm: int = 2) -> Figure:
    """From asking for `count` pictures of a prompt to the last of them on the screen; `first_ms`: to a rough one."""
    setting.engine.first("text2image", "text2image-scenes")
    with browser() as chromium, served(setting.checkpoints) as (url, _):
        page = chromium.new_page(viewport={"width": 1280, "height": 1000}, locale="en-US")
        page.set_default_timeout(1000 * PATIENCE)
        page.goto(f"{url}/?lang=en")
        for tab in ("Prompt", "Pictures"):
            page.get_by_role("tab", name=tab, exact=True).click()
        page.wait_for_function("window.genai?.stages?.paint?.element.dataset.round === 'done'")
        seeds = [10 * i for i in range(warm + repeats)]
        done = page.evaluate(PICTURES_JS, ["a red car on the grass", count, seeds])
        first = done["first"][warm:]
        return of_times(
            done["whole"][warm:], "ms", first_ms=statistics.median(first), first_p95=percentile(first, 0.95)
        )


@bench
def picture(setting: Setting) -> Figure:
    """Words to one picture in a browser, from the click to its last round on the screen."""
    return pictures(setting, 1)


@bench
def nine_pictures(setting: Setting) -> Figure:
    """The same for nine at once."""
    return pictures(setting, 9)


def sweep(low: float, high: float, step: float, count: int) -> list[float]:
    """There and back again, as often as it takes: `count` values, each another than the one before."""
    there = [round(low + i * step, 6) for i in range(round((high - low) / step) + 1)]
    return list(itertools.islice(itertools.cycle(there + there[-2:0:-1]), count))


def drag(
    setting: Setting,
    tabs: list[str],
    stage: str,
    slider: str,
    picture: str,
    control: str,
    values: list[float],
) -> Figure:
    """Milliseconds a step, one at a time: the next one starts when the picture of the last has been decoded.

    Args:
        tabs: to open, one after the other.  stage: its name in the page.  slider, picture: selectors.
        control: what the slider sets in the stage's request.  values: of the slider, warm-up included.
    """
    with browser() as chromium, served(setting.checkpoints) as (url, _):
        page = chromium.new_page(viewport={"width": 1280, "height": 1000}, locale="en-US")
        page.set_default_timeout(1000 * PATIENCE)
        page.goto(f"{url}/?lang=en")
        page.wait_for_function("window.genai?.stages?.['gan-grid']?.last || window.genai?.stages?.vae?.last")
        for tab in tabs:
            page.get_by_role("tab", name=tab, exact=True).click()
        page.locator(f"{slider} input[type=range]").wait_for()
        page.wait_for_function("stage => window.genai.stages[stage]?.last", arg=stage)
        target = f"#stage-{stage} {picture}"
        done = page.evaluate(DRAG_JS, [stage, f"{slider} input[type=range]", target, control, values])
        side = page.locator(target).evaluate("image => image.naturalWidth")
        more = {"chromium": chromium.version, "picture": f"{side} pixels wide"}
        if done["same"]:
            more["pictures_unchanged"] = done["same"]
        return of_times(done["times"][WARM_STEPS:], "ms", **more)


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
        chromium = playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield chromium
        finally:
            chromium.close()


# -- the models ----------------------------------------------------------------------------------------------


@bench
def tiles_64(setting: Setting, repeats: int = 40) -> Figure:
    """A grid of 64 tiles without the browser: noise, model, pixels, receipt, and the page's whole answer."""
    from genai.ui.stage import answer

    loaded = setting.engine.first("gan", "gan-digits")
    models = []

    def draw(i: int) -> None:
        result = setting.engine.generate(loaded.name, "sample", {"seed": 64 * i, "count": 64})
        models.append(result.milliseconds)
        answer(result)

    times = milliseconds(draw, repeats)
    config = loaded.model.config
    tile = f"{config.image_size}x{config.image_size}x{config.channels}"
    return of_times(times, "ms", model_ms=statistics.median(models[-repeats:]), tile=tile)


@bench
def image_tokenizer(setting: Setting, repeats: int = 100) -> Figure:
    """The image tokenizer alone: one 64x64 picture to its tokens and back."""
    import numpy as np
    import torch

    from genai.data import load_dataset

    loaded = setting.engine.first("text2image", "text2image-scenes")
    tokenizer = loaded.model.tokenizer
    images, _ = load_dataset("scenes", "train").make(0, np.arange(1))
    images = images.to(loaded.device)
    with torch.inference_mode():
        return of_times(milliseconds(lambda i: tokenizer.decode(tokenizer.encode(images)).cpu(), repeats), "ms")


@bench
def scenes_drawn(setting: Setting, repeats: int = 8) -> Figure:
    """Scenes a second as training reads them, by one process: drawn, described in words, tokenized."""
    import numpy as np

    from genai.data import load_dataset

    make = load_dataset("scenes", "train").make
    times = milliseconds(lambda i: make(0, np.arange(1000 * i, 1000 * i + 1000)), repeats, warm=2)
    return of_rates([1_000_000 / t for t in times], "scenes/s")


@bench
def vae_decode(setting: Setting, repeats: int = 200) -> Figure:
    """One latent to pixels, through the engine."""
    loaded = setting.engine.first("vae", "vae-digits")
    rest = [0.0] * (loaded.model.config.latents - 1)

    def decode(i: int) -> None:
        setting.engine.generate(loaded.name, "decode", {"z": [0.01 * i, *rest]})

    return of_times(milliseconds(decode, repeats, warm=20), "ms")


@bench
def gpt_cached(setting: Setting) -> Figure:
    """Tokens a second with the key-value cache: 256 tokens after a prompt of one."""
    return setting.writing[0]


@bench
def gpt_uncached(setting: Setting) -> Figure:
    """The same, recomputing the whole context for each token, as nanoGPT's generate does."""
    return setting.writing[1]


def writing_rates(model, device, tokens: int = TOKENS, repeats: int = 5) -> tuple[Figure, Figure]:
    """(with the cache, without it), in turns in the same run, so that a busy machine slows both."""
    import torch

    from genai.generation.sampling import sampler

    prompt = torch.zeros(1, 1, dtype=torch.int64, device=device)

    def rate(use_cache: bool, count: int) -> float:
        draw = sampler([1], temperature=0.8, top_p=0.95)
        start = time.perf_counter()
        for _ in model.sample(prompt, draw, count, use_cache=use_cache):
            pass
        return count / (time.perf_counter() - start)

    rate(True, tokens), rate(False, max(1, tokens // 8))
    pairs = [(rate(True, tokens), rate(False, tokens)) for _ in range(repeats)]
    with_cache, without = ([pair[i] for pair in pairs] for i in (0, 1))
    ratio = {"cached_to_uncached": statistics.median(a / b for a, b in pairs), "tokens": tokens}
    peer = "recomputes the context for each token, as nanoGPT does"
    return of_rates(with_cache, "tokens/s", **ratio), of_rates(without, "tokens/s", **ratio, peer=peer)


# -- training ------------------------------------------------------------------------------------------------


def train(setting: Setting, name: str) -> Figure:
    """Training steps a second of a preset in this machine's size, on made-up data of its shapes, or on scenes."""
    import torch

    return training_rate(presets.get_preset(name, "gpu" if torch.cuda.is_available() else "cpu"))


for _name in presets.names():
    BENCHES[f"train_{_name}"] = partial(train, name=_name)


def training_rate(preset: presets.Preset, seconds: float = TRAIN_SECONDS) -> Figure:
    """The loop's own step (batch, losses, updates, EMA), with the loop's defaults, for about `seconds`."""
    import torch

    from genai.models import FAMILIES
    from genai.training.config import RunConfig
    from genai.training.distributed import Group, own_device
    from genai.training.loop import Trainer
    from genai.training.prepare import prepare

    config, device = preset.train, own_device("auto")
    made_up = config.dataset not in ("scenes", "mnist-words")
    data = synthetic(FAMILIES[preset.family].Config(**preset.model)) if made_up else None
    group = Group(device)
    trainer = Trainer(
        prepare(preset.family, preset.model, config, RunConfig(), group, data), config, RunConfig(), group
    )
    steps = itertools.count()

    def block(count: int) -> float:
        """So many steps; their seconds, to the last result on the device."""
        start = time.perf_counter()
        for step in itertools.islice(steps, count):
            trainer.step(step % config.steps)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return time.perf_counter() - start

    block(BLOCK)
    # On a fast machine, longer blocks: waiting for the device after each one costs too.
    count = BLOCK * max(1, min(100, math.ceil(seconds / 40 / block(BLOCK))))
    rates, until = [], time.perf_counter() + seconds
    while not rates or time.perf_counter() < until:
        rates.append(count / block(count))
    precision = "fp32" if trainer.autocast is contextlib.nullcontext else "bf16"
    more = {"samples_per_s": statistics.median(rates) * config.batch_size, "batch_size": config.batch_size,
            "steps_a_repetition": count, "size": preset.size, "precision": precision}  # fmt: skip
    return of_rates(rates, "steps/s", **more)


def synthetic(config, samples: int = 4096):
    """Noise in the shapes that a model's config asks for: images with labels, or ids."""
    import torch

    from genai.data import Images, Text
    from genai.data.tokenizer import CharTokenizer

    if hasattr(config, "vocab_size"):
        vocabulary = config.vocab_size
        kind = torch.uint8 if vocabulary <= 256 else torch.int32
        ids = torch.randint(vocabulary, (max(1_000_000, 4 * config.block_size),)).to(kind)
        return Text(ids, CharTokenizer("".join(chr(256 + i) for i in range(vocabulary))))
    shape = (samples, config.channels, config.image_size, config.image_size)
    classes = max(1, getattr(config, "classes", 10))
    images = torch.randint(256, shape, dtype=torch.uint8)
    return Images(images, torch.randint(classes, (samples,)), [str(i) for i in range(classes)])


# -- memory --------------------------------------------------------------------------------------------------


@bench
def memory_growth(setting: Setting) -> Figure:
    """Resident memory after 2,000 engine requests against that after 100, in a fresh process; percent."""
    if not any(entry.family in ASKED for entry in setting.engine.shelf.entries()):
        raise Skip(f"no checkpoints in {setting.checkpoints}")
    program = "import sys; from genai.bench import memory_after as m; m(sys.argv[1], *map(int, sys.argv[2:]))"
    command = [sys.executable, "-c", program, str(setting.checkpoints), *map(str, REQUESTS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-500:])
    first, last = json.loads(done.stdout.splitlines()[-1])
    if not first:
        raise Skip("this system does not tell a process its resident memory (no /proc)")
    early, late = REQUESTS
    more = {f"mb_after_{early}": first / 1e6, f"mb_after_{late}": last / 1e6}
    return Figure(100 * (last / first - 1), "%", n=late, more=more)


def memory_after(checkpoints: str, *counts: int) -> None:
    """Print this process's resident bytes after each of so many requests (ascending), as a JSON list."""
    from genai.generation.engine import Engine

    engine, measured = Engine(checkpoints), []
    for i in range(1, max(counts) + 1):
        request(engine, i)
        if i in counts:
            measured.append(resident_bytes())
    print(json.dumps(measured))


def request(engine, i: int) -> None:
    """The i-th of a mixed run of requests: the models in turn, every tenth round of the GAN a whole grid."""
    models = [entry for family in sorted(ASKED) for entry in engine.shelf.of(family)]
    turn, loaded = i // len(models), models[i % len(models)]
    if loaded.family == "gpt":
        controls = {"seed": i, "max_new_tokens": 8, "prompt": loaded.tokenizer.printable[0]}
        engine.generate(loaded.name, "write", controls)
    else:
        grid = loaded.family == "gan" and turn % 10 == 0
        engine.generate(loaded.name, "sample", {"seed": i, "count": 64 if grid else 1})


def resident_bytes() -> int:
    """Of this process; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


# -- the machine and the rows --------------------------------------------------------------------------------


def machine() -> dict:
    """What the figures were measured on."""
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cuda = torch.cuda.is_available()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return {
        "cpu": cpu_model(), "cores": cores, "torch": torch.__version__, "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name() if cuda else "cpu", "python": platform.python_version(),
        "load": round(load, 2), "busy": load > 0.25 * cores,
    }  # fmt: skip


def cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def measure(name: str, setting: Setting) -> dict:
    """One bench as a record: {"bench", "value", "unit", "p95", "n", ...}; no value: "skipped" or "failed"."""
    nothing = {"bench": name, "value": None, "unit": "", "p95": None, "n": 0}
    try:
        figure = BENCHES[name](setting)
    except (Skip, UserError) as reason:
        return nothing | {"skipped": str(reason)}
    except Exception as error:  # one broken bench must not cost the others their rows
        return nothing | {"failed": f"{type(error).__name__}: {error}"}
    plain = {"bench": name, "value": figure.value, "unit": figure.unit, "p95": figure.p95, "n": figure.n}
    return {k: rounded(v) for k, v in (plain | figure.more).items()}


def rounded(value):
    return float(f"{value:.4g}") if isinstance(value, float) else value


def show(value) -> str:
    if not isinstance(value, float):
        return "-" if value is None else str(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def row(record: dict) -> str:
    """A record as a line of the table."""
    for state in ("skipped", "failed"):
        if state in record:
            return f"{record['bench']:<24} {state}: {record[state].splitlines()[0]}"
    facts = {k: v for k, v in record.items() if k not in ("bench", "value", "unit", "p95", "n")}
    listed = ", ".join(f"{k} {show(v)}" for k, v in facts.items())
    numbers = f"{show(record['value']):>9} {record['unit']:<9} {show(record['p95']):>9} {record['n']:>6}"
    return f"{record['bench']:<24} {numbers}   {listed}".rstrip()


def heading(about: dict) -> str:
    """The machine, a warning if it is busy, and the table's head."""
    lines = [
        f"{about['cpu']}, {about['cores']} cores; Python {about['python']}, torch {about['torch']}, "
        f"{about['threads']} threads; device {about['device']}; load average {about['load']:.2f}"
    ]
    if about["busy"]:
        lines.append("WARNING: this machine is busy with something else: these figures say little about it")
    lines += ["", f"{'bench':<24} {'median':>9} {'unit':<9} {'p95':>9} {'n':>6}"]
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    """Exit code: 0, 1 if a bench failed, 2 for a mistake that a person can mend, 130 for Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m genai.bench",
        description="What this machine gives: the page, the models, the training steps.",
        epilog=f"benches: {', '.join(BENCHES)}",
        allow_abbrev=False,
    )
    parser.add_argument("--checkpoints", metavar="DIR", help="folder of checkpoints (default: checkpoints)")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these benches alone")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse_args(argv)
    try:
        chosen = list(dict.fromkeys(options.only or BENCHES))
        for name in chosen:
            if name not in BENCHES:
                raise UserError("bad_choice", name="--only", value=name, choices=list(BENCHES))
        if options.checkpoints is not None and not Path(options.checkpoints).is_dir():
            raise UserError("file_missing", name=options.checkpoints)
        return run_all(chosen, Path(options.checkpoints or "checkpoints").resolve(), options.json)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def run_all(chosen: list[str], checkpoints: Path, as_json: bool) -> int:
    about = machine()
    first = {"bench": "machine", "value": None, "unit": "", "p95": None, **about}
    print(json.dumps(first) if as_json else heading(about), flush=True)
    if as_json and about["busy"]:
        print(f"warning: load average {about['load']}: this machine is busy", file=sys.stderr)
    setting, failed = Setting(checkpoints), False
    for name in chosen:
        record = measure(name, setting)
        failed |= "failed" in record
        print(json.dumps(record, ensure_ascii=False) if as_json else row(record), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # ends what was started, too
    sys.exit(main(sys.argv[1:]))
