"""Properties of every registered family, and the mathematics of each."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest
import torch
from conftest import Tiny, tiny_family
from torch import nn
from torch.distributions import Bernoulli, Normal, kl_divergence

from genai.checkpoint import Meta, load_checkpoint, save_checkpoint
from genai.data import load_dataset
from genai.errors import UserError
from genai.generation.images import to_uint8
from genai.generation.noise import classes, latents, sample_generator, uniforms
from genai.generation.sampling import filter_logits, sampler
from genai.models import FAMILIES, build_model, gan, gpt, vae
from genai.models.batch import Noise
from genai.models.fsq import FSQ
from genai.models.layers import to_signed
from genai.models.text2image import How
from genai.training.config import TrainConfig
from genai.training.distributed import Group
from genai.training.muon import Muon, orthogonalise
from genai.training.optim import make_optimizers, update

ONE = Group(torch.device("cpu"))


def optimizers_of(model: nn.Module, tiny: Tiny, **changes) -> dict[str, list]:
    config = dataclasses.replace(tiny.train, **changes)
    return {name: make_optimizers(model, name, config) for name in model.players}


def shaken(model: nn.Module, seed: int = 1, strength: float = 0.2) -> nn.Module:
    """The model with noise on every weight: layers that start at zero would hide mistakes."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn(p.shape, generator=generator), alpha=strength)
    return model.eval()


def snapshot(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in module.named_parameters()}


# -- every family --------------------------------------------------------------------------------------------


def test_losses_are_those_of_the_players(tiny: Tiny):
    model = tiny.model()
    yielded = []
    for name, loss, stats in model.losses(tiny.batches()(0)):
        yielded.append(name)
        assert loss.shape == () and loss.isfinite() and loss.requires_grad
        for key, value in stats.items():
            assert value.shape == () and value.isfinite() and not value.requires_grad, key
    assert yielded == list(model.players)


def test_players_share_out_the_parameters(tiny: Tiny):
    model = tiny.model()
    owned = [id(p) for player in model.players.values() for p in player.parameters() if p.requires_grad]
    assert len(owned) == len(set(owned)), "two players own the same parameter"
    assert set(owned) == {id(p) for p in model.parameters() if p.requires_grad}
    stepped = [
        id(p)
        for name in model.players
        for optimizer in make_optimizers(model, name, tiny.train)
        for group in optimizer.param_groups
        for p in group["params"]
    ]
    assert sorted(stepped) == sorted(owned), "every parameter belongs to exactly one optimizer"
    for name in model.compilable:
        model.get_submodule(name)


@pytest.mark.parametrize("family, changes", [("gan", {"body": "residual"}), ("gan", {"classes": 0})], ids=str)
def test_variants_train_too(family: str, changes: dict, tiny: Tiny):
    tiny.config |= changes
    test_three_steps_train_every_parameter(tiny)


def test_three_steps_train_every_parameter(tiny: Tiny):
    """Three, since what stands behind a layer that starts at zero gets no gradient in the first."""
    model = tiny.model()
    before = snapshot(model)
    optimizers = optimizers_of(model, tiny)
    batches = tiny.batches()
    for step in range(3):
        for name, loss, _ in model.losses(batches(step)):
            norm = update(loss, model.players[name], optimizers[name], 1.0, tiny.train.grad_clip, ONE)
            assert norm.isfinite() and norm > 0
    for name, p in model.named_parameters():
        assert p.isfinite().all()
        moved = not torch.equal(p, before[name])
        assert moved == p.requires_grad, f"{name} has {'moved, though frozen' if moved else 'not moved'}"


def test_only_the_player_moves(tiny: Tiny):
    """While one player steps, nothing else does, and nothing else gathers a gradient."""
    model = shaken(tiny.model()).train()
    optimizers = optimizers_of(model, tiny)
    batches = tiny.batches()
    for step in range(2):
        for name, loss, _ in model.losses(batches(step)):
            mine = {id(p) for p in model.players[name].parameters()}
            before = snapshot(model)
            update(loss, model.players[name], optimizers[name], 1.0, tiny.train.grad_clip, ONE)
            for key, p in model.named_parameters():
                assert p.grad is None
                if id(p) not in mine:
                    assert torch.equal(p, before[key]), f"{key} moved while {name} stepped"


