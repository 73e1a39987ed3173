"""Measure a checkpoint on real data; prints one JSON object a line."""

from __future__ import annotations

import argparse
import json
import sys

from genai.errors import UserError
from genai.metrics import METRICS, measure


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:
        """One line, not the whole usage: as for every other mistake."""
        self.exit(2, f"error: {message}\n")


def main(argv: list[str]) -> int:
    """Exit code: 0, 2 for a mistake that a person can mend (told on stderr in one line), 130 for Ctrl-C."""
    parser = Parser(prog="python -m genai.metrics", description=__doc__, allow_abbrev=False)
    parser.add_argument("checkpoint", help="a .safetensors file that train.py wrote")
    parser.add_argument(
        "--metric",
        nargs="+",
        metavar="NAME",
        help="default: all that apply. "
        + "; ".join(f"{name} ({', '.join(metric.families)})" for name, metric in METRICS.items()),
    )
    parser.add_argument("--n", help="so many images, text blocks or characters, for a quick look")
    parser.add_argument("--data_root", "--data-root", help="where the data sets are (default: GENAI_DATA, else data/)")
    parser.add_argument(
        "--classifier",
        metavar="PATH",
        help="classifier of generated images (default: classifier-digits.safetensors beside the checkpoint, "
        "else in checkpoints/)",
    )
    parser.add_argument("--save", action="store_true", help="keep the figures in the checkpoint")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    options = parser.parse_args(argv)
    try:
        records = measure(
            options.checkpoint,
            options.metric,
            n=_count(options.n),
            root=options.data_root,
            classifier=options.classifier,
            device=options.device,
            save=options.save,
        )
        for record in records:
            print(json.dumps(record, ensure_ascii=False), flush=True)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _count(raw: str | None) -> int | None:
    if raw is None:
        return None
    try:
        return int(raw)
    except ValueError:
        raise UserError("bad_option", name="n", value=raw, expected="a whole number") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
