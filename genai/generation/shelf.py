"""What lies in the checkpoint folders: descriptions read at once, weights when first asked for, and let go when memory is short.

    shelf = Shelf(["checkpoints", "runs/photos"])
    shelf.of("gan")             every GAN's description
    shelf.load("photos")        its model, ready to generate

Files that come, change or go are noticed at the next look, so nothing has to be started again. `name@step` names a
snapshot of `name`.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import nn

from genai.checkpoint import Meta, config_of, file_sha256, open_checkpoint, read_meta
from genai.data import About, about
from genai.data.tokenizer import CharTokenizer
from genai.data.words import WordTokenizer
from genai.errors import UserError
from genai.generation.actions import ACTIONS, actions_of
from genai.generation.controls import check_all
from genai.models.layers import count_parameters

SUFFIX = ".safetensors"
LIMIT = 2e9  # bytes of weights that are held at once
ATTEMPTS = 10  # at a file that somebody is writing
FRESH_SECONDS = 1.0  # what is damaged so soon after it was written may be still on its way: it is looked at again
TOKENIZERS = {"char": CharTokenizer, "words": WordTokenizer}

Signature = tuple[int, int, int]


@dataclass(eq=False)
class Entry:
    """A checkpoint as its description tells, without its weights: enough for controls, choosers and cards.

    problem: why it cannot be used; then `family` and `meta` are there only as far as they could be read.
    snapshots: names of its earlier states, by step.
    """

    name: str
    path: Path
    signature: Signature  # of the version of the file that was read
    family: str = ""
    meta: Meta | None = None
    problem: UserError | None = None
    doubtful: bool = False
    snapshots: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        return self.signature[1]

    @property
    def step(self) -> int:
        """Of a snapshot, from its name; -1 for none."""
        base, at, step = self.name.rpartition("@")
        return int(step) if base and at and step.isdecimal() else -1

    @cached_property
    def sha256(self) -> str:
        return file_sha256(self.path)

    @cached_property
    def config(self) -> Any:
        """The family's Config."""
        return config_of(self.meta)

    @property
    def about(self) -> About:
        """What belongs to the data set that it learned from."""
        return about(self.meta.dataset)

    @cached_property
    def tokenizer(self) -> CharTokenizer | WordTokenizer:
        """What the checkpoint carries, if it fits the config. Raises ValueError if not."""
        config, state = self.config, self.meta.tokenizer
        tokenizer = TOKENIZERS[state["kind"]].from_state(state)
        ids = config.words if isinstance(tokenizer, WordTokenizer) else config.vocab_size
        if len(tokenizer) != ids:
            raise ValueError(f"{len(tokenizer)} words for {ids} ids")
        if isinstance(tokenizer, WordTokenizer) and tokenizer.length != config.caption_length:
            raise ValueError(f"captions of {tokenizer.length} words for {config.caption_length} places")
        return tokenizer


@dataclass(eq=False)
class Loaded:
    """A checkpoint ready to generate."""

    entry: Entry
    model: nn.Module
    weights_sha256: str
    device: torch.device
    shelf: Shelf

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def meta(self) -> Meta:
        return self.entry.meta

    @property
    def family(self) -> str:
        return self.entry.family

    @property
    def config(self) -> Any:
        return self.entry.config

    @property
    def about(self) -> About:
        return self.entry.about

    @property
    def tokenizer(self) -> CharTokenizer | WordTokenizer:
        return self.entry.tokenizer

    @property
    def sha256(self) -> str:
        return self.entry.sha256

    @property
    def bytes(self) -> int:
        """Of the file."""
        return self.entry.bytes

    def judge(self) -> Loaded:
        """The model that answers questions about pictures like those it learned from. Raises UserError where there is none."""
        name = self.about.judge
        if not name:
            raise UserError("no_judge", model=self.name, dataset=self.meta.dataset)
        entry = self.shelf.find(name)
        if entry is None:
            raise UserError("checkpoint_missing", name=str(self.shelf.folders[0] / f"{name}{SUFFIX}"))
        if entry.problem is None and entry.family != "judge":
            raise UserError("checkpoint_broken", name=entry.path.name, cause=f"{entry.family} is no judge")
        return self.shelf.load(name)

    @cached_property
    def parameters(self) -> int:
        return count_parameters(self.model)

    @cached_property
    def memory(self) -> int:
        """Bytes of its weights."""
        return sum(t.nbytes for t in self.model.state_dict().values())