def test_overfits_one_batch(tiny: Tiny):
    """The first player, alone against what stands still, learns one batch and its noise by heart.

    For the GAN that is the discriminator against a fixed generator; together they chase each other.
    """
    model = tiny.model()
    name = next(iter(model.players))
    optimizers = optimizers_of(model, tiny, lr=5e-3, beta1=0.9, beta2=0.99, weight_decay=0.0)[name]
    batches, losses = tiny.batches(), []
    for _ in range(40):
        _, loss, _ = next(model.losses(batches(0)))
        losses.append(loss.item())
        update(loss, model.players[name], optimizers, 1.0, 0.0, ONE)
    assert losses[-1] < 0.6 * losses[0], f"{losses[0]:.3f} -> {losses[-1]:.3f}"


def test_same_seed_same_model_same_losses(tiny: Tiny):
    """And the global random state, once the model is made, changes nothing."""
    first, second, other = tiny.model(seed=5), tiny.model(seed=5), tiny.model(seed=6)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters()))
    assert any(not torch.equal(a, b) for a, b in zip(first.parameters(), other.parameters()))
    results = []
    for model, junk in ((shaken(first), 1), (shaken(second), 2)):
        torch.manual_seed(junk)
        before = torch.random.get_rng_state()
        results.append([loss.item() for _, loss, _ in model.losses(tiny.batches()(3))])
        assert torch.equal(torch.random.get_rng_state(), before), "losses must draw from batch.noise alone"
    assert results[0] == results[1]
    changed = [loss.item() for _, loss, _ in first.losses(tiny.batches(seed=1)(3))]
    assert changed != results[0]


def test_gradients_of_two_halves_are_those_of_the_whole(tiny: Tiny):
    """What lets several processes share a batch: losses are means over rows, and noise belongs to rows."""
    model = shaken(tiny.model(), strength=0.05).train()
    for step in (0, 1):
        halves = [model.losses(tiny.batches(rank=r, world=2)(step)) for r in (0, 1)]
        for name, loss, _ in model.losses(tiny.batches()(step)):
            parameters = [p for p in model.players[name].parameters() if p.requires_grad]
            whole = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
            parts = []
            for half in halves:
                player, part, _ = next(half)
                assert player == name
                parts.append(torch.autograd.grad(part, parameters, retain_graph=True, allow_unused=True))
            flat = [torch.cat([g.flatten() for g in gs if g is not None]) for gs in (whole, *parts)]
            mean = (flat[1] + flat[2]) / 2
            assert (flat[0] - mean).norm() <= 1e-5 * flat[0].norm(), f"{name} at step {step}"


def test_save_and_load(tiny: Tiny, tmp_path):
    """A loaded model is the saved one in half precision, and computes nearly the same."""
    model = shaken(tiny.model(), strength=0.02)
    save_checkpoint(tmp_path / "a.safetensors", model, Meta(family=tiny.family, config=tiny.config))
    loaded, meta = load_checkpoint(tmp_path / "a.safetensors")
    assert meta.family == tiny.family and loaded.config == model.config and not loaded.training
    for (name, a), (other, b) in zip(model.state_dict().items(), loaded.state_dict().items()):
        assert name == other and a.dtype == b.dtype
        assert torch.equal(a.half().float() if a.is_floating_point() else a, b), name
    batch = tiny.batches()(1)
    for (_, a, _), (_, b, _) in zip(model.losses(batch), copy.deepcopy(model).losses(tiny.batches()(1))):
        assert torch.equal(a, b)
    loaded.requires_grad_(True)
    for (_, a, _), (_, b, _) in zip(model.losses(tiny.batches()(1)), loaded.losses(tiny.batches()(1))):
        torch.testing.assert_close(a, b, rtol=0.02, atol=0.02)


def draw_gan(model, seeds) -> np.ndarray:
    labels = torch.tensor(classes(seeds, max(1, model.config.classes)))
    return to_uint8(model.sample(latents(seeds, model.config.z_dim), labels)).astype(int)


def draw_vae(model, seeds) -> np.ndarray:
    return to_uint8(model.decode(latents(seeds, model.config.latents)), low=0.0).astype(int)


def draw_gpt(model, seeds) -> np.ndarray:
    prompt = torch.zeros(len(seeds), 3, dtype=torch.int64)
    return torch.stack(list(model.sample(prompt, sampler(seeds), 40)), dim=1).numpy()


