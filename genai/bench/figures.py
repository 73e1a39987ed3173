"""A figure, its peer, and the list of benches."""

from __future__ import annotations

import contextlib
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 300.0  # seconds: the longest wait for anything, on the slowest machine


class Skip(Exception):
    """This figure cannot be had on this machine; the message says why."""


@dataclass
class Peer:
    """What a figure is held against: `name` says what it is, the rest is as in Figure."""

    name: str
    value: float
    p95: float | None = None


@dataclass
class Figure:
    """A measured value. p95: 95 % of the n repetitions were at least as good. more: further facts."""

    value: float
    unit: str
    p95: float | None = None
    n: int = 1
    more_is_better: bool = False
    peer: Peer | None = None
    more: dict = field(default_factory=dict)


@dataclass
class Setting:
    """What the benches share. quick: only to see that each works; a few repetitions tell nothing of how fast it is."""

    checkpoints: Path
    quick: bool = False
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def __enter__(self) -> Setting:
        return self

    def __exit__(self, *reason) -> None:
        self._stack.close()

    def repeats(self, count: int) -> int:
        return 2 if self.quick else count

    @property
    def starts(self) -> int:
        """How often a program is started, the first time not to count: its files are read then."""
        return 2 if self.quick else 6

    @cached_property
    def engine(self):
        from genai.generation.engine import Engine

        return Engine(self.checkpoints)

    def model(self, family: str, preferred: str):
        """A family's checkpoint, `preferred` if it is there, ready to generate. Raises UserError where there is none."""
        return self.engine.get(self.engine.first(family, preferred).name)

    @cached_property
    def url(self) -> str:
        """The page of these checkpoints, served while the benches run."""
        from genai.bench.page import served

        return self._stack.enter_context(served(self.checkpoints)).url


Bench = Callable[[Setting], Figure]
BENCHES: dict[str, Bench] = {}


def bench(run: Bench) -> Bench:
    """Register the decorated function as a bench, under its own name."""
    BENCHES[run.__name__] = run
    return run


def percentile(values: list[float], share: float) -> float:
    """Linear between the two nearest values, as NumPy does."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low, high = math.floor(place), math.ceil(place)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def of_times(values: list[float], unit: str, peer: str = "", against: list[float] = (), **more) -> Figure:
    """Median and p95 of durations: less is better. against: those of the peer."""
    other = Peer(peer, statistics.median(against), percentile(against, 0.95)) if peer else None
    return Figure(statistics.median(values), unit, percentile(values, 0.95), len(values), False, other, more)


def of_rates(values: list[float], unit: str, peer: str = "", against: list[float] = (), **more) -> Figure:
    """Median of rates, and the rate that 95 % of them reach: more is better. against: those of the peer."""
    other = Peer(peer, statistics.median(against), percentile(against, 0.05)) if peer else None
    return Figure(statistics.median(values), unit, percentile(values, 0.05), len(values), True, other, more)


def milliseconds(run: Callable[[int], object], repeats: int, warm: int = 5) -> list[float]:
    """Durations of run(0), run(1), ...; the first `warm` do not count."""
    return in_turns(repeats, run, warm=warm)[0]


def in_turns(repeats: int, *runs: Callable[[int], object], warm: int = 5) -> list[list[float]]:
    """Milliseconds of each of `runs`, called one after the other with 0, 1, ...; the first `warm` rounds do not count."""
    times: list[list[float]] = [[] for _ in runs]
    for i in range(warm + repeats):
        for run, taken in zip(runs, times):
            start = time.perf_counter()
            run(i)
            taken.append(1000 * (time.perf_counter() - start))
    return [taken[warm:] for taken in times]
