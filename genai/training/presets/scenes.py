"""Words to pictures of scenes: the image tokenizer, the judge, and the transformers between words and tokens."""

from __future__ import annotations

import dataclasses

from genai.training.config import TrainConfig
from genai.training.presets.preset import Preset

TOKENIZER = TrainConfig(
    dataset="scenes", steps=5_000, batch_size=64, optimizer="muon", lr=3e-3, muon_lr=0.03, warmup_steps=50,
    schedule="linear", cooldown=0.6, grad_clip=1.0, ema_half_life=0.01, shards=1,
)  # fmt: skip
# Shapes, colours, grounds and what is half hidden have digits of their own.
LAYERED = dict(layers=(5, 3, 3, 5), levels=(8,) * 16, jitter=0.02, hidden=320)
JUDGE = TrainConfig(
    dataset="scenes", split="all", steps=10_000, batch_size=64, optimizer="muon", lr=2e-3, muon_lr=0.02, warmup_steps=50,
    schedule="linear", cooldown=0.7, grad_clip=10.0, ema_half_life=0.01,
)  # fmt: skip
PRIOR = TrainConfig(
    dataset="scenes", frozen="checkpoints/tokenizer-scenes.safetensors", steps=3_000, batch_size=64, optimizer="muon",
    lr=3e-3, muon_lr=0.02, warmup_steps=50, schedule="linear", cooldown=0.75, beta2=0.95, grad_clip=1.0,
    ema_half_life=0.01, shards=1,
)  # fmt: skip


def larger(train: TrainConfig, steps: int, batch_size: int) -> TrainConfig:
    return dataclasses.replace(train, steps=steps, batch_size=batch_size, shards=1)


PRESETS = [
    Preset("tokenizer-scenes", "cpu", "tokenizer", TOKENIZER, LAYERED, "35 min", "see README"),
    Preset("tokenizer-scenes", "gpu", "tokenizer", larger(TOKENIZER, 40_000, 128), LAYERED),
    Preset("judge-scenes", "cpu", "judge", JUDGE, {}, "50 min", "see README"),
    Preset("judge-scenes", "gpu", "judge", larger(JUDGE, 20_000, 256), {}),
    Preset(
        "text2image-scenes", "cpu", "text2image", PRIOR, {},
        "52 min", "prompt accuracy 93 % seen, level 1 and level 2",
    ),
    Preset("text2image-scenes", "gpu", "text2image", larger(PRIOR, 20_000, 256), dict(n_layer=5, n_head=3, n_embd=144)),
]  # fmt: skip