def noisy_images(model, seeds) -> torch.Tensor:
    shape = (model.config.channels, model.config.image_size, model.config.image_size)
    images = [sample_generator(seed).integers(0, 256, shape, dtype=np.uint8) for seed in seeds]
    return torch.from_numpy(np.stack(images))


def draw_classifier(model, seeds) -> np.ndarray:
    return model.classify(noisy_images(model, seeds))[1].numpy()


def draw_judge(model, seeds) -> np.ndarray:
    return torch.stack([rows.argmax(1) for rows in model.answer(noisy_images(model, seeds))], dim=1).numpy()


def draw_tokenizer(model, seeds) -> np.ndarray:
    return to_uint8(model.decode(model.encode(noisy_images(model, seeds)))).astype(int)


def draw_text2image(model, seeds) -> np.ndarray:
    captions = torch.arange(1, model.config.caption_length + 1).repeat(len(seeds), 1)
    uniform = uniforms(seeds, *model.draws)
    *_, canvas = model.sample(model.blank(len(seeds)), How(model.make_plan(captions, uniform), uniform, rounds=4))
    return canvas.ids.numpy()


# family -> how it makes one result a seed, and by how much a value may differ between batches
DRAWS = {
    "gan": (draw_gan, 1), "vae": (draw_vae, 1), "gpt": (draw_gpt, 0), "classifier": (draw_classifier, 0),
    "features": (draw_classifier, 0), "judge": (draw_judge, 0), "tokenizer": (draw_tokenizer, 1),
    "text2image": (draw_text2image, 0),
}  # fmt: skip


def test_sample_depends_on_its_seed_alone(tiny: Tiny):
    """Tile 7 alone is tile 7 of 64, whoever else is asking and whatever the global random state."""
    if tiny.family not in DRAWS:
        pytest.fail(f"say in DRAWS how the family {tiny.family} makes one result from one seed")
    draw, tolerance = DRAWS[tiny.family]
    model = shaken(tiny.model())
    seeds = list(range(100, 164))
    together = draw(model, seeds)
    assert len(together) == 64
    assert len(np.unique(together.reshape(64, -1), axis=0)) > 1, "all alike: this would prove nothing"
    for i in (0, 7, 63):
        torch.manual_seed(i)
        assert np.abs(draw(model, seeds[i : i + 1])[0] - together[i]).max() <= tolerance
    assert np.abs(draw(model, seeds[::-1])[::-1] - together).max() <= tolerance


# -- noise and sampling --------------------------------------------------------------------------------------


def test_noise_is_bit_equal_in_any_company():
    together = latents(range(64), 16)
    assert together.shape == (64, 16) and together.dtype == torch.float32
    torch.manual_seed(1)
    assert all(torch.equal(latents([i], 16)[0], together[i]) for i in range(64))
    assert classes(range(64), 10) == [classes([i], 10)[0] for i in range(64)]
    assert set(classes(range(200), 10)) == set(range(10))
    assert abs(together.mean()) < 0.1 and abs(together.std() - 1) < 0.1


def test_temperature():
    logits = torch.tensor([[2.0, 1.0, 0.0, -1.0]])
    torch.testing.assert_close(filter_logits(logits), logits.double().softmax(-1))
    assert filter_logits(logits, 0.0).tolist() == [[1, 0, 0, 0]]
    peaks = [filter_logits(logits, t)[0, 0].item() for t in (0.1, 0.5, 1.0, 2.0, 100.0)]
    assert peaks == sorted(peaks, reverse=True) and peaks[0] > 0.99 and abs(peaks[-1] - 0.25) < 0.01


@pytest.mark.parametrize("k", [1, 3, 20, 50, 0])
def test_top_k(k: int):
    logits = torch.randn(5, 20)
    kept = filter_logits(logits, top_k=k)
    torch.testing.assert_close(kept.sum(-1), torch.ones(5).double())
    assert (kept > 0).sum(-1).tolist() == [min(k or 20, 20)] * 5
    assert torch.equal(kept.argmax(-1), logits.argmax(-1))


