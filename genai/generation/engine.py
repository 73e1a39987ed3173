"""The engine: checkpoints in, results out. Knows no Gradio; takes and gives plain Python values and arrays.

    engine = Engine("checkpoints")
    result = engine.generate("gan-digits", "sample", {"seed": 7, "label": "3"})
    result.pixels, result.receipt

A result depends on the checkpoint and on the request, nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from genai import __version__
from genai.data import DATASETS, About, picture
from genai.device import pick_device
from genai.errors import UserError
from genai.generation import images, receipt
from genai.generation.actions import ACTIONS, Action, actions_of
from genai.generation.controls import Control, Picture, Vector, check_all
from genai.generation.shelf import LIMIT, SUFFIX, Entry, Loaded, Shelf

__all__ = ["ACTIONS", "Engine", "Entry", "Loaded", "Result", "actions_of"]

LARGEST_SIDE = 2048  # pixels up to which a picture's file is enlarged: beyond, writing it takes seconds
MOST_PICTURES = 9  # training pictures that are shown at once
AT_ONCE = 2  # requests that compute at the same time: so many pictures, and so many texts beside them
SUFFIXES = {"image": ".png", "rounds": ".png", "loop": ".gif", "text": ".txt", "data": ".json"}
MEDIA_TYPES = {
    ".png": "image/png",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".txt": "text/plain",
    ".json": "application/json",
}
ROUNDS_SECONDS = 0.1  # a picture under way is shown again after so long
WAIT_SECONDS = 20.0  # ... the others wait so long, then are told that it is busy


@dataclass
class Result:
    """What came out: pixels uint8 [H, W, C], a loop's frames uint8 [N, H, W, C], text with its prompt, or data.

    detail: what else an action tells of its result, e.g. the tokens of pictures.
    """

    action: Action
    family: str
    about: About
    receipt: dict
    milliseconds: float
    pixels: np.ndarray | None = None
    frames: np.ndarray | None = None
    text: str = ""
    tokens: int = 0
    data: Any = None
    detail: dict = field(default_factory=dict)

    @property
    def suffix(self) -> str:
        """Of its file."""
        chosen = self.receipt["controls"].get("format") if self.action.kind == "loop" else None
        return f".{chosen}" if chosen else SUFFIXES[self.action.kind]

    @property
    def media_type(self) -> str:
        """Of its file."""
        return MEDIA_TYPES[self.suffix]

    @property
    def file_name(self) -> str:
        controls = self.receipt["controls"]
        seed = f"-{controls['seed']}" if "seed" in controls else ""
        return f"{self.receipt['model']}-{self.receipt['action']}{seed}{self.suffix}"

    def file_bytes(self) -> bytes:
        """The result as a file that carries its receipt."""
        smooth, array = self.about.pixels == "smooth", self.frames if self.pixels is None else self.pixels
        scale = 1 if array is None else max(1, min(self.about.scale, LARGEST_SIDE // max(array.shape[-3:-1])))
        if self.suffix == ".png":
            return receipt.png_bytes(self.pixels, self.receipt, scale, smooth)
        if self.suffix == ".gif":
            return receipt.gif_bytes(self.frames, self.receipt, scale, smooth)
        if self.suffix == ".webp":
            return receipt.webp_bytes(self.frames, self.receipt, scale, smooth)
        if self.suffix == ".json":
            return receipt.json_bytes(self.data, self.receipt)
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
        """The first one: where a checkpoint that is missing belongs."""
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

    def first(self, family: str, *preferred: str) -> Loaded:
        """The checkpoint of `family` to show: the first of those `preferred` that is one, else the first by name; of either one
        that can be loaded."""
        names = [entry.name for entry in self.shelf.of(family)]
        problem = None
        for name in [
            *(name for name in preferred if name in names),
            *(name for name in names if name not in preferred),
        ]:
            try:
                return self.shelf.load(name)
            except UserError as error:
                problem = problem or error
        broken = [entry.problem for entry in map(self.shelf.find, preferred) if entry is not None and entry.problem]
        if problem is None and broken:
            problem = broken[0].with_traceback(None)
        wanted = preferred[-1] if preferred else family
        raise problem or UserError("checkpoint_missing", name=str(self.folder / f"{wanted}{SUFFIX}"))

    def action(self, model: Entry | Loaded, name: Any) -> Action:
        known = actions_of(model)
        if not isinstance(name, str) or name not in known:
            raise UserError("unknown_action", value=name, model=model.name, choices=sorted(known))
        return known[name]

    def controls(self, model: Any, action: Any) -> list[Control]:
        """What an action of a model takes."""
        entry = self.entry(model)
        return self.action(entry, action).controls(entry)

    def check(self, model: str, action: str, controls: Any) -> dict[str, Any]:
        """Every control of the request, checked and completed. Raises UserError naming the bad value."""
        return check_all(self.controls(model, action), controls)

    def learned_from(self, model: Any, places: Any) -> list[np.ndarray]:
        """Those training pictures of a model, uint8 [H, W, C], as far as the data are on this machine: they are no result, and
        nobody needs them. places: numbers of at most MOST_PICTURES of them."""
        entry = self.entry(model)
        asked = Vector("places", MOST_PICTURES, 0, 2**31, integer=True, optional=True).check(places)
        found = (
            [picture(entry.meta.dataset, "train", place) for place in asked] if entry.meta.dataset in DATASETS else []
        )
        return [one.permute(1, 2, 0).numpy() for one in found if one is not None]

    # -- making results --------------------------------------------------------------------------------------

    def generate(self, model: str, action: str, controls: dict[str, Any]) -> Result:
        """One whole result."""
        return self._whole(*self._asked(model, action, controls))

    def stream(self, model: str, action: str, controls: dict[str, Any]) -> Iterator[Result]:
        """The result as it grows: text after every token, a picture of several rounds after each, others once. The last
        one carries its digest.

        Closing the iterator early frees its slot: that is how a visitor stops.
        """
        return self._grow(*self._asked(model, action, controls), show=True)

    def _whole(self, loaded: Loaded, spec: Action, controls: dict[str, Any]) -> Result:
        *_, result = self._grow(loaded, spec, controls, show=False)
        return result

    def _grow(self, loaded: Loaded, spec: Action, controls: dict[str, Any], show: bool) -> Iterator[Result]:
        with self._slot(spec):
            start = time.perf_counter()
            result = Result(spec, loaded.family, loaded.about, self._receipt(loaded, spec, controls), 0.0)
            for _ in GROW[spec.kind](result, loaded, controls, show):
                result.milliseconds = 1000 * (time.perf_counter() - start)
                yield result
            result.milliseconds = 1000 * (time.perf_counter() - start)
        result.receipt["result"] = digest(result)
        yield result

    def advance(
        self, model: str, action: str, controls: dict[str, Any], state: Any = None
    ) -> tuple[Result, dict | None]:
        """Some rounds of a result that takes several: as it is now, and the state to go on from (None: done).

        The first call does one round, so that something is there at once; each later one as many as fit into
        ROUNDS_SECONDS, because a call through the browser costs more than a round of one picture. What takes one round is
        simply generated. The last round's result is that of `generate`, with its digest.
        Raises UserError for a forged state.
        """
        loaded, spec, checked = self._asked(model, action, controls)
        if spec.kind != "rounds":
            return self._whole(loaded, spec, checked), None
        with self._slot(spec):
            start, first = time.perf_counter(), state is None
            while True:
                show = first or time.perf_counter() - start >= ROUNDS_SECONDS
                made = spec.run(loaded, checked, state, show)
                state = made.state
                if show or state is None:
                    break
        result = Result(
            spec, loaded.family, loaded.about, self._receipt(loaded, spec, checked),
            1000 * (time.perf_counter() - start), pixels=made.pixels, detail=made.detail,
        )  # fmt: skip
        if state is None:
            result.receipt["result"] = digest(result)
        return result, state

    def _asked(self, model: Any, action: Any, controls: Any) -> tuple[Loaded, Action, dict[str, Any]]:
        """Checked before the weights are read, so a bad request costs nothing; again where the file was replaced meanwhile."""
        entry = self.entry(model)
        spec = self.action(entry, action)
        checked = check_all(spec.controls(entry), controls)
        loaded = self.shelf.load(entry.name)
        if loaded.entry is not entry:
            spec = self.action(loaded, action)
            checked = check_all(spec.controls(loaded), controls)
        return loaded, spec, checked

    @contextlib.contextmanager
    def _slot(self, spec: Action) -> Iterator[None]:
        """A place among the requests that compute at once; waiting is bounded. Raises UserError("busy")."""
        if spec.light:
            yield
            return
        slots = self._text_slots if spec.kind == "text" else self._slots
        if not slots.acquire(timeout=WAIT_SECONDS):
            raise UserError("busy")
        try:
            yield
        finally:
            slots.release()

    def _receipt(self, loaded: Loaded, action: Action, controls: dict) -> dict:
        return {
            "model": loaded.name, "action": action.name, "controls": controls,
            "sha256": loaded.sha256, "weights": loaded.weights_sha256[:16],
            "version": __version__, "torch": torch.__version__,
            "device": self.device.type, "dtype": "float32",
        }  # fmt: skip

    # -- making them again -----------------------------------------------------------------------------------

    def controls_from_words(
        self, model: str, action: str, words: dict[str, str], files: bool = False
    ) -> dict[str, Any]:
        """Control values from the words of a link or a command line, checked.

        files: whether a picture may be named by its file: on this machine's own command line, never in a link.
        """
        controls = self.controls(model, action)
        known = {c.name: c for c in controls}
        given = {k: known[k].parse(v) if k in known else v for k, v in words.items()}
        for c in controls:
            if files and isinstance(c, Picture) and c.name in given and not given[c.name].startswith("data:"):
                given[c.name] = Path(given[c.name])
        return check_all(controls, given)

    def again(self, old: dict, shown: Any = None) -> tuple[Result, str]:
        """Make a receipt's result again, and compare: ("identical" | "within_tolerance" | "different" |
        "other_checkpoint" | "unverified").

        What counts is the result: a checkpoint whose figures were written later, or whose other half was trained on, makes
        it as before.

        Args:
            old: from `receipt.parse` or `receipt.from_query`.
            shown: what the file with the receipt shows, if there is a file: pixels, text or data.
        Raises UserError: the checkpoint is not here; what it is asked for cannot be.
        """
        name, controls = old["model"], old["controls"]
        if self.shelf.find(name) is None:
            raise UserError("receipt_without_model", name=name, sha256=old.get("sha256", "")[:12])
        if all(isinstance(v, str) for v in controls.values()):  # from a link
            controls = self.controls_from_words(name, old["action"], controls)
        result = self.generate(name, old["action"], controls)
        verdict = self._verdict(result, old, shown)
        if verdict in ("identical", "within_tolerance") or not is_another(old, result.receipt):
            return result, verdict
        return result, "other_checkpoint"

    def _verdict(self, result: Result, old: dict, shown: Any) -> str:
        # What a file shows counts for more than its digest: it may have been changed without the other.
        if isinstance(shown, np.ndarray) and result.pixels is not None:
            return compare(shown, result.pixels, result.about.pixels == "smooth")
        same = None
        if isinstance(shown, str) and result.action.kind == "text":
            same = shown == result.text
        elif shown is not None and result.action.kind == "data":
            same = shown == result.data
        elif old.get("result"):
            same = old["result"] == result.receipt["result"]
        return "unverified" if same is None else "identical" if same else "different"


# How a result of each kind comes about: sets it, and stops where there is something to be seen.


def _grow_picture(result: Result, loaded: Loaded, controls: dict, show: bool) -> Iterator[None]:
    result.pixels = result.action.run(loaded, controls)
    yield from ()


def _grow_loop(result: Result, loaded: Loaded, controls: dict, show: bool) -> Iterator[None]:
    result.frames = result.action.run(loaded, controls)
    yield from ()


def _grow_data(result: Result, loaded: Loaded, controls: dict, show: bool) -> Iterator[None]:
    result.data = result.action.run(loaded, controls)
    yield from ()


def _grow_text(result: Result, loaded: Loaded, controls: dict, show: bool) -> Iterator[None]:
    pieces = result.action.run(loaded, controls)
    result.text = controls["prompt"].replace("\r\n", "\n")
    for piece in pieces:
        result.text += piece
        result.tokens += 1
        yield


def _grow_rounds(result: Result, loaded: Loaded, controls: dict, show: bool) -> Iterator[None]:
    state = None
    while True:
        made = result.action.run(loaded, controls, state, show)
        result.pixels, result.detail, state = made.pixels, made.detail, made.state
        if show:
            yield
        if state is None:
            return


GROW = {
    "image": _grow_picture, "loop": _grow_loop, "data": _grow_data, "text": _grow_text, "rounds": _grow_rounds,
}  # fmt: skip


def is_another(old: dict, new: dict) -> bool:
    """Whether two receipts name other weights. One from before weights had a digest of their own tells of its file alone."""
    key = "weights" if old.get("weights") else "sha256"
    return bool(old.get(key)) and old[key] != new[key]


def digest(result: Result) -> str:
    """First 16 digits of the SHA-256 of the pixels, frames, text or data."""
    if result.action.kind == "data":
        whole = json.dumps(result.data, sort_keys=True, allow_nan=False).encode()
    elif result.action.kind == "text":
        whole = result.text.encode()
    else:
        array = result.frames if result.pixels is None else result.pixels
        whole = str(array.shape).encode() + array.tobytes()
    return hashlib.sha256(whole).hexdigest()[:16]


def compare(shown: np.ndarray, pixels: np.ndarray, smooth: bool) -> str:
    """A file's pixels [H * scale, W * scale(, C)] against pixels [H, W, C], enlarged as they are now or as they were."""
    shown = shown[..., None] if shown.ndim == 2 else shown
    scale = max(1, shown.shape[0] // pixels.shape[0])
    verdicts = []
    for way in (smooth, not smooth):
        large = np.asarray(images.to_pil(pixels, scale, way)).reshape(-1, scale * pixels.shape[1], pixels.shape[2])
        if shown.shape != large.shape:
            return "different"
        worst = np.abs(shown.astype(int) - large.astype(int)).max()
        verdicts.append(0 if worst == 0 else 1 if worst <= 1 + way else 2)  # between two pixels, a level may count more
    return ("identical", "within_tolerance", "different")[min(verdicts)]
