"""The engine: checkpoints in, results out. Knows no Gradio; takes and gives plain Python values and arrays.

    engine = Engine("checkpoints")
    result = engine.generate("gan-digits", "sample", {"seed": 7, "label": "3"})
    result.pixels, result.receipt

A result depends on the checkpoint and on the request, nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch

from genai import __version__
from genai.device import pick_device
from genai.errors import UserError
from genai.generation import gan, gpt, judging, receipt, text2image, vae
from genai.generation.actions import ACTIONS, Action
from genai.generation.controls import check_all
from genai.generation.shelf import LIMIT, SUFFIX, Entry, Loaded, Shelf

__all__ = ["ACTIONS", "Engine", "Entry", "Loaded", "Result", "gan", "gpt", "text2image", "vae"]

AT_ONCE = 2  # requests that compute at the same time: so many pictures, and so many texts beside them
ROUNDS_SECONDS = 0.1  # a picture under way is shown again after so long
WAIT_SECONDS = 20.0  # ... the others wait so long, then are told that it is busy


@dataclass
class Result:
    """What came out: pixels uint8 [H, W, C], a loop's frames uint8 [N, H, W, C], or text with its prompt.

    detail: what else an action tells of its result, e.g. the tokens of pictures.
    """

    action: Action
    family: str
    receipt: dict
    milliseconds: float
    pixels: np.ndarray | None = None
    frames: np.ndarray | None = None
    text: str = ""
    tokens: int = 0
    detail: dict = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        suffix = {"image": ".png", "loop": ".gif", "text": ".txt"}[self.action.kind]
        controls = self.receipt["controls"]
        seed = f"-{controls['seed']}" if "seed" in controls else ""
        return f"{self.receipt['model']}-{self.receipt['action']}{seed}{suffix}"

    def file_bytes(self) -> bytes:
        """The result as a file that carries its receipt."""
        if self.action.kind == "image":
            return receipt.png_bytes(self.pixels, self.receipt, self.action.scale)
        if self.action.kind == "loop":
            return receipt.gif_bytes(self.frames, self.receipt, self.action.scale)
        return receipt.text_bytes(self.text, self.receipt)


class Engine:
    """What lies in the checkpoint folders, and everything that it can be asked. Any thread may ask."""

    def __init__(
        self, folders: str | Path | Iterable[str | Path] = "checkpoints", device: str = "auto", limit: float = LIMIT
    ):
        self.device = pick_device(device)
        self.shelf = Shelf(folders, self.device, limit)
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        self._text_slots = threading.BoundedSemaphore(AT_ONCE)  # no picture waits for the seconds of a text

    @property
    def folder(self) -> Path:
        return self.shelf.folders[0]

    # -- what there is ---------------------------------------------------------------------------------------

    def entry(self, name: Any) -> Entry:
        """The description of a model that can be asked for something. Raises UserError: the checkpoint's own problem, or that
        there is none of that name."""
        entry = self.shelf.get(name)
        if entry.family not in ACTIONS:  # one that judges others makes nothing itself
            raise self.shelf.unknown(name)
        return entry

    def get(self, name: Any) -> Loaded:
        """A model, ready to generate. Raises UserError as `entry` does."""
        return self.shelf.load(self.entry(name).name)

    def first(self, family: str, preferred: str = "") -> Loaded:
        """The checkpoint of `family` to show: `preferred` if it is one, else the first by name that can be loaded."""
        names = [entry.name for entry in self.shelf.of(family)]
        problem = None
        for name in sorted(names, key=lambda name: name != preferred):
            try:
                return self.shelf.load(name)
            except UserError as error:
                problem = problem or error
        entry = self.shelf.find(preferred)
        if problem is None and entry is not None and entry.problem is not None:
            problem = entry.problem.with_traceback(None)
        raise problem or UserError("checkpoint_missing", name=str(self.folder / f"{preferred or family}{SUFFIX}"))

    def action(self, model: Entry | Loaded, name: Any) -> Action:
        known = ACTIONS.get(model.family, {})
        if not isinstance(name, str) or name not in known:
            raise UserError("unknown_action", value=name, model=model.name, choices=sorted(known))
        return known[name]

    def check(self, model: str, action: str, controls: Any) -> dict[str, Any]:
        """Every control of the request, checked and completed. Raises UserError naming the bad value."""
        entry = self.entry(model)
        return check_all(self.action(entry, action).controls(entry), controls)

    # -- making results --------------------------------------------------------------------------------------

    def generate(self, model: str, action: str, controls: dict[str, Any]) -> Result:
        """One whole result."""
        *_, result = self.stream(model, action, controls)
        return result

    def stream(self, model: str, action: str, controls: dict[str, Any]) -> Iterator[Result]:
        """The result as it grows: text after every token, a picture of several rounds after each, others once. The last
        one carries its digest.

        Closing the iterator early frees its slot: that is how a visitor stops.
        """
        loaded = self.get(model)
        spec = self.action(loaded, action)
        checked = check_all(spec.controls(loaded), controls)
        with self._slot(self._text_slots if spec.kind == "text" else self._slots):
            start = time.perf_counter()
            made = spec.run(loaded, checked)
            result = Result(spec, loaded.family, self._receipt(loaded, action, checked), 0.0)
            if spec.kind == "text":
                result.text = checked["prompt"].replace("\r\n", "\n")
                for piece in made:
                    result.text += piece
                    result.tokens += 1
                    result.milliseconds = 1000 * (time.perf_counter() - start)
                    yield result
            elif spec.kind == "loop":
                result.frames = made
            elif isinstance(made, Iterator):
                for result.pixels, result.detail in made:
                    result.milliseconds = 1000 * (time.perf_counter() - start)
                    yield result
            else:
                result.pixels = made
            result.milliseconds = 1000 * (time.perf_counter() - start)
        result.receipt["result"] = digest(result)
        yield result

    @contextlib.contextmanager
    def _slot(self, slots: threading.BoundedSemaphore) -> Iterator[None]:
        """A place among the requests that compute at once; waiting is bounded. Raises UserError("busy")."""
        if not slots.acquire(timeout=WAIT_SECONDS):
            raise UserError("busy")
        try:
            yield
        finally:
            slots.release()

    def encode(self, model: str, source: str | Path | BinaryIO) -> list[float]:
        """The VAE latent of a picture file, as values for its sliders. Raises UserError if it is none."""
        loaded = self.get(model)
        if loaded.family != "vae":
            choices = [entry.name for entry in self.shelf.of("vae")]
            raise UserError("bad_choice", name="model", value=model, choices=choices)
        with self._slot(self._slots):  # decoding a large picture takes memory: not many at once
            return vae.encode(loaded, receipt.open_picture(source))

    # -- words to pictures -----------------------------------------------------------------------------------

    def advance(
        self, model: str, action: str, controls: dict[str, Any], state: Any = None
    ) -> tuple[Result, dict | None]:
        """Some rounds of a result that takes several: as it is now, and the state to go on from (None: done).

        The first call does one round, so that something is there at once; each later one as many as fit into
        ROUNDS_SECONDS, because a call through the browser costs more than a round of one picture. What takes one round is
        simply generated. The last round's result is that of `generate`, with its digest.
        Raises UserError for a forged state.
        """
        loaded = self.get(model)
        spec = self.action(loaded, action)
        if loaded.family != "text2image" or action not in text2image.BEGINNINGS:
            return self.generate(model, action, controls), None
        checked = check_all(spec.controls(loaded), controls)
        with self._slot(self._slots):
            start, first, show, last = time.perf_counter(), state is None, False, False
            while not (show or last):
                show = first or time.perf_counter() - start >= ROUNDS_SECONDS
                pixels, state, last = text2image.advance(loaded, action, checked, state, show)
        result = Result(spec, loaded.family, self._receipt(loaded, action, checked), 0.0, pixels=pixels)
        result.detail = text2image.detail(state)
        result.milliseconds = 1000 * (time.perf_counter() - start)
        if last:
            result.receipt["result"] = digest(result)
        return result, None if last else state

    def read(self, model: str, prompt: Any) -> list[dict[str, Any]]:
        """What becomes of each word of a prompt, see `text2image.read`. Raises UserError for what is no prompt."""
        loaded = self._painter(model)
        return text2image.read(loaded, self._control(loaded, "draw", "prompt").check(prompt))

    def inside(self, model: str, prompt: Any, tokens: Any, plan: Any = None) -> dict[str, Any]:
        """The model's certainty, alternatives and attention for a picture's tokens, see `text2image.inside`."""
        loaded = self._painter(model)
        prompt = self._control(loaded, "edit", "prompt").check(prompt)
        tokens = self._control(loaded, "edit", "tokens").check(tokens)
        plan = None if plan is None else text2image.check_plan(loaded, plan)
        with self._slot(self._slots):
            return text2image.inside(loaded, prompt, tokens, plan)

    def see(self, model: str, prompt: str, tokens: Any, plans: Any = None) -> list[dict[str, Any]]:
        """What the judge sees in pictures of `model`, and word by word whether the prompt is fulfilled.

        Args:
            tokens: one list for each picture, at most nine.  plans: theirs, to be described beside it.
        Returns: for each {"seen": attribute -> {"value", "p"}, "words": [{"text", "right": True | False | None}], "plan": see
        `text2image.plan_in_words`, or None}.
        """
        loaded = self._painter(model)
        judge = self._judge(loaded)
        words = loaded.tokenizer.read(self._control(loaded, "draw", "prompt").check(prompt))
        if not isinstance(tokens, list) or not 1 <= len(tokens) <= 9:
            raise UserError("bad_request")
        plans = [None] * len(tokens) if plans is None else plans
        if not isinstance(plans, list) or len(plans) != len(tokens):
            raise UserError("bad_request")
        described = [plan and text2image.plan_in_words(loaded, text2image.check_plan(loaded, plan)) for plan in plans]
        decode = self.action(loaded, "decode")
        rows = [check_all(decode.controls(loaded), {"tokens": row}) for row in tokens]
        with self._slot(self._slots):
            seen = judging.see(judge, np.stack([decode.run(loaded, row) for row in rows]))
        return [
            {
                "seen": one,
                "words": [
                    {"text": word.text, "right": verdict}
                    for word, verdict in zip(words, judging.check_words(words, one))
                ],
                "plan": plan,
            }
            for one, plan in zip(seen, described)
        ]

    def _painter(self, model: Any) -> Loaded:
        loaded = self.get(model)
        if loaded.family != "text2image":
            choices = [entry.name for entry in self.shelf.of("text2image")]
            raise UserError("bad_choice", name="model", value=model, choices=choices)
        return loaded

    def _control(self, loaded: Loaded, action: str, name: str):
        return next(c for c in self.action(loaded, action).controls(loaded) if c.name == name)

    def _judge(self, loaded: Loaded) -> Loaded:
        """The judge of a data set's pictures, judge-<data set>."""
        name = f"judge-{loaded.meta.dataset}"
        entry = self.shelf.find(name)
        if entry is None:
            raise UserError("checkpoint_missing", name=str(self.folder / f"{name}{SUFFIX}"))
        if entry.problem is None and entry.family != "judge":
            raise UserError("checkpoint_broken", name=entry.path.name, cause=f"{entry.family} is no judge")
        return self.shelf.load(name)

    def _receipt(self, loaded: Loaded, action: str, controls: dict) -> dict:
        return {
            "model": loaded.name, "action": action, "controls": controls, "sha256": loaded.sha256,
            "version": __version__, "torch": torch.__version__,
            "device": self.device.type, "dtype": "float32",
        }  # fmt: skip

    # -- making them again -----------------------------------------------------------------------------------

    def controls_from_words(self, model: str, action: str, words: dict[str, str]) -> dict[str, Any]:
        """Control values from the words of a link or a command line, checked."""
        entry = self.entry(model)
        controls = self.action(entry, action).controls(entry)
        known = {c.name: c for c in controls}
        return check_all(controls, {k: known[k].parse(v) if k in known else v for k, v in words.items()})

    def again(self, old: dict, shown: np.ndarray | str | None = None) -> tuple[Result, str]:
        """Make a receipt's result again, and compare: ("identical" | "within_tolerance" | "different" |
        "other_checkpoint" | "unverified").

        Args:
            old: from `receipt.parse` or `receipt.from_query`.
            shown: what the file with the receipt shows, if there is a file.
        """
        controls = old["controls"]
        if all(isinstance(v, str) for v in controls.values()):  # from a link
            controls = self.controls_from_words(old["model"], old["action"], controls)
        result = self.generate(old["model"], old["action"], controls)
        if old.get("sha256") and old["sha256"] != result.receipt["sha256"]:
            return result, "other_checkpoint"
        # What a file shows counts for more than its digest: it may have been changed without the other.
        if isinstance(shown, str) and result.text:
            return result, "identical" if shown == result.text else "different"
        if isinstance(shown, np.ndarray) and result.pixels is not None:
            return result, compare(shown, result.pixels, result.action.scale)
        if not old.get("result"):
            return result, "unverified"
        return result, "identical" if old["result"] == result.receipt["result"] else "different"


def digest(result: Result) -> str:
    """First 16 digits of the SHA-256 of the pixels, frames or text."""
    whole = result.text.encode() if result.action.kind == "text" else None
    for array in (result.pixels, result.frames):
        if array is not None:
            whole = str(array.shape).encode() + array.tobytes()
    return hashlib.sha256(whole).hexdigest()[:16]


def compare(shown: np.ndarray, pixels: np.ndarray, scale: int) -> str:
    """A file's pixels [H * scale, W * scale(, C)] against pixels [H, W, C]."""
    large = pixels.repeat(scale, 0).repeat(scale, 1)
    shown = shown[..., None] if shown.ndim == 2 else shown
    if shown.shape != large.shape:
        return "different"
    worst = np.abs(shown.astype(int) - large.astype(int)).max()
    return "identical" if worst == 0 else "within_tolerance" if worst <= 1 else "different"