@pytest.mark.parametrize("p", [1e-9, 0.3, 0.9, 0.999])
def test_top_p(p: float):
    """The smallest set of likeliest tokens whose mass reaches p."""
    logits = 2 * torch.randn(50, 20)
    whole, kept = filter_logits(logits), filter_logits(logits, top_p=p)
    torch.testing.assert_close(kept.sum(-1), torch.ones(50).double())
    for before, after in zip(whole, kept):
        chosen = before[after > 0]
        assert chosen.sum() >= p - 1e-12
        assert chosen.sum() - chosen.min() < p + 1e-12, "one token fewer would do"
        assert (before[after == 0] <= chosen.min()).all()


def test_draws_follow_the_probabilities():
    logits = torch.tensor([[1.0, 0.0, -1.0, 2.0, -torch.inf]])
    draw, n = sampler([3]), 2000
    counts = torch.bincount(torch.stack([draw(logits)[0] for _ in range(n)]), minlength=5).double()
    expected = n * filter_logits(logits)[0]
    spread = (expected * (1 - expected / n)).sqrt()
    assert ((counts - expected).abs() <= 4 * spread).all()
    assert counts[4] == 0, "impossible tokens are never drawn"


def test_draws_of_a_row_are_its_seeds_alone():
    logits = torch.randn(4, 30)
    together = sampler([1, 2, 3, 4])
    alone = [sampler([s]) for s in (1, 2, 3, 4)]
    for _ in range(20):
        assert together(logits).tolist() == [d(logits[i : i + 1]).item() for i, d in enumerate(alone)]


# -- gpt -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small_gpt(data_root) -> gpt.GPT:
    return shaken(tiny_family("gpt", data_root).model())


def random_ids(model: gpt.GPT, batch: int, length: int) -> torch.Tensor:
    return torch.randint(model.config.vocab_size, (batch, length))


