"""What a preset is."""

from __future__ import annotations

from dataclasses import dataclass

from genai.training.config import TrainConfig

NOT_RUN = "not yet run"


@dataclass(frozen=True)
class Preset:
    """A name for everything a training run needs.

    size: "cpu" (two cores) or "gpu" (one; a batch is computed in one part there, because small kernels leave a GPU idle: see
        `TrainConfig.shards`).  model: fields of the family's Config that are not its defaults.
    duration: the steps at the rate that `python -m genai.bench` measured on two CPU cores (AMD EPYC).  expected: what the run
        was measured to give; a size that nobody has run yet says so.
    """

    name: str
    size: str
    family: str
    train: TrainConfig
    model: dict
    duration: str = NOT_RUN
    expected: str = NOT_RUN
