"""The GAN's options: every generator against every discriminator, every loss, every stabiliser."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from genai.models import build_model
from genai.models.batch import Batch, Noise
from genai.models.gan import DISCRIMINATORS, GENERATORS, LOSSES, PENALTIES, d_loss, g_loss
from genai.training.ema import EMA

SMALL = dict(image_size=16, channels=1, classes=0, z_dim=8, widths=(16, 8), d_widths=(8, 16), blocks=1)


def model(**changes):
    torch.manual_seed(0)
    return build_model("gan", {**SMALL, **changes})


def batch_of(count=8, channels=1, step=0, classes=0):
    g = torch.Generator().manual_seed(step)
    images = torch.randint(0, 256, (count, channels, 16, 16), generator=g, dtype=torch.uint8)
    return Batch(images, torch.arange(count) % max(1, classes), Noise(g, count), step, progress=0.0)


def play(gan, batch):
    """The moves of one step: (player, loss, stats, norm of the player's gradient)."""
    moves = []
    for name, loss, stats in gan.losses(batch):
        parameters = [p for p in gan.players[name].parameters() if p.requires_grad]
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        moves.append((name, loss, stats, sum(g.square().sum() for g in gradients if g is not None).sqrt()))
    return moves


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("body", GENERATORS)
def test_every_generator_draws_pictures_of_any_kind(body, classes):
    for channels, size in ((1, 28), (3, 16)):
        gan = model(body=body, channels=channels, image_size=size, classes=classes).eval()
        z, labels = torch.randn(3, 8), torch.arange(3) % max(1, classes)
        images = gan.sample(z, labels)
        assert images.shape == (3, channels, size, size) and images.dtype == torch.float32
        assert images.abs().max() <= 1
        torch.testing.assert_close(
            gan.sample(z[1:2], labels[1:2]), images[1:2], rtol=0, atol=1e-5
        )  # alone as among others


@pytest.mark.parametrize("d_body", [name for name in DISCRIMINATORS if name != "projected"])
@pytest.mark.parametrize("body", GENERATORS)
def test_every_generator_plays_every_discriminator_on_pixels(body, d_body):
    for classes in (0, 3):
        moves = play(model(body=body, d_body=d_body, classes=classes, shift=1), batch_of(classes=classes))
        assert [name for name, *_ in moves] == ["discriminator", "generator"]
        assert all(torch.isfinite(loss) and norm > 0 for _, loss, _, norm in moves)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_with_every_penalty(loss, penalty):
    (_, d, stats, norm), (_, g, _, g_norm) = play(model(loss=loss, penalty=penalty), batch_of())
    assert torch.isfinite(d) and torch.isfinite(g) and norm > 0 and g_norm > 0
    expected = {"none": set(), "gp": {"gradient_penalty"}}.get(penalty, {f"{p}_penalty" for p in penalty.split("+")})
    assert {name for name in stats if "penalty" in name} == expected


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_fall_as_each_side_wins(loss):
    worse, better = torch.tensor([-0.5]), torch.tensor([0.5])
    assert d_loss(loss, better, worse) < d_loss(loss, worse, better)
    assert g_loss(loss, worse, better) < g_loss(loss, better, worse)


def test_the_classic_loss_is_the_articles():
    real, fake = torch.tensor([0.3, -1.0]), torch.tensor([0.2, 2.0])
    s = torch.sigmoid
    torch.testing.assert_close(d_loss("non_saturating", real, fake), -(s(real).log() + (1 - s(fake)).log()).mean())
    torch.testing.assert_close(g_loss("non_saturating", None, fake), -s(fake).log().mean())


def test_a_penalty_around_one_knows_the_norm_of_a_linear_critic():
    """D(x) = a . x has the gradient a everywhere: (|a| - 1)^2 for WGAN's, |a|^2 for the zero-centred."""
    from genai.models.gan import gradient_penalty

    x, a = torch.randn(5, 1, 4, 4, requires_grad=True), torch.full((16,), 0.5)  # |a| = 2
    logits = x.flatten(1) @ a
    assert gradient_penalty(logits, x, norm=1.0).item() == pytest.approx(1.0, abs=1e-5)
    assert gradient_penalty(x.flatten(1) @ a, x).item() == pytest.approx(4.0, abs=1e-5)


def test_more_steps_for_the_discriminator_see_other_fakes():
    moves = play(model(d_steps=3, penalty="none"), batch_of())
    assert [name for name, *_ in moves] == ["discriminator"] * 3 + ["generator"]
    assert len({loss.item() for _, loss, *_ in moves[:3]}) == 3


def test_a_frozen_discriminator_stands_still_for_its_period_alone():
    gan = model(frozen_steps=(2, 4))
    players = [[name for name, *_ in play(gan, batch_of(step=step))] for step in range(5)]
    both = ["discriminator", "generator"]
    assert players == [both, both, ["generator"], ["generator"], both]


@pytest.mark.parametrize("d_body", ["dense", "dcgan"])
def test_spectral_normalisation_bounds_every_layer(d_body):
    gan = model(d_body=d_body, spectral=True).train()
    for _ in range(30):  # power iterations
        gan.discriminator(torch.randn(4, 1, 16, 16), torch.zeros(4, dtype=torch.int64))
    layers = [m for m in gan.discriminator.modules() if isinstance(m, (nn.Linear, nn.Conv2d))]
    assert len(layers) >= 3
    for layer in layers:
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1.0, abs=0.05)


def test_the_average_keeps_the_statistics_of_batch_normalisation():
    gan = model(body="dcgan", d_body="dcgan", penalty="none", loss="non_saturating")
    ema = EMA(gan, half_life=5.0)
    play(gan, batch_of(16))
    ema.update(gan, 0)
    (mean,) = [b for name, b in gan.generator.named_buffers() if name.endswith("running_mean")][:1]
    (kept,) = [b for name, b in ema.model.generator.named_buffers() if name.endswith("running_mean")][:1]
    assert mean.abs().sum() > 0 and torch.equal(mean, kept)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (dict(body="stile"), "stile"),
        (dict(loss="hinges"), "hinge"),
        (dict(d_body="projected"), "penalty none"),
        (dict(body="dcgan", image_size=18), "18"),
        (dict(body="style", image_size=17), "17"),
    ],
)
def test_what_cannot_be_says_why(changes, said):
    with pytest.raises(ValueError, match=said):
        model(**changes)
