"""What a run tells while it goes on: its log, and that its losses are still numbers."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from pathlib import Path

import torch
from tqdm import tqdm

from genai.checkpoint import atomic
from genai.errors import UserError
from genai.training.distributed import Group


class Log:
    """log.jsonl, TensorBoard events and the progress bar. Lines of steps that are run again are dropped."""

    def __init__(self, folder: Path, start: int, steps: int, batch_size: int):
        from torch.utils.tensorboard import SummaryWriter

        path = folder / "log.jsonl"
        kept = read_log(path, start)
        with atomic(path) as temporary:
            temporary.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
        self.file = path.open("a", encoding="utf-8")
        self.board = SummaryWriter(str(folder), purge_step=start + 1 if start else None)
        self.bar = tqdm(total=steps, initial=start, unit="step", dynamic_ncols=True, smoothing=0.1)
        self.last: dict[str, float] = {}  # what it wrote last
        self.batch_size, self.at, self.time = batch_size, start, time.perf_counter()

    def write(self, pending: list[tuple[int, str, dict]], learning_rate: float, held_out: dict[str, float]) -> None:
        """A line of the pending steps' means, and of what held-out data lost, by player."""
        step, now = pending[-1][0] + 1, time.perf_counter()
        totals: dict[str, list[float]] = {}
        for _, player, stats in pending:
            for name, value in stats.items():
                totals.setdefault(f"{player}/{name}", []).append(value)
        record: dict[str, float] = {name: sum(v) / len(v) for name, v in totals.items()}
        record |= {f"{player}/held_out": loss for player, loss in held_out.items()}
        record["learning_rate"] = learning_rate
        record["samples_per_second"] = (step - self.at) * self.batch_size / max(1e-9, now - self.time)
        for name, value in record.items():
            self.board.add_scalar(name, value, step)
        self.last = {k: float(f"{v:.6g}") for k, v in record.items()}
        self.file.write(json.dumps({"step": step, **self.last}) + "\n")
        self.file.flush()
        losses = {name.split("/")[0]: f"{v:.4g}" for name, v in record.items() if name.endswith("/loss")}
        self.bar.set_postfix(losses | {"samples/s": f"{record['samples_per_second']:.0f}"}, refresh=False)
        self.bar.update(step - self.at)
        self.at, self.time = step, now

    def close(self) -> None:
        """Never raises: on a full disk the error that matters is already on its way."""
        self.bar.close()
        for file in (self.file, self.board):
            with contextlib.suppress(OSError):
                file.close()


def read_log(path: Path, last: int) -> list[str]:
    """The lines of the steps up to `last`. Any others that are none, as a power cut may leave them, are dropped and told."""
    kept = []
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() and last else ""
    for number, line in enumerate(text.splitlines(), 1):
        try:
            if json.loads(line)["step"] <= last:
                kept.append(line)
        except (ValueError, TypeError, KeyError):
            if line.endswith("}"):  # else it was cut short
                print(UserError("log_line_broken", name=str(path), line=number), file=sys.stderr)
    return kept


def check_finite(pending: list[tuple[int, str, dict]], group: Group) -> None:
    """Make the stats plain numbers, means over all processes, and stop at the first loss or gradient that is not finite,
    naming its step and phase: a NaN anywhere is a NaN everywhere, so all processes stop together."""
    if not pending:
        return
    values = torch.stack([value.detach().float() for _, _, stats in pending for value in stats.values()])
    group.mean([values])
    numbers = iter(values.tolist())
    for step, player, stats in pending:
        stats.update({name: next(numbers) for name in stats})
        loss, norm = stats["loss"], stats["grad_norm"]
        if not (abs(loss) < float("inf") and abs(norm) < float("inf")):
            what, value = ("gradient", norm) if abs(loss) < float("inf") else ("loss", loss)
            raise UserError("not_finite", step=step, phase=player, what=what, value=value)


@contextlib.contextmanager
def telling_of_the_disk(folder: Path):
    """Where the log, a lock or a look at the samples cannot be written, say so; weights have their own words."""
    try:
        yield
    except OSError as error:
        raise UserError(
            "cannot_write", name=error.filename or str(folder), cause=error.strerror or str(error)
        ) from error