@torch.inference_mode()
def test_cache_gives_the_same_logits(small_gpt):
    """Read any part, decode the rest one by one: each row is that of a full forward pass, in blocks of any size."""
    window = small_gpt.config.block_size
    ids = random_ids(small_gpt, 3, window)
    whole = small_gpt(ids)
    decoder = gpt.Decoder(small_gpt, 3)
    for start, block in ((1, 1), (5, 3), (window, 1), (2, 100)):
        decoder.block = block
        rows = [decoder.read(ids[:, :start]), *(decoder.step(ids[:, t]) for t in range(start, window))]
        assert decoder.length == window
        torch.testing.assert_close(torch.stack(rows, dim=1), whole[:, start - 1 :], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("prompt_length", [1, 10, 16, 50])
def test_cache_gives_the_same_text(small_gpt, prompt_length: int):
    """Also past the end of the context, and for a prompt longer than it."""
    prompt = random_ids(small_gpt, 2, prompt_length)
    texts = [
        torch.stack(list(small_gpt.sample(prompt, sampler([1, 2]), 60, use_cache=cached)), dim=1)
        for cached in (True, False)
    ]
    assert texts[0].shape == (2, 60) and torch.equal(*texts)


@torch.inference_mode()
def test_no_look_into_the_future(small_gpt):
    ids = random_ids(small_gpt, 2, 16)
    before = small_gpt(ids)
    for t in (3, 15):
        changed = ids.clone()
        changed[:, t] = (changed[:, t] + 1) % small_gpt.config.vocab_size
        after = small_gpt(changed)
        torch.testing.assert_close(after[:, :t], before[:, :t], rtol=1e-5, atol=1e-5)
        assert not torch.allclose(after[:, t], before[:, t])
    with pytest.raises(ValueError, match="block_size"):
        small_gpt(random_ids(small_gpt, 1, 17))


def test_rotary_sees_only_distances():
    """<rotate(q, m), rotate(k, n)> depends on m - n alone, and rotation keeps lengths."""
    q, k = torch.randn(2, 1, 1, 1, 8)

    def product(m: int, n: int) -> float:
        turned = [gpt.rotate(x, gpt.rotary(torch.tensor([p]), 8)) for x, p in ((q, m), (k, n))]
        return (turned[0] * turned[1]).sum().item()

    for shift in (1, 20, 100):
        assert product(5 + shift, 2 + shift) == pytest.approx(product(5, 2), abs=1e-4)
    assert product(2, 5) != pytest.approx(product(5, 2), abs=1e-2)
    assert gpt.rotate(q, gpt.rotary(torch.tensor([9]), 8)).norm() == pytest.approx(q.norm().item(), rel=1e-5)


@torch.inference_mode()
def test_logits_stay_below_the_cap(small_gpt):
    wild = shaken(copy.deepcopy(small_gpt), strength=50.0)
    assert wild(random_ids(wild, 2, 16)).abs().max() <= gpt.SOFTCAP


# -- gan -----------------------------------------------------------------------------------------------------


def test_gradient_penalty_of_a_linear_critic():
    """D(x) = <w, x> has the gradient w everywhere; D(x) = |x|^2 / 2 has x."""
    w = torch.randn(1, 5, 5)
    images = torch.randn(7, 1, 5, 5, requires_grad=True)
    penalty = gan.gradient_penalty((images * w).flatten(1).sum(1), images)
    torch.testing.assert_close(penalty, w.square().sum())
    penalty = gan.gradient_penalty(images.square().flatten(1).sum(1) / 2, images)
    torch.testing.assert_close(penalty, images.detach().square().flatten(1).sum(1).mean())


def test_penalties_come_every_nth_step_and_train_the_critic(data_root):
    tiny = tiny_family("gan", data_root)
    batches = tiny.batches()
    for every in (1, 2, 3):
        model = shaken(tiny.model(penalty_every=every))
        for step in range(4):
            _, loss, stats = next(model.losses(batches(step)))
            assert ("r1_penalty" in stats) == ("r2_penalty" in stats) == (step % every == 0)
            if step % every == 0:
                penalties = stats["r1_penalty"] + stats["r2_penalty"]
                weight = 0.5 * every * gan.cosine(model.config.gamma, model.config.gamma_end, step / 100)
                assert penalties > 0
                torch.testing.assert_close(loss.detach(), stats["adversarial"] + weight * penalties)
    assert gan.cosine(2.0, 0.5, 0.0) == 2.0 and gan.cosine(2.0, 0.5, 1.0) == pytest.approx(0.5)


@torch.inference_mode()
def test_generator_obeys_class_and_range(data_root):
    model = shaken(tiny_family("gan", data_root).model())
    z = latents([1], model.config.z_dim)
    pictures = [model.sample(z, torch.tensor([c])) for c in range(10)]
    assert pictures[0].shape == (1, 1, 28, 28) and all(p.abs().max() <= 1 for p in pictures)
    assert not torch.equal(pictures[0], pictures[1])


# -- vae -----------------------------------------------------------------------------------------------------


def test_kl_against_torch_distributions():
    mu, logvar = torch.randn(6, 4), torch.randn(6, 4)
    expected = kl_divergence(Normal(mu, (0.5 * logvar).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(vae.kl_per_dimension(mu, logvar), expected)
    assert vae.kl_per_dimension(torch.zeros(1), torch.zeros(1)).item() == 0


def test_log_bernoulli_against_torch_distributions():
    logits, x = 3 * torch.randn(5, 1, 7, 7), torch.randint(2, (5, 1, 7, 7)).float()
    expected = Bernoulli(logits=logits).log_prob(x).flatten(1).sum(1)
    torch.testing.assert_close(vae.log_bernoulli(x, logits), expected)


def test_importance_weights_against_torch_distributions(data_root):
    """And their mean over noise comes to the elbo: reconstruction minus KL."""
    model = shaken(tiny_family("vae", data_root).model(), strength=0.05)
    x = torch.randint(2, (1, 1, 28, 28)).float()
    mu, logvar = model.encode(x)
    n = 500
    noise = torch.randn(n, model.config.latents)
    many = (x.expand(n, -1, -1, -1), mu.expand(n, -1), logvar.expand(n, -1))
    weights = model.log_importance(*many, noise)
    sigma = (0.5 * logvar).exp()
    z = mu + noise * sigma
    with torch.no_grad():
        likelihood = Bernoulli(logits=model.decoder(z)).log_prob(many[0]).flatten(1).sum(1)
    expected = likelihood + Normal(0.0, 1.0).log_prob(z).sum(1) - Normal(mu, sigma).log_prob(z).sum(1)
    torch.testing.assert_close(weights, expected, rtol=1e-4, atol=1e-3)
    elbo = likelihood - vae.kl_per_dimension(mu, logvar).sum()
    error = (weights - elbo).std() / n**0.5
    assert abs(weights.mean() - elbo.mean()) < 5 * error + 1e-3


def test_binarisation_is_dynamic(data_root):
    """Another step, another draw of the same grey pixels: the loss changes although the images do not."""
    tiny = tiny_family("vae", data_root)
    model, batch = tiny.model(), tiny.batches()(0)
    again = dataclasses.replace(batch, noise=tiny.batches()(1).noise)
    a, b, c = (next(model.losses(x))[1].item() for x in (batch, again, tiny.batches()(0)))
    assert a != b and a == c


# -- image tokenizer -----------------------------------------------------------------------------------------


def test_a_token_sees_its_own_pixels_and_the_decoder_sees_them_all(data_root):
    tiny = tiny_family("tokenizer", data_root)
    model, images = shaken(tiny.model()), tiny.batches()(0).inputs[:2]
    side, size = model.config.side, images.size(-1)
    cell = size // side
    row, column = side // 2, side - 2
    changed = images.clone()
    changed[..., row * cell : (row + 1) * cell, column * cell : (column + 1) * cell] ^= 255
    with torch.no_grad():
        apart = (
            (model.encoder(to_signed(changed)) - model.encoder(to_signed(images))).abs().amax((0, 1))
        )  # [side, side]
    assert apart[row, column] > 1e-3
    apart[row, column] = 0
    assert apart.max() < 1e-6
    ids = model.encode(images)
    other = ids.clone()
    other[:, row * side + column] = (other[:, row * side + column] + 1) % model.config.vocabulary
    moved = (model.decode(ids) - model.decode(other)).abs().amax((0, 1)) > 0
    assert moved.sum() > cell * cell  # seams are drawn together


def test_tokens_do_not_depend_on_precision(data_root):
    """A transformer trained in bfloat16 learns the tokens that it will meet when drawing in float32."""
    tiny = tiny_family("tokenizer", data_root)
    model, images = shaken(tiny.model()), tiny.batches()(0).inputs
    with torch.autocast("cpu", torch.bfloat16):
        half = model.encode(images)
    assert torch.equal(half, model.encode(images))


def test_a_decoder_can_learn_on_while_tokens_keep_their_meaning(data_root):
    tiny = tiny_family("tokenizer", data_root)
    model = tiny.model(keep_codes=True)
    before = copy.deepcopy(model.state_dict())
    config = TrainConfig(optimizer="muon", lr=1e-2, muon_lr=1e-2)
    optimizers = make_optimizers(model, "tokenizer", config)
    for _, loss, _ in model.losses(tiny.batches()(0)):
        update(loss, model, optimizers, 1.0, 0.0, Group(torch.device("cpu")))
    changed = {name.partition(".")[0] for name, value in model.state_dict().items() if not value.equal(before[name])}
    assert changed == {"decoder"}


def test_jitter_moves_a_share_of_the_digits_by_one_level():
    fsq = FSQ((8, 5))
    codes = fsq.to_codes(torch.arange(40).expand(500, 40))  # [B, N, D]: every token
    moved = fsq.jitter(codes, 0.3, Noise(torch.Generator().manual_seed(0), 500))
    before, after = (fsq.digits(fsq.to_ids(c)) for c in (codes, moved))
    assert torch.equal(fsq.to_codes(fsq.to_ids(moved)), moved), "still on its levels"
    steps = (after - before).abs()
    inner = (before > 0) & (before < torch.tensor([7, 4]))
    assert steps.max() == 1 and abs(steps[inner].float().mean() - 0.3) < 0.02
    assert fsq.jitter(codes, 0.0, None) is codes


def test_cells_are_measured_once_and_alike(data_root):
    tiny = tiny_family("tokenizer", data_root)
    model, batch = shaken(tiny.model()), tiny.batches()(0)
    images = to_signed(batch.inputs.repeat(2, 1, 1, 1))
    with torch.no_grad():
        each = model.measure_cells(model.encoder, images)
        torch.testing.assert_close(each, model.encoder(images).permute(0, 2, 3, 1), atol=1e-5, rtol=1e-4)


def test_layers_learn_to_say_what_they_say_alone(data_root):
    """What the first encoder reads from a picture comes nearer to what the second finds in its layers; that one does not
    move towards the first."""
    tiny = tiny_family("tokenizer", data_root)
    batches = tiny.batches(data=load_dataset("scenes", "train", layered=True))
    config = TrainConfig(optimizer="muon", lr=1e-2, muon_lr=2e-2)
    torch.manual_seed(0)
    model = tiny.model(layers=(2, 1, 1, 1), levels=(4, 4, 4, 4, 4), hidden=64)
    optimizers = make_optimizers(model, "tokenizer", config)
    distances = []
    for step in range(60):
        for _, loss, stats in model.losses(dataclasses.replace(batches(step), progress=0.0)):
            update(loss, model, optimizers, 1.0, 1.0, Group(torch.device("cpu")))
            distances.append(stats["apart"].item())
    assert sum(distances[-10:]) < 0.7 * max(sum(distances[i : i + 10]) for i in range(50))
    images = batches(60).inputs
    apart = model.measure_layers(images)
    batch = lambda: dataclasses.replace(batches(60), inputs=images, progress=0.0)  # noqa: E731
    ((_, loss, _),) = model.losses(batch())
    with torch.no_grad():
        model.encoder[-1].bias += 1  # the picture's code is another, the layers' and what is drawn from them are not
    assert torch.equal(model.measure_layers(images), apart)
    ((_, moved, _),) = model.losses(batch())
    old, new = (torch.autograd.grad(each, model.layer_encoder[-1].bias)[0] for each in (loss, moved))
    assert moved > loss and torch.equal(old, new)


def test_layers_need_data_that_shows_them(data_root):
    tiny = tiny_family("tokenizer", data_root)
    model = tiny.model(layers=(4, 4))
    with pytest.raises(UserError, match="layers"):
        next(model.losses(tiny.batches()(0)))
    with pytest.raises(ValueError, match="share out"):
        tiny.model(layers=(4, 3))


# -- muon and configs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(32, 32), (16, 64), (64, 16), (192, 48)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
def test_orthogonalise(shape: tuple[int, int], dtype: torch.dtype):
    """Every singular value comes near 1, and the update still points along the gradient."""
    gradient = torch.randn(shape) * 1e-3
    update = orthogonalise(gradient, dtype=dtype)
    assert update.dtype == gradient.dtype
    values = torch.linalg.svdvals(update)
    assert values.min() > 0.4 and values.max() < 1.3
    u, _, vt = torch.linalg.svd(gradient, full_matrices=False)
    alignment = (update * (u @ vt)).sum() / (update.norm() * (u @ vt).norm())
    assert alignment > 0.95
    assert torch.equal(orthogonalise(torch.zeros(shape), dtype=dtype), torch.zeros(shape))


def test_muon_update_has_the_size_of_its_learning_rate():
    weight = nn.Parameter(torch.zeros(24, 48))
    weight.grad = torch.randn(24, 48)
    Muon([weight], lr=0.1).step()
    assert 0.04 < torch.linalg.svdvals(weight.detach()).median() < 0.13


def test_processes_share_muons_work_and_end_alike():
    """Each of two processes orthogonalises some matrices; together they step as one alone does."""
    matrices = [torch.randn(shape) for shape in ((24, 48), (48, 24), (16, 16), (8, 64), (32, 32))]

    class Half:
        world = 2

        def __init__(self, rank: int):
            self.rank, self.kept = rank, []

        def sum(self, tensors):
            self.kept = [t.clone() for t in tensors]

    halves = [Half(0), Half(1)]
    for half in halves:
        Muon([nn.Parameter(torch.zeros(1))], group=half)._orthogonalised(matrices)
    for whole, a, b in zip(matrices, halves[0].kept, halves[1].kept):
        assert torch.equal(a + b, orthogonalise(whole))
        assert (a == 0).all() != (b == 0).all(), "one of them does it"


def test_configs_are_checked():
    with pytest.raises(UserError, match=", ".join(sorted(FAMILIES))) as caught:
        build_model("diffusion")
    assert caught.value.code == "unknown_family"
    with pytest.raises(UserError, match="n_layer") as caught:
        build_model("gpt", {"layers": 3})
    assert caught.value.code == "unknown_option"
    for family, config in (
        ("gan", {"image_size": 27}),
        ("gan", {"body": "swin"}),
        ("gan", {"d_widths": (8,)}),
        ("vae", {"image_size": 30}),
        ("gpt", {"n_embd": 10, "n_head": 4}),
    ):
        with pytest.raises(ValueError):
            build_model(family, config)
