"""Weights on disk: the only place that reads or writes them.

A checkpoint is one safetensors file that rebuilds itself: EMA weights in half precision, and in its metadata the family,
config, preset, data set, step, tokenizer and measured figures. Nothing in it is executed or unpickled.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import pickle
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import nn
from torch.overrides import TorchFunctionMode

from genai.errors import UserError
from genai.models import FAMILIES, build_model
from genai.models.eight_bits import STEP, rounded, widened

FORMAT = "genai-1"
MAX_BYTES = 10_000_000  # the larger ones are refused by the hosts that serve the page
MAX_HEADER = 100_000_000  # bytes, as in the format
MAX_NUMBER = 2**16  # in a config that is read from a file: a forged one must not ask for terabytes
MAX_MEMORY = 2e9  # bytes of a model's weights and buffers, and of what it works on while it draws a full grid


@dataclass
class Meta:
    """What a checkpoint says about itself.

    step: how many steps made it, of all runs in its history.  metrics: name -> the JSON record that `python -m genai.metrics`
    printed.  history: a record of each run that made it, see `training.history`.
    slim: it holds only what sampling needs, in eight bits a weight: a snapshot of the way, to be looked at.
    """

    family: str
    config: dict
    preset: str = ""
    size: str = ""
    dataset: str = ""
    step: int = 0
    classes: list[str] = field(default_factory=list)
    tokenizer: dict | None = None
    training: dict = field(default_factory=dict)  # every hyperparameter of the run
    extra: dict = field(default_factory=dict)  # what a family's page needs, e.g. the order of its latents
    metrics: dict = field(default_factory=dict)
    history: list = field(default_factory=list)
    slim: bool = False


@dataclass(frozen=True)
class Checkpoint:
    """One version of a file, wholly read: the model in float32 and eval mode, its description, and what names it.

    sha256: of the file.  weights_sha256: of the tensors alone.  stat: of the file when it was read.
    """

    model: nn.Module
    meta: Meta
    sha256: str
    weights_sha256: str
    stat: os.stat_result


@contextlib.contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """A temporary path that becomes `path` only if the block succeeds: a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent, path.name)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise UserError("cannot_write", name=str(path), cause=error.strerror or str(error)) from error
    except (SafetensorError, RuntimeError) as error:  # how safetensors and torch.save report a full disk
        raise UserError("cannot_write", name=str(path), cause=_first_line(error)) from error
    finally:
        temporary.unlink(missing_ok=True)


def sweep(folder: Path, name: str = "") -> None:
    """Remove what processes that were killed have left half written: of the file `name`, or of any in the folder."""
    for temporary in folder.glob(".*.tmp"):
        pid = temporary.name.split(".")[-2]
        if temporary.name.startswith(f".{name}") and pid.isdigit() and not _alive(int(pid)):
            temporary.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    if os.name != "posix":  # elsewhere, to ask is to kill
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # somebody else's
        pass
    return True


def save_checkpoint(path: str | Path, model: nn.Module, meta: Meta) -> None:
    """Write `model` in half precision (or as `meta.slim` says) with its description, atomically.

    Raises UserError, and leaves an older file alone, where a weight is not finite in half precision.
    """
    path, state = Path(path), model.state_dict()
    if meta.slim:
        tensors = rounded({name: t for name, t in state.items() if _is_sampled(meta.family, name)})
    else:
        tensors = {
            name: t.detach().to("cpu", torch.float16 if t.is_floating_point() else t.dtype).contiguous()
            for name, t in state.items()
        }
    for name, t in tensors.items():
        if t.is_floating_point() and not torch.isfinite(t).all():
            value = t[~torch.isfinite(t)][0].item()
            raise UserError("not_finite", what="weight", phase=name, value=value, step=meta.step)
    save_tensors(path, tensors, meta)


