"""Tiny Shakespeare, character by character."""

from __future__ import annotations

from genai.training.config import TrainConfig
from genai.training.presets.preset import Preset

PRESETS = [
    Preset(
        "gpt-shakespeare", "cpu", "gpt",
        TrainConfig(
            dataset="shakespeare", steps=1_500, batch_size=16, optimizer="muon", lr=3e-3, muon_lr=0.02, warmup_steps=50,
            schedule="linear", cooldown=0.65, beta2=0.95, weight_decay=0.1, grad_clip=1.0, ema_half_life=0.01,
        ),
        dict(n_layer=5, n_head=4, n_embd=192, block_size=256, dropout=0.1),
        duration="19 min", expected="val_loss 1.47 nats per character",
    ),
    Preset(
        "gpt-shakespeare", "gpu", "gpt",
        TrainConfig(
            dataset="shakespeare", steps=3_000, batch_size=64, optimizer="muon", lr=3e-3, muon_lr=0.02, warmup_steps=100,
            schedule="linear", cooldown=0.65, beta2=0.95, weight_decay=0.2, grad_clip=1.0, shards=1, ema_half_life=0.01,
        ),
        dict(n_layer=6, n_head=4, n_embd=256, block_size=256, dropout=0.3),
    ),
]  # fmt: skip