class Shelf:
    """Every checkpoint of some folders; of two with one name, that of the folder named first. Any thread may ask.

    Args:
        limit: bytes of weights to hold; beyond it, what was asked for longest ago is let go. One model is always held.
    """

    def __init__(self, folders: str | Path | Iterable[str | Path], device: torch.device, limit: float = LIMIT):
        self.folders = [Path(f) for f in ([folders] if isinstance(folders, (str, Path)) else folders)]
        self.device, self.limit = device, limit
        self._entries: dict[str, Entry] = {}
        self._loaded: OrderedDict[str, Loaded] = OrderedDict()  # the last one was asked for last
        self._lock = threading.RLock()  # around both; weights are read outside it
        self._reading: dict[str, threading.Lock] = {}
        self._look()

    # -- descriptions ----------------------------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """All there are now, broken ones too, by name; snapshots stand with what they are of."""
        with self._lock:
            self._look()
            return [entry for entry in self._entries.values() if entry.step < 0]

    def of(self, family: str) -> list[Entry]:
        """The sound ones of a family, by name."""
        return [entry for entry in self.entries() if entry.family == family and entry.problem is None]

    def find(self, name: Any) -> Entry | None:
        """What a name (of a snapshot, too) means now; None for no checkpoint."""
        if not isinstance(name, str):
            return None
        with self._lock:
            entry = self._entries.get(name)
            if entry is None or entry.doubtful or signature(entry.path) != entry.signature:
                self._look()
                entry = self._entries.get(name)
            return entry

    def get(self, name: Any) -> Entry:
        """What a name means now. Raises UserError: its own problem, or that there is none of that name."""
        entry = self.find(name)
        if entry is None:
            raise self.unknown(name)
        if entry.problem is not None:
            raise entry.problem.with_traceback(None)  # raised again and again, it would grow one with each
        return entry

    def unknown(self, name: Any) -> UserError:
        """That no model has this name, and which there are."""
        choices = [entry.name for entry in self.entries() if entry.family in ACTIONS and entry.problem is None]
        if not choices:
            return UserError("checkpoint_missing", name=str(self.folders[0] / f"*{SUFFIX}"))
        return UserError("unknown_model", value=name, choices=choices)

    def _look(self) -> None:
        """Notice what came, changed or went: one listing of each folder, and a glance at each file's date and size."""
        with self._lock:
            paths: dict[str, Path] = {}
            for folder in self.folders:
                for path in folder.glob(f"*{SUFFIX}"):
                    if not path.name.startswith("."):
                        paths.setdefault(path.stem, path)
            entries = {}
            for name in sorted(paths):
                old = self._entries.get(name)
                same = old is not None and not old.doubtful and old.path == paths[name]
                entry = old if same and signature(old.path) == old.signature else read_entry(name, paths[name])
                if entry is None:
                    continue
                entries[name] = entry
                if entry is not old:
                    self._loaded.pop(name, None)
            for name in self._loaded.keys() - entries.keys():
                del self._loaded[name]
            self._entries = entries
            self._name_snapshots()

    def _name_snapshots(self) -> None:
        steps: dict[str, list[Entry]] = {}
        for entry in self._entries.values():
            if entry.step >= 0 and entry.problem is None:
                steps.setdefault(entry.name.rpartition("@")[0], []).append(entry)
        for name, entry in self._entries.items():
            entry.snapshots = tuple(s.name for s in sorted(steps.get(name, ()), key=lambda s: s.step))

    # -- weights ---------------------------------------------------------------------------------------------

    def load(self, name: Any) -> Loaded:
        """The model of that name, from memory or from its file as it is now. Raises UserError as `get` does, and for weights
        that are damaged."""
        entry = self.get(name)
        if (held := self._held(entry)) is not None:
            return held
        with self._lock:
            reading = self._reading.setdefault(entry.name, threading.Lock())
        with reading:  # two who ask for the same file read it once
            for attempt in range(ATTEMPTS):
                entry = self.get(name)
                if (held := self._held(entry)) is not None:
                    return held
                try:
                    return self._read(entry)
                except UserError as error:
                    if signature(entry.path) == entry.signature and not is_fresh(entry.signature):
                        entry.problem = error
                        raise
                    failure = error
                time.sleep(0.01 * attempt)  # somebody is writing the file
            raise failure

    def _held(self, entry: Entry) -> Loaded | None:
        with self._lock:
            held = self._loaded.get(entry.name)
            if held is None or held.entry.signature != entry.signature:
                return None
            self._loaded.move_to_end(entry.name)
            return held

    def _read(self, entry: Entry) -> Loaded:
        opened = open_checkpoint(entry.path, self.device)
        if self.device.type == "cpu":  # as its convolutions read filters: else each call turns them round
            opened.model.to(memory_format=torch.channels_last)
        with self._lock:
            if signature_of(opened.stat) != entry.signature:  # it was replaced since the last look
                entry = described(entry.name, entry.path, signature_of(opened.stat), opened.meta)
                if entry.problem is not None:
                    raise entry.problem
                self._entries[entry.name] = entry
                self._name_snapshots()
            entry.sha256 = opened.sha256
            loaded = Loaded(entry, opened.model, opened.weights_sha256, self.device, self)
            self._loaded[entry.name] = loaded
            self._loaded.move_to_end(entry.name)
            while len(self._loaded) > 1 and sum(one.memory for one in self._loaded.values()) > self.limit:
                self._loaded.popitem(last=False)
            return loaded


def signature_of(stat: os.stat_result) -> Signature:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def signature(path: Path) -> Signature | None:
    """What changes with every version of a file; None where there is none."""
    try:
        return signature_of(path.stat())
    except OSError:
        return None


def is_fresh(version: Signature) -> bool:
    return abs(time.time() - version[2] / 1e9) < FRESH_SECONDS


def read_entry(name: str, path: Path) -> Entry | None:
    """The description in a file, or what is wrong with it; None where it has just gone."""
    for _ in range(ATTEMPTS):
        version = signature(path)
        if version is None:
            return None
        try:
            entry = described(name, path, version, read_meta(path))
        except UserError as error:
            entry = Entry(name, path, version, problem=error, doubtful=is_fresh(version))
        if signature(path) == version:
            break
    return entry  # never at rest: another signature at the next look


def described(name: str, path: Path, version: Signature, meta: Meta) -> Entry:
    """An entry; its problem, if its actions' controls cannot be made of what it tells of itself."""
    entry = Entry(name, path, version, meta.family, meta)
    try:
        for action in actions_of(entry).values():
            check_all(action.controls(entry), {})
    except Exception as error:
        entry.problem = UserError("checkpoint_broken", name=path.name, cause=str(error) or type(error).__name__)
    return entry
