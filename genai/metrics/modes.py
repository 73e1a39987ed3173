"""How many of the combinations of stacked digits a GAN draws (Metz et al. 2017; the table of PacGAN, Lin et al. 2018, and R3GAN).

A frozen classifier reads each channel. Beside the count stands the Kullback-Leibler divergence of the frequencies from uniform
ones, in nats: a model may draw all of them and most of them rarely. Figures of two sample counts do not compare.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from genai.checkpoint import read_meta
from genai.metrics import pictures
from genai.metrics.context import Context
from genai.metrics.features import space

WAY = 2_500  # samples of each moment of a run, the end among them
KEPT = 0.9  # of the most that there were before: so many modes a stable run has throughout its last third
EXPLODED = 10.0  # times the largest loss before: what no loss of a stable run comes to in its last third


def modes(predicted: Tensor, total: int) -> tuple[int, float]:
    """How many different numbers there are among predicted int64 [n], of `total`, and the divergence of their frequencies from
    uniform ones, in nats."""
    counts = torch.bincount(predicted, minlength=total).double()
    share = counts[counts > 0] / counts.sum()
    return len(share), (share * (share * total).log()).sum().item()


def is_stable(way: list[dict], steps: int) -> bool:
    """Whether a run of so many steps neither lost modes in its last third nor saw a loss explode there, nor ended before.

    way: moments in order, {"step", "modes", "loss"}, loss being the largest there of any player, 0 where it was not looked at.
    """
    late, early = ([moment for moment in way if (moment["step"] > steps * 2 / 3) is last] for last in (True, False))
    if not late or not early or late[-1]["step"] < steps:
        return False
    most, kept = max(m["modes"] for m in early), True
    for moment in late:
        kept = kept and moment["modes"] >= KEPT * most
        most = max(most, moment["modes"])
    return kept and max(m["loss"] for m in late) <= EXPLODED * max(m["loss"] for m in early)


def measure(context: Context) -> dict:
    """Of as many samples as pictures are compared, 10,000; `real`: of as many real ones.

    Where snapshots of its way lie beside it (`train.py --snapshots 12`), `way` is what these draw, of 2,500 samples each, and
    `stable` whether the run was; else None.
    """
    own = space(context)
    total = 10**context.model.config.channels
    drawn, others = pictures.samples(context, own).predicted, pictures.others(context, own).predicted
    (found, divergence), (real, real_divergence) = modes(drawn, total), modes(others, total)
    way = [*_snapshots(context, total), {"step": context.meta.step, "modes": modes(drawn[:WAY], total)[0], "loss": 0.0}]
    asked = context.meta.training.get("steps", 0)
    return {
        "value": found, "unit": f"modes of {total:,}", "split": context.held_out, "n": len(drawn), "kl": divergence,
        "real": real, "real_kl": real_divergence, "real_n": len(others),
        "way": way, "stable": is_stable(way, asked) if len(way) > 1 else None, **own.record(),
    }  # fmt: skip


def _snapshots(context: Context, total: int) -> Iterator[dict]:
    """What each snapshot of the checkpoint's way draws, by the same seeds."""
    path, n = context.path, min(WAY, pictures.counts(context)[1])
    for snapshot in sorted(path.parent.glob(f"{path.stem}@*.safetensors"), key=lambda found: read_meta(found).step):
        moment = Context(snapshot, n=n, root=context.root, network=context.network, device=str(context.device))
        predicted = pictures.samples(moment, space(context)).predicted
        losses = [abs(v) for name, v in moment.meta.extra.get("losses", {}).items() if name.endswith("/loss")]
        yield {"step": moment.meta.step, "modes": modes(predicted, total)[0], "loss": max(losses, default=0.0)}
