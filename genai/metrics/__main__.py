"""Measure a checkpoint on real data; prints one JSON object a line."""

from __future__ import annotations

import json
import sys

from genai import cli


def main(words: list[str]) -> int:
    """Exit code: 0, 2 for a mistake that a person can mend (told on stderr in one line), 130 for Ctrl-C."""
    return cli.run(_main, words)


def _main(words: list[str]) -> int:
    from genai.metrics import METRICS, measure

    each = "; ".join(f"{name} ({', '.join(metric.families)})" for name, metric in METRICS.items())
    parser = cli.Parser("python -m genai.metrics", __doc__)
    parser.add_argument("checkpoint", help="a .safetensors file that train.py wrote")
    parser.add_argument("--metric", nargs="+", metavar="NAME", help=f"default: all that apply. {each}")
    parser.add_argument("--n", help="so many images, text blocks or characters, for a quick look")
    parser.add_argument("--data_root", help="where the data sets are (default: GENAI_DATA, else data/)")
    parser.add_argument(
        "--classifier",
        metavar="PATH",
        help="the network that measures pictures: a classifier; of drawn scenes, a judge (default: the data set's own "
        "beside the checkpoint, else in checkpoints/)",
    )
    parser.add_argument("--save", action="store_true", help="keep the figures in the checkpoint")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    options = parser.parse(words)
    records = measure(
        options.checkpoint,
        options.metric,
        n=cli.whole("n", options.n),
        root=options.data_root,
        classifier=options.classifier,
        device=options.device,
        save=options.save,
    )
    for record in records:
        print(json.dumps(record, ensure_ascii=False), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
