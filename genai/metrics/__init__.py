"""Metrics: what a checkpoint is worth, measured on real data that it was not trained on.

To add one: write `metrics/<metric>.py` with a `measure(context)` and name it here. A measurement is a plain
dictionary with at least value, unit, split and n, or a list of such, each with a `key` of its own; `measure` below adds
what is the same for all of them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from genai.checkpoint import Meta, read_meta, update_meta
from genai.data import about
from genai.errors import UserError
from genai.metrics import (
    active_units,
    attribute_accuracy,
    class_accuracy,
    classifier_accuracy,
    coverage,
    density,
    diversity,
    fd,
    fd_ratio,
    judge_accuracy,
    kd,
    memorised_share,
    nearest_test,
    nearest_training,
    nll,
    order_accuracy,
    perceptual_distance,
    prompt_accuracy,
    psnr,
    rotation_accuracy,
    spectrum_distance,
    ssim,
    tokenizer_agreement,
    val_loss,
    val_loss_sliding,
    word_accuracy,
)
from genai.metrics.context import Context

__all__ = ["METRICS", "Metric", "measure", "metrics_for"]


@dataclass(frozen=True)
class Metric:
    """An entry of METRICS: how to measure it, and the checkpoints it means something for.

    needs: what the data set has to say of itself (see `data.About`): "features", a network that knows its classes; "judge", one
    that answers questions about its pictures; "photographs", that they are; "peer", a model that others are compared with, and
    which is not this one.  conditional: only for models that can be asked for a class.
    """

    measure: Callable[[Context], dict | list[dict]]
    families: tuple[str, ...]
    needs: str = ""
    conditional: bool = False

    def applies(self, meta: Meta) -> bool:
        said = about(meta.dataset)
        offers = {
            "": True, "features": bool(said.features), "judge": bool(said.judge), "photographs": said.photographs,
            "peer": said.peer not in ("", meta.preset),
        }  # fmt: skip
        return (
            meta.family in self.families
            and offers[self.needs]
            and (not self.conditional or bool(meta.config.get("classes", True)))
        )


METRICS: dict[str, Metric] = {
    "class_accuracy": Metric(class_accuracy.measure, ("gan",), "features", conditional=True),
    "coverage": Metric(coverage.measure, ("gan",)),
    "density": Metric(density.measure, ("gan",)),
    "fd": Metric(fd.measure, ("gan",)),
    "kd": Metric(kd.measure, ("gan",)),
    "memorised_share": Metric(memorised_share.measure, ("gan",)),
    "spectrum_distance": Metric(spectrum_distance.measure, ("gan",)),
    "coverage_prior": Metric(coverage.measure_prior, ("vae",)),
    "fd_prior": Metric(fd.measure_prior, ("vae",)),
    "fd_reconstruction": Metric(fd.measure_reconstructions, ("vae",)),
    "psnr": Metric(psnr.measure, ("tokenizer", "vae")),
    "ssim": Metric(ssim.measure, ("vae",)),
    "perceptual_distance": Metric(perceptual_distance.measure, ("vae",), "photographs"),
    "fd_ratio_to_dcgan": Metric(fd_ratio.measure, ("gan", "vae"), "peer"),
    "nll_k1": Metric(nll.measure_k1, ("vae",)),
    "nll_k50": Metric(nll.measure_k50, ("vae",)),
    "active_units": Metric(active_units.measure, ("vae",)),
    "val_loss": Metric(val_loss.measure, ("gpt",)),
    "val_loss_sliding": Metric(val_loss_sliding.measure, ("gpt",)),
    "prompt_accuracy": Metric(prompt_accuracy.measure, ("text2image",), "judge"),
    "attribute_accuracy": Metric(attribute_accuracy.measure, ("text2image",), "judge"),
    "order_accuracy": Metric(order_accuracy.measure, ("text2image",), "judge"),
    "word_accuracy": Metric(word_accuracy.measure, ("text2image",), "features"),
    "diversity": Metric(diversity.measure, ("text2image",), "judge"),
    "nearest_training": Metric(nearest_training.measure, ("text2image",), "judge"),
    "tokenizer_attribute_agreement": Metric(tokenizer_agreement.measure, ("tokenizer", "text2image"), "judge"),
    "judge_accuracy": Metric(judge_accuracy.measure, ("judge",), "judge"),
    "classifier_accuracy": Metric(classifier_accuracy.measure, ("classifier",)),
    "rotation_accuracy": Metric(rotation_accuracy.measure, ("features",)),
    "nearest_test": Metric(nearest_test.measure, ("features",)),
}


def metrics_for(meta: Meta) -> list[str]:
    """The names of the metrics that apply to such a checkpoint."""
    return [name for name, metric in METRICS.items() if metric.applies(meta)]


def measure(
    path: str | Path,
    names: Sequence[str] | None = None,
    *,
    n: int | None = None,
    root: str | Path | None = None,
    classifier: str | Path | None = None,
    device: str = "auto",
    save: bool = False,
) -> Iterator[dict]:
    """Measure a checkpoint: one record for each metric, yielded as soon as it is there.

    Args:
        path: the checkpoint.  names: keys of METRICS; None: every metric that applies.
        n: this many images, blocks or characters instead of a metric's own count.
        root: the data root.
        classifier: the network that measures pictures, instead of the data set's own; of scenes, a judge.
        save: keep each record in the checkpoint, as `meta.metrics[name]`.
    Yields: {"metric", "value", "unit", "checkpoint", "split", "n", ..., "device", "seconds"}, ready for JSON;
        a value that is not finite is None. Work that metrics share (a GAN's samples) counts in the seconds of
        the first of them.
    Raises UserError: a missing file, a metric that does not apply, an n out of range, data that does not fit.
    """
    path = Path(path)
    valid = metrics_for(meta := read_meta(path))
    if not valid:
        pairs = sorted({f"{f} on data with {m.needs}" if m.needs else f for m in METRICS.values() for f in m.families})
        found = f"{path.name} ({meta.family} on {meta.dataset or 'unknown data'})"
        raise UserError("bad_choice", name="checkpoint", value=found, choices=pairs)
    for name in names or ():
        if name not in valid:
            raise UserError("bad_choice", name="metric", value=name, choices=valid)
    context = Context(path, n=n, root=root, network=classifier, device=device)
    for name in dict.fromkeys(names or valid):
        start = time.perf_counter()
        measured = METRICS[name].measure(context)
        seconds = round(time.perf_counter() - start, 1)
        for result in measured if isinstance(measured, list) else [measured]:
            value, key = result.pop("value"), result.pop("key", "")
            record = {
                "metric": name,
                "value": value if math.isfinite(value) else None,
                "unit": result.pop("unit"),
                "checkpoint": path.name,
                **result,
                "device": context.device.type,
                "seconds": seconds,
            }
            if save:
                place = f"{name}/{key}" if key else name
                update_meta(path, lambda meta, place=place, record=record: meta.metrics.update({place: record}))
            yield record
