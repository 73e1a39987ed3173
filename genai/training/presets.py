"""Presets: a name for everything a training run needs. Sizes: "cpu" (two cores) and "gpu" (one; a
batch is computed in one part there, because small kernels leave a GPU idle: see `TrainConfig.shards`).

`duration` is the number of steps at the rate that `python -m genai.bench` measured on two CPU cores (AMD EPYC), and
`expected` what the run was measured to give; a size that nobody has run yet says so.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from genai.errors import UserError
from genai.training.config import TrainConfig

NOT_RUN = "not yet run"


@dataclass(frozen=True)
class Preset:
    name: str
    size: str
    family: str
    train: TrainConfig
    model: dict
    duration: str = NOT_RUN
    expected: str = NOT_RUN


def _classifier(size: str, **kwargs) -> Preset:
    train = TrainConfig(
        dataset="mnist", steps=1400, batch_size=128, lr=2e-3, weight_decay=0.01, warmup_steps=50, grad_clip=1.0,
        ema_half_life=0.03, shards=2 if size == "cpu" else 1,
    )  # fmt: skip
    return Preset("classifier-digits", size, "classifier", train, {}, **kwargs)


def _scenes() -> list[Preset]:
    """The models behind words to pictures: image tokenizer, judge, and the transformer between; and the same for digits."""
    tokenizer = TrainConfig(
        dataset="scenes", steps=5_000, batch_size=64, optimizer="muon", lr=3e-3, muon_lr=0.03, warmup_steps=50,
        schedule="linear", cooldown=0.6, grad_clip=1.0, ema_half_life=0.01, shards=1,
    )  # fmt: skip
    # Shapes, colours, grounds and what is half hidden have digits of their own.
    layered = dict(layers=(5, 3, 3, 5), levels=(8,) * 16, jitter=0.02)
    judge = TrainConfig(
        dataset="scenes", split="all", steps=10_000, batch_size=64, optimizer="muon", lr=2e-3, muon_lr=0.02,
        warmup_steps=50, schedule="linear", cooldown=0.7, grad_clip=10.0, ema_half_life=0.01,
    )  # fmt: skip
    prior = TrainConfig(
        dataset="scenes", frozen="checkpoints/tokenizer-scenes.safetensors", steps=3_000, batch_size=64,
        optimizer="muon", lr=3e-3, muon_lr=0.02, warmup_steps=50, schedule="linear", cooldown=0.75, beta2=0.95,
        grad_clip=1.0, ema_half_life=0.01, shards=1,
    )  # fmt: skip

    digits_tokenizer = dataclasses.replace(tokenizer, dataset="mnist", steps=1_500)
    digits_prior = dataclasses.replace(
        prior, dataset="mnist-words", frozen="checkpoints/tokenizer-digits.safetensors", steps=2_000
    )

    def larger(train: TrainConfig, steps: int, batch_size: int) -> TrainConfig:
        return dataclasses.replace(train, steps=steps, batch_size=batch_size, shards=1)

    return [
        Preset(
            "tokenizer-scenes", "cpu", "tokenizer", tokenizer, layered | dict(hidden=320), "35 min", "see README"
        ),
        Preset(
            "tokenizer-scenes", "gpu", "tokenizer", larger(tokenizer, 40_000, 128), layered | dict(hidden=320),
        ),
        Preset("judge-scenes", "cpu", "judge", judge, {}, "50 min", "see README"),
        Preset("judge-scenes", "gpu", "judge", larger(judge, 20_000, 256), {}),
        Preset(
            "text2image-scenes", "cpu", "text2image", prior, {},
            "52 min", "prompt accuracy 93 % seen, level 1 and level 2",
        ),
        Preset("text2image-scenes", "gpu", "text2image", larger(prior, 20_000, 256), dict(n_layer=5, n_head=4, n_embd=152)),
        *(Preset("tokenizer-digits", size, "tokenizer", digits_tokenizer, dict(widths=(64,), blocks=2, levels=(8, 5, 5)), *ran)
          for size, ran in (("cpu", ("7 min", "psnr 24")), ("gpu", ()))),
        *(Preset("text2image-digits", size, "text2image", digits_prior, dict(n_layer=4, n_head=4, n_embd=128), *ran)
          for size, ran in (("cpu", ("22 min", "word accuracy 99 %")), ("gpu", ()))),
    ]  # fmt: skip


PRESETS: dict[tuple[str, str], Preset] = {
    (p.name, p.size): p
    for p in [
        Preset(
            "gan-digits", "cpu", "gan",
            TrainConfig(
                dataset="mnist", steps=9_000, batch_size=64, lr=5e-4, lr_end=0.02, beta1=0.0, beta2=0.95,
                ema_half_life=0.05,
            ),
            dict(body="plain", widths=(128, 64, 32), d_widths=(64, 128, 128), gamma=1.0, gamma_end=0.2,
                 penalty_every=8, shift=2, truncation_psi=0.95),
            duration="31 min", expected="class accuracy 99.1 %, coverage 0.84, fd 4.6 (floor 1.3)",
        ),
        Preset(
            "gan-digits", "gpu", "gan",
            TrainConfig(
                dataset="mnist", steps=60_000, batch_size=256, lr=2e-4, lr_end=0.25, beta1=0.0, beta2=0.99,
                shards=1, ema_half_life=0.05,
            ),
            dict(body="residual", widths=(192, 128, 96), d_widths=(96, 128, 192), blocks=2, gamma=1.0,
                 gamma_end=0.1, penalty_every=1, shift=2),
        ),
        Preset(
            "vae-digits", "cpu", "vae",
            TrainConfig(
                dataset="mnist", steps=5_000, batch_size=128, lr=2e-3, warmup_steps=100, grad_clip=200.0,
                ema_half_life=0.02, beta2=0.999, weight_decay=0.01,
            ),
            dict(latents=32, widths=(32, 64), blocks=1, hidden=256, warmup=0.1),
            duration="24 min", expected="nll_k1 88.8 nats",
        ),
        Preset(
            "vae-digits", "gpu", "vae",
            TrainConfig(
                dataset="mnist", steps=60_000, batch_size=256, lr=1e-3, warmup_steps=500, grad_clip=200.0,
                shards=1, ema_half_life=0.02, beta2=0.999, weight_decay=0.05,
            ),
            dict(latents=40, widths=(48, 64), blocks=3, hidden=256, warmup=0.05),
        ),
        Preset(
            "gpt-shakespeare", "cpu", "gpt",
            TrainConfig(
                dataset="shakespeare", steps=1_500, batch_size=16, optimizer="muon", lr=3e-3, muon_lr=0.02,
                warmup_steps=50, schedule="linear", cooldown=0.65, beta2=0.95, weight_decay=0.1, grad_clip=1.0,
                ema_half_life=0.01,
            ),
            dict(n_layer=5, n_head=4, n_embd=192, block_size=256, dropout=0.1),
            duration="19 min", expected="val_loss 1.47 nats per character",
        ),
        Preset(
            "gpt-shakespeare", "gpu", "gpt",
            TrainConfig(
                dataset="shakespeare", steps=3_000, batch_size=64, optimizer="muon", lr=3e-3, muon_lr=0.02,
                warmup_steps=100, schedule="linear", cooldown=0.65, beta2=0.95, weight_decay=0.2, grad_clip=1.0,
                shards=1, ema_half_life=0.01,
            ),
            dict(n_layer=6, n_head=4, n_embd=256, block_size=256, dropout=0.3),
        ),
        *_scenes(),
        _classifier("cpu", duration="3 min", expected="accuracy 99.4 %"),
        _classifier("gpu"),
    ]
}  # fmt: skip


def names() -> list[str]:
    return list(dict.fromkeys(name for name, _ in PRESETS))


def get_preset(name: str, size: str) -> Preset:
    """Raises UserError naming the choices for an unknown preset or size."""
    if name not in names():
        raise UserError("unknown_preset", value=name, choices=names())
    if (name, size) not in PRESETS:
        raise UserError("bad_choice", name="size", value=size, choices=[s for n, s in PRESETS if n == name])
    return PRESETS[name, size]


def describe(preset: Preset) -> dict:
    return dataclasses.asdict(preset)