def save_tensors(path: Path, tensors: dict[str, torch.Tensor], meta: Meta) -> None:
    header = {"format": FORMAT, "genai": json.dumps(dataclasses.asdict(meta), ensure_ascii=False)}
    with atomic(path) as temporary:
        temporary.write_bytes(_in_order(save(tensors, metadata=header)))


def _in_order(raw: bytes) -> bytes:
    """The same file with its metadata in alphabetical order: safetensors shuffles it, and equal models should be
    equal files, of one SHA-256."""
    end = 8 + int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at a multiple of 8 bytes
    return len(text).to_bytes(8, "little") + text + raw[end:]


def read_meta(path: str | Path) -> Meta:
    """The description alone. Raises UserError for a missing, foreign or broken file."""
    with _opened(Path(path), whole=False) as file:
        return _meta(file, Path(path))


def load_checkpoint(path: str | Path, device: str | torch.device = "cpu") -> tuple[nn.Module, Meta]:
    """The model, in float32 and eval mode on `device`, and its description, see `open_checkpoint`."""
    opened = open_checkpoint(path, device)
    return opened.model, opened.meta


def open_checkpoint(path: str | Path, device: str | torch.device = "cpu") -> Checkpoint:
    """Everything in the file, of one version of it, whoever writes it meanwhile.

    The file's tensors are compared with the config's before a model is built, so a forged config costs no more than the file.
    Raises UserError for a missing, truncated, foreign or inconsistent file, saying what to do.
    """
    path = Path(path)
    with _opened(path) as file:
        meta = _meta(file, path)
        try:
            with _Sketch(1000 + 100 * len(file.shapes)):
                sketch = build_model(meta.family, meta.config)
            expected = {k: tuple(v.shape) for k, v in sketch.state_dict().items()}
            _check_memory(sum(t.numel() for t in (*sketch.parameters(), *sketch.buffers())) + _working_numbers(meta))
        except Exception as error:  # any config a forger may think of
            raise UserError("checkpoint_broken", name=path.name, cause=_first_line(error)) from error
        found = file.shapes
        if meta.slim:
            expected = {k: v for k, v in expected.items() if _is_sampled(meta.family, k)}
            steps = {k + STEP: v[:1] for k, v in expected.items() if len(v) > 1}
            expected |= {k: v for k, v in steps.items() if k in found}
        if found != expected:
            wrong = sorted(k for k in found.keys() | expected.keys() if found.get(k) != expected.get(k))
            raise UserError("checkpoint_broken", name=path.name, cause=f"tensors do not fit the config: {wrong[:3]}")
        state = widened(load(file.header + file.weights))
    with _Unfilled():
        model = build_model(meta.family, meta.config)
    if meta.slim:
        for name, _ in list(model.named_children()):
            if not _is_sampled(meta.family, name):
                setattr(model, name, None)
    model.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()})
    for name, t in model.state_dict().items():
        if not torch.isfinite(t).all():
            raise UserError("checkpoint_broken", name=path.name, cause=f"{name} is not finite")
    model = model.eval().requires_grad_(False).to(device)
    whole = hashlib.sha256(file.header)
    whole.update(file.weights)
    return Checkpoint(model, meta, whole.hexdigest(), hashlib.sha256(file.weights).hexdigest(), file.stat)


def update_meta(path: str | Path, change: Callable[[Meta], None]) -> None:
    """Rewrite a checkpoint's description, its weights untouched: how measured figures get into it."""
    path = Path(path)
    with _opened(path) as file:
        meta = _meta(file, path)
        tensors = load(file.header + file.weights)
    change(meta)
    save_tensors(path, tensors, meta)


