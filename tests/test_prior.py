"""The VAE's learned prior: it follows the encodings, changes nothing else, and decides with the seed alone."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch
from conftest import tiny_family

from genai.checkpoint import Meta, load_checkpoint, save_checkpoint
from genai.generation import noise
from genai.generation.vae import prior_latents
from genai.models import build_model
from genai.models.vae import Mixture
from genai.training.config import RunConfig, TrainConfig
from genai.training.loop import train


@pytest.fixture
def vae(data_root):
    return tiny_family("vae", data_root)


def test_the_density_is_that_of_the_mixture():
    mixture = Mixture(3, 4).requires_grad_(False)
    mixture.logits.copy_(torch.tensor([0.0, 1.0, -2.0]))
    mixture.log_scales.normal_()
    parts = torch.distributions.Independent(torch.distributions.Normal(mixture.means, mixture.log_scales.exp()), 1)
    whole = torch.distributions.MixtureSameFamily(torch.distributions.Categorical(logits=mixture.logits), parts)
    z = torch.randn(50, 4)
    assert torch.allclose(mixture.log_prob(z), whole.log_prob(z), atol=1e-4)


def test_samples_come_from_the_mixture():
    mixture = Mixture(2, 3).requires_grad_(False)
    mixture.means.copy_(torch.tensor([[-5.0, 0, 0], [5.0, 1, 2]]))
    mixture.log_scales.fill_(math.log(0.1))
    mixture.logits.copy_(torch.tensor([0.25, 0.75]).log())
    seeds = range(4000)
    z = mixture.place(noise.latents(seeds, 3), noise.choices(seeds))
    right = z[:, 0] > 0
    assert right.float().mean().item() == pytest.approx(0.75, abs=0.03)
    assert torch.allclose(z[right].mean(0), torch.tensor([5.0, 1, 2]), atol=0.02)
    assert torch.allclose(z[~right].std(0), torch.tensor(0.1), atol=0.01)
    assert mixture.place(torch.zeros(1, 3), torch.tensor([1 - 2**-53])).isfinite().all()


def test_a_component_is_chosen_apart_from_where_the_draw_falls():
    seeds = range(2000)
    chosen, normal = noise.choices(seeds), noise.latents(seeds, 2).double()
    assert chosen.min() >= 0 and chosen.max() < 1 and chosen.mean().item() == pytest.approx(0.5, abs=0.03)
    assert torch.corrcoef(torch.stack([chosen, *normal.T])).fill_diagonal_(0).abs().max() < 0.08


def test_a_file_without_a_prior_samples_as_ever(vae):
    assert torch.equal(prior_latents(vae.model(), [3, 8]), noise.latents([3, 8], 4))
    assert not any(name.startswith("prior") for name in vae.model().state_dict())


def test_each_sample_is_its_seeds_alone(vae):
    model = vae.model(components=5)
    whole = prior_latents(model, [1, 2, 3])
    assert torch.equal(prior_latents(model, [2])[0], whole[1]) and not torch.equal(whole, noise.latents([1, 2, 3], 4))


def test_the_autoencoder_learns_the_same_beside_a_prior_and_takes_no_gradient_from_it(vae):
    plain, beside = vae.model(), vae.model(components=6)
    batch = vae.batches()
    (name, loss, _), *rest = plain.losses(batch(0))
    moves = list(beside.losses(batch(0)))
    assert [name, "prior"] == [move[0] for move in moves] and not rest and torch.equal(loss, moves[0][1])
    moves[1][1].backward()
    assert all(p.grad is None for part in (beside.encoder, beside.decoder) for p in part.parameters())
    assert all(p.grad.abs().sum() > 0 for p in beside.prior.parameters())


def test_a_prior_finds_the_encodings():
    model = build_model("vae", {"image_size": 4, "widths": (4,), "hidden": 8, "latents": 2, "components": 4})
    adam = torch.optim.Adam(model.prior.parameters(), lr=0.05)
    for _ in range(300):
        z = 0.2 * torch.randn(256, 2) + torch.tensor([[2.0, 0.0], [-2.0, 1.0]])[torch.randint(2, (256,))]
        adam.zero_grad()
        (-model.prior.log_prob(z).mean()).backward()
        adam.step()
    drawn = prior_latents(model.requires_grad_(False), range(500))
    nearest = torch.cdist(drawn, torch.tensor([[2.0, 0.0], [-2.0, 1.0]])).amin(1)
    assert (nearest < 1).float().mean() > 0.97
    assert (noise.latents(range(500), 2).abs() < 1).all(1).float().mean() > 0.4  # N(0, I) is mostly between them


def test_a_prior_is_added_to_a_trained_model_that_stays_what_it_was(vae, data_root, tmp_path):
    shipped = tmp_path / "shipped.safetensors"
    save_checkpoint(shipped, vae.model(seed=5), Meta("vae", vae.config))
    config = TrainConfig(dataset="mnist", steps=3, batch_size=8, init=str(shipped), precision="fp32")
    run = RunConfig(runs_root=str(tmp_path), data_root=str(data_root))
    done = train("vae", {**vae.config, "components": 6, "prior_only": True}, config, run)
    (old, _), (new, meta) = load_checkpoint(shipped), load_checkpoint(done.checkpoint)
    weights = new.state_dict()
    assert all(torch.equal(weights[name], t) for name, t in old.state_dict().items())
    assert meta.config["components"] == 6 and {n for n in weights if n not in old.state_dict()} == {
        "prior.means", "prior.log_scales", "prior.logits",
    }  # fmt: skip
    assert not torch.equal(new.prior.logits, torch.zeros(6))


def test_a_prior_of_no_components_cannot_be_all_that_is_trained():
    with pytest.raises(ValueError, match="components"):
        build_model("vae", {"prior_only": True})


def test_the_dice_roll_what_a_sample_decodes(vae, tmp_path):
    from genai.generation.vae import prior_latent

    model = vae.model(components=3)
    loaded = SimpleNamespace(model=model, config=model.config)
    assert prior_latent(loaded, 9) == pytest.approx(prior_latents(model, [9])[0].tolist(), abs=1e-4)
