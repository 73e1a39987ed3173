"""The machine, the rows, the command line."""

from __future__ import annotations

import json
import os
import platform
import signal
import sys
from pathlib import Path

from genai import cli
from genai.bench import load, models, page, training  # noqa: F401 (each names its benches)
from genai.bench.figures import BENCHES, Setting, Skip
from genai.errors import UserError

NUMBERS = ("bench", "value", "unit", "p95", "n", "times", "peer", "peer_value", "peer_p95")


def machine() -> dict:
    """What the figures were measured on."""
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cuda = torch.cuda.is_available()
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return {
        "cpu": cpu_model(), "cores": cores, "torch": torch.__version__, "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name() if cuda else "cpu", "python": platform.python_version(),
        "load": round(busy, 2), "busy": busy > 0.25 * cores,
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
    """One bench as a record: NUMBERS and further facts; no value: "skipped" or "failed".

    times: how many times as good as its peer it is, by the medians.
    """
    try:
        figure = BENCHES[name](setting)
    except (Skip, UserError) as reason:
        return {"bench": name, "value": None, "skipped": str(reason)}
    except Exception as error:  # one broken bench must not cost the others their rows
        return {"bench": name, "value": None, "failed": f"{type(error).__name__}: {error}"}
    record = {"bench": name, "value": figure.value, "unit": figure.unit, "p95": figure.p95, "n": figure.n}
    if figure.peer:
        ratio = figure.value / figure.peer.value
        record |= {"times": ratio if figure.more_is_better else 1 / ratio, "peer": figure.peer.name,
                   "peer_value": figure.peer.value, "peer_p95": figure.peer.p95}  # fmt: skip
    return {k: rounded(v) for k, v in (record | figure.more).items()}


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
            return f"{record['bench']:<24} {state}: {(record[state].splitlines() or [''])[0]}"
    facts = ", ".join(f"{k} {show(v)}" for k, v in record.items() if k not in NUMBERS)
    numbers = f"{show(record['value']):>9} {record['unit']:<12} {show(record['p95']):>9} {record['n']:>6}"
    peer = ""
    if "peer" in record:
        peer = f"{record['times']:.2f} x {record['peer']}: {show(record['peer_value'])}, {show(record['peer_p95'])}"
    return f"{record['bench']:<24} {numbers}   {'; '.join(filter(None, (peer, facts)))}".rstrip()


def heading(about: dict) -> str:
    """The machine, a warning if it is busy, and the table's head."""
    lines = [
        f"{about['cpu']}, {about['cores']} cores; Python {about['python']}, torch {about['torch']}, "
        f"{about['threads']} threads; device {about['device']}; load average {about['load']:.2f}"
    ]
    if about["busy"]:
        lines.append("WARNING: this machine is busy with something else: these figures say little about it")
    return "\n".join([*lines, "", f"{'bench':<24} {'median':>9} {'unit':<12} {'p95':>9} {'n':>6}   {PEER_HEAD}"])


PEER_HEAD = "how many times as good as its peer: the peer's median, p95; further facts"


def main(words: list[str]) -> int:
    """Exit code: 0, 1 if a bench failed; see `cli.run` for mistakes."""
    parser = cli.Parser(
        "python -m genai.bench",
        "What this machine gives: the page, the models, the training steps, many at once.",
        f"benches: {', '.join(BENCHES)}",
    )
    parser.add_argument("--checkpoints", metavar="DIR", help="folder of checkpoints (default: checkpoints)")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these benches alone")
    parser.add_argument("--quick", action="store_true", help="few repetitions: does each work? tells little of speed")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse(words)
    chosen = list(dict.fromkeys(options.only or BENCHES))
    for name in chosen:
        if name not in BENCHES:
            raise UserError("bad_choice", name="--only", value=name, choices=list(BENCHES))
    folder = Path(options.checkpoints or "checkpoints")
    if options.checkpoints and not folder.is_dir():
        raise UserError("folder_missing", name=options.checkpoints)
    with Setting(folder.resolve(), options.quick) as setting:
        return run_all(chosen, setting, options.json)


def run_all(chosen: list[str], setting: Setting, as_json: bool) -> int:
    about = machine()
    print(json.dumps({"bench": "machine", **about}) if as_json else heading(about), flush=True)
    if as_json and about["busy"]:
        print(f"warning: load average {about['load']}: this machine is busy", file=sys.stderr)
    failed = False
    for name in chosen:
        record = measure(name, setting)
        failed |= "failed" in record
        print(json.dumps(record, ensure_ascii=False) if as_json else row(record), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # ends what was started, too
    sys.exit(cli.run(main, sys.argv[1:]))