def file_sha256(path: str | Path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def weights_sha256(path: str | Path) -> str:
    """Of the tensors alone: figures that are written beside them later do not change it."""
    with Path(path).open("rb") as file:
        header = int.from_bytes(file.read(8), "little")
        file.seek(header, 1)
        return hashlib.sha256(file.read()).hexdigest()


def save_state(path: Path, state: dict) -> None:
    """Everything a run needs to go on, atomically."""
    with atomic(path) as temporary:
        torch.save(state, temporary)


def load_state(path: Path) -> dict:
    """What `save_state` wrote; only tensors and plain values are accepted."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:  # torch's own words advise to load it all the same
        raise UserError("state_broken", name=str(path), cause="train.py did not write it") from error
    except Exception as error:
        raise UserError("state_broken", name=str(path), cause="it is cut short or damaged") from error


def _is_sampled(family: str, name: str) -> bool:
    """Whether a child of a model, or a tensor in one, is among those that sampling needs."""
    sampled = FAMILIES[family].sampled
    return not sampled or name.partition(".")[0] in sampled


class _File:
    """A safetensors file: its header, and all bytes after it if `whole`, of one version of the file. It is read, not mapped into
    memory: whoever writes over a mapped file ends the process that reads it."""

    def __init__(self, file: BinaryIO, whole: bool):
        self.stat = os.fstat(file.fileno())
        start = file.read(8)
        length = int.from_bytes(start, "little")
        if len(start) < 8 or length > min(self.stat.st_size - 8, MAX_HEADER):
            raise ValueError("it ends within its header")
        self.header = start + file.read(length)
        described = json.loads(self.header[8:])
        self.metadata: dict[str, str] = described.pop("__metadata__", {})
        self.shapes: dict[str, tuple[int, ...]] = {name: tuple(one["shape"]) for name, one in described.items()}
        end = max((one["data_offsets"][1] for one in described.values()), default=0)
        if len(self.header) + end != self.stat.st_size:
            raise ValueError(f"it has {self.stat.st_size:,} bytes of {len(self.header) + end:,}")
        self.weights = file.read() if whole else b""
        now = os.fstat(file.fileno())
        if (now.st_size, now.st_mtime_ns) != (self.stat.st_size, self.stat.st_mtime_ns):
            raise ValueError("somebody is writing it")


@contextlib.contextmanager
def _opened(path: Path, whole: bool = True) -> Iterator[_File]:
    if not path.is_file():
        raise UserError("checkpoint_missing", name=str(path))
    try:
        with path.open("rb") as file:
            yield _File(file, whole)
    except UserError:
        raise
    except (SafetensorError, OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise UserError("checkpoint_broken", name=path.name, cause=_first_line(error)) from error


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


class _Unfilled(TorchFunctionMode):
    """Build a model without drawing its first weights, which are about to be read: that takes time, and loading a checkpoint
    would leave torch's generator elsewhere."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func.__name__.endswith(("normal_", "uniform_", "orthogonal_")):
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        if func in (torch.randn, torch.rand):
            func, kwargs = torch.empty, {k: v for k, v in kwargs.items() if k != "generator"}
        return func(*args, **kwargs)


class _Sketch(_Unfilled):
    """Build a model for the shapes of its weights alone, and stop after so many calls of torch: where the depth that a forged
    config asks for ends.

    What is large lies on the meta device, where it takes no memory. What is small is computed for real: the first sum or
    product on the meta device imports torch's compiler, which takes a second.
    """

    FACTORIES = frozenset((
        torch.empty, torch.zeros, torch.ones, torch.full, torch.arange, torch.linspace, torch.eye, torch.randn, torch.rand,
    ))  # fmt: skip
    SMALL, MOST = 2**14, 2**22  # numbers in a tensor that is made for real, and in what is computed of such ones

    def __init__(self, calls: int):
        super().__init__()
        self.calls = calls

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.calls -= 1
        if self.calls < 0:
            raise ValueError("the config asks for more than the file holds")
        kwargs = dict(kwargs or {})
        if func in self.FACTORIES and kwargs.get("device") is None:
            large = super().__torch_function__(func, types, args, kwargs | {"device": "meta"})
            return large if large.numel() > self.SMALL else super().__torch_function__(func, types, args, kwargs)
        if any(t.is_meta for t in _tensors((args, kwargs))):
            args, kwargs = _to_meta(args), _to_meta(kwargs)
        made = super().__torch_function__(func, types, args, kwargs)
        if isinstance(made, torch.Tensor) and not made.is_meta and made.numel() > self.MOST:
            raise ValueError("the config asks for more than the file holds")
        return made


def _tensors(nested: Any) -> Iterator[torch.Tensor]:
    if isinstance(nested, torch.Tensor):
        yield nested
    elif isinstance(nested, (tuple, list, dict)):
        for part in nested.values() if isinstance(nested, dict) else nested:
            yield from _tensors(part)


def _to_meta(nested: Any) -> Any:
    if isinstance(nested, torch.Tensor):
        return nested.to("meta")
    if isinstance(nested, dict):
        return {name: _to_meta(part) for name, part in nested.items()}
    return type(nested)(map(_to_meta, nested)) if type(nested) in (tuple, list) else nested


def _meta(file: _File, path: Path) -> Meta:
    header = file.metadata
    if header.get("format") != FORMAT:
        raise UserError("checkpoint_foreign", name=path.name)
    try:
        meta = Meta(
            **json.loads(header["genai"], parse_int=_whole, parse_float=_number, parse_constant=lambda word: None)
        )
        _check_types(meta, Meta(family="", config={}, tokenizer={}))
        if meta.family not in FAMILIES:
            raise UserError("unknown_family", value=meta.family, choices=sorted(FAMILIES))
        _check_config(meta)
        _check_records(meta)
        _check_memory(_working_numbers(meta))
    except (KeyError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise UserError("checkpoint_broken", name=path.name, cause=_first_line(error)) from error
    return meta


def config_of(meta: Meta) -> Any:
    """The family's Config that the description names, checked or not."""
    return FAMILIES[meta.family].Config(**{k: tuple(v) if isinstance(v, list) else v for k, v in meta.config.items()})


def _check_config(meta: Meta) -> None:
    config = config_of(meta)
    _check_types(config, type(config)())
    for name, value in dataclasses.asdict(config).items():
        low, high = config.RANGES.get(name, (-MAX_NUMBER, MAX_NUMBER))
        for number in value if isinstance(value, tuple) else (value,):
            if not isinstance(number, str) and not low <= number <= high:
                raise ValueError(f"{name} cannot be {value!r:.40}: it must lie between {low} and {high}")


def _check_records(meta: Meta) -> None:
    """Names are words, and whatever was measured or told of a run is a record."""
    if not all(isinstance(name, str) for name in meta.classes):
        raise ValueError(f"classes cannot be {meta.classes!r:.40}")
    for records in (meta.metrics.values(), meta.history):
        for record in records:
            if not isinstance(record, dict):
                raise ValueError(f"{record!r:.40} is no record of a measurement or a run")


def _working_numbers(meta: Meta) -> int:
    return FAMILIES[meta.family].working_numbers(config_of(meta))


def _check_memory(numbers: int) -> None:
    if 4 * numbers > MAX_MEMORY:
        raise ValueError(
            f"it would take {4 * numbers / 1e9:.1f} GB of memory; at most {MAX_MEMORY / 1e9:.0f} are taken"
        )


def _whole(digits: str) -> int:
    """A whole number of a description; a longer one than any count is none, and cannot be shown or sent."""
    if len(digits) > 19:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _number(digits: str) -> float | None:
    """A number of a description; None for one beyond all numbers, as for NaN and Infinity, which JSON does not have."""
    return float(digits) if abs(float(digits)) < float("inf") else None


def _check_types(values, like) -> None:
    """Raises ValueError unless every field of the dataclass `values` is of the kind that it is in `like`."""
    for f in dataclasses.fields(like):
        value, expected = getattr(values, f.name), getattr(like, f.name)
        kinds = (int, float) if type(expected) is float else (type(expected),)
        fits = type(value) in kinds or (value is None and f.default is None)
        if not fits or (type(value) is tuple and any(type(part) is not int for part in value)):
            raise ValueError(f"{f.name} cannot be {value!r:.40}")
