"""The VAE of photographs: its likelihood, losses and priors; its directions; what a visitor's own picture is answered."""

from __future__ import annotations

import base64
import io
import math

import numpy as np
import pytest
import torch
from conftest import draw_cat, write_cats
from PIL import Image
from test_projected import Eyes

from genai.checkpoint import Meta, read_meta, save_checkpoint, update_meta
from genai.data import load_dataset
from genai.errors import UserError
from genai.generation import noise, vae
from genai.generation.engine import Engine
from genai.generation.images import heat
from genai.generation.look import take_look
from genai.metrics import measure, metrics_for
from genai.models import build_model
from genai.models.batch import Batch, Noise
from genai.models.vae import Flow, Logistic
from genai.models.vae.directions import principal_directions
from genai.models.vae.residual import Doubled

CONFIG = dict(
    image_size=16, channels=3, latents=6, body="residual", widths=(8, 8), decoder_widths=(8, 8, 8), likelihood="logistic",
    loss="perceptual", adversarial=0.1, adversarial_from=0.5, beta=0.0005, flip=True, prior="flow", couplings=4, hidden=8,
)  # fmt: skip


def model(seed: int = 0, **changes):
    torch.manual_seed(seed)
    built = build_model("vae", {**CONFIG, **changes})
    built.look_through(Eyes())
    return built


def batch(step: int = 0, progress: float = 0.9, count: int = 8, still: bool = False) -> Batch:
    images = torch.randint(0, 256, (count, 3, 16, 16), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    made = Batch(images, torch.zeros(count), Noise(torch.Generator().manual_seed(step), count), step, progress)
    made.noise.still = still
    return made


# -- the body ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [4, 8, 16, 24])
def test_a_doubled_convolution_is_one_of_the_enlarged_picture(side):
    """... and teaches its filters the same, whichever way it is computed."""
    doubled, x = Doubled(5, 7), torch.randn(2, 5, side, side + 8)
    enlarged = x.repeat_interleave(2, -1).repeat_interleave(2, -2)
    plain = torch.nn.functional.conv2d(enlarged, doubled.weight, doubled.bias, padding=1)
    assert torch.allclose(doubled(x), plain, atol=1e-5)
    ours, theirs = (torch.autograd.grad(y.square().mean(), doubled.weight)[0] for y in (doubled(x), plain))
    assert torch.allclose(ours, theirs, atol=1e-6)


# -- the likelihood ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("log_scale", [-6.0, -2.0, 1.0])
@pytest.mark.parametrize("mean", [0.0, 0.31, 1.0])
def test_the_masses_of_all_grey_levels_add_up_to_one(log_scale, mean):
    pixel = Logistic(1).requires_grad_(False)
    pixel.log_scales.fill_(log_scale)
    levels = (torch.arange(256) / 255).view(256, 1, 1, 1)
    logits = torch.full((256, 1, 1, 1), mean).logit(eps=1e-6)
    masses = pixel.log_prob(levels, logits)
    assert torch.isfinite(masses).all(), "far from the mean, too"
    assert masses.exp().sum().item() == pytest.approx(1, abs=1e-4)
    assert abs(masses.argmax().item() - 255 * mean) <= 1 or log_scale > 0


def test_the_mass_of_a_level_is_the_difference_of_two_sigmoids():
    pixel = Logistic(3).requires_grad_(False)
    pixel.log_scales.copy_(torch.tensor([-1.0, -2.0, -3.0]))
    x, logits = torch.full((1, 3, 1, 1), 100 / 255), torch.tensor([0.2, -0.5, 0.1]).view(1, 3, 1, 1)
    off = (2 * x - 1 - torch.tanh(logits / 2)).flatten().double()
    scale = pixel.log_scales.double().exp()
    expected = ((off + 1 / 255) / scale).sigmoid() - ((off - 1 / 255) / scale).sigmoid()
    assert pixel.log_prob(x, logits).item() == pytest.approx(expected.log().sum().item(), abs=1e-4)


def test_the_likelihood_learns_its_scales_and_steers_no_picture():
    """The autoencoder's gradients are the same whatever the scales are; theirs are not."""
    gradients = {}
    for scale in (-3.0, -1.0):
        vae_ = model(adversarial=0.0)
        torch.nn.init.constant_(vae_.observation.log_scales, scale)
        (_, loss, _), *_ = vae_.losses(batch())
        loss.backward()
        gradients[scale] = vae_.decoder.out.weight.grad, vae_.observation.log_scales.grad
    assert torch.allclose(gradients[-3.0][0], gradients[-1.0][0])
    assert not torch.allclose(gradients[-3.0][1], gradients[-1.0][1])


def test_the_bound_of_colours_can_be_learned_too():
    plain = model(loss="elbo", adversarial=0.0, beta=1.0, flip=False, prior="mixture")
    ((name, loss, stats),) = plain.losses(batch())
    assert name == "vae" and loss.item() == pytest.approx(-stats["elbo"].item()), "warm: the loss is the bound"
    x = batch().inputs.float() / 255
    mu, logvar = plain.encode(x)
    found = plain.log_importance(x, mu, logvar, torch.zeros_like(mu))
    assert torch.isfinite(found).all() and found.shape == (8,)


# -- the game ------------------------------------------------------------------------------------------------


def test_each_player_learns_from_its_own_loss():
    vae_ = model()
    assert list(vae_.players) == ["discriminator", "vae", "prior"]
    for _, _, (name, loss, stats) in zip(range(3), vae_.players, vae_.losses(batch())):
        player = vae_.players[name]
        mine = [p for p in player.parameters() if p.requires_grad]
        gradients = torch.autograd.grad(loss, mine, retain_graph=True, allow_unused=True)
        assert torch.isfinite(loss) and all(torch.isfinite(v) for v in stats.values())
        assert any(g is not None and g.abs().sum() > 0 for g in gradients)
        if name == "prior":
            assert not torch.autograd.grad(loss, list(vae_.encoder.parameters()), allow_unused=True)[0]


def test_the_discriminator_comes_when_it_is_said_and_never_judges_what_is_held_out():
    names = [[name for name, *_ in model().losses(batch(progress=p, still=s))] for p, s in ((0.4, 0), (0.5, 0), (1, 1))]
    assert names == [["vae", "prior"], ["discriminator", "vae", "prior"], ["vae", "prior"]]
    assert list(model(adversarial=0.0).players) == ["vae", "prior"]


def test_reconstructions_come_to_look_like_the_pictures():
    vae_ = model(adversarial=0.0)
    adam = torch.optim.Adam(vae_.players["vae"].parameters(), 3e-3)
    seen = []
    for step in range(25):
        (_, loss, stats), *_ = vae_.losses(batch(step))
        adam.zero_grad()
        loss.backward()
        adam.step()
        seen.append((stats["pixels"].item(), stats["bits"].item()))
    assert seen[-1][0] < seen[0][0] and seen[-1][1] < seen[0][1]


def test_the_prior_alone_needs_no_network_and_moves_nothing_else():
    alone = model(prior_only=True)
    assert list(alone.players) == ["prior"] and not type(alone).wants_backbone(alone.config)
    del alone._backbone
    ((name, loss, _),) = alone.losses(batch())
    loss.backward()
    assert name == "prior" and all(p.grad is None for part in (alone.encoder, alone.decoder) for p in part.parameters())


@pytest.mark.parametrize(
    "changes, named",
    [
        ({"likelihood": "bernoulli"}, "--likelihood logistic"),
        ({"loss": "elbo"}, "--loss perceptual"),
        ({"image_size": 18}, "2^2"),
        ({"body": "dense"}, "gated, residual"),
        ({"latents": 1}, "--couplings 0"),
    ],
)
def test_what_cannot_be_combined_says_what_to_do(changes, named):
    with pytest.raises(ValueError) as caught:
        model(**changes)
    assert named in str(caught.value)


# -- the flow ------------------------------------------------------------------------------------------------


def bent(couplings: int = 5, latents: int = 5) -> Flow:
    flow = Flow(couplings, latents, 8).requires_grad_(False)
    for p in flow.parameters():
        p.normal_(std=0.3)
    return flow


@pytest.mark.parametrize("latents", [1, 2, 5, 8])
def test_a_flow_goes_back_the_way_it_came(latents):
    flow = bent(0 if latents == 1 else 5, latents)
    noise_, uniform = torch.randn(20, latents), torch.rand(20)
    z = flow.place(noise_, uniform)
    u = (z - flow.mean) @ flow.whitening().T
    for coupling in flow.couplings:
        u, _ = coupling(u)
    torch.testing.assert_close(u, noise_, rtol=1e-3, atol=1e-4)


def test_the_density_of_a_flow_is_by_the_change_of_variables():
    flow = bent()
    z = torch.randn(4, 5)

    def whiten(one):
        u = ((one - flow.mean) @ flow.whitening().T)[None]
        for coupling in flow.couplings:
            u, _ = coupling(u)
        return u[0]

    for one, found in zip(z, flow.log_prob(z)):
        jacobian = torch.autograd.functional.jacobian(whiten, one)
        expected = -0.5 * (whiten(one).square() + math.log(2 * math.pi)).sum() + jacobian.det().abs().log()
        assert found.item() == pytest.approx(expected.item(), abs=1e-3)


def test_a_flow_without_couplings_learns_a_covariance():
    torch.manual_seed(0)
    covariance = torch.tensor([[2.0, 1.2], [1.2, 1.0]])
    z = torch.randn(4000, 2) @ torch.linalg.cholesky(covariance).T + torch.tensor([1.0, -2.0])
    flow = Flow(0, 2, 8)
    adam = torch.optim.Adam(flow.parameters(), 0.05)
    for _ in range(150):
        adam.zero_grad()
        (-flow.log_prob(z).mean()).backward()
        adam.step()
    flow.requires_grad_(False)
    drawn = flow.place(torch.randn(8000, 2), torch.rand(8000))
    assert torch.allclose(torch.cov(drawn.T), covariance, atol=0.15)
    assert torch.allclose(drawn.mean(0), torch.tensor([1.0, -2.0]), atol=0.08)


def test_every_latent_is_moved_by_some_coupling():
    flow = Flow(8, 10, 4)
    assert {int(i) for coupling in flow.couplings for i in coupling.moves} == set(range(10))


def test_each_sample_is_its_seeds_alone():
    built = model().eval()
    built.prior = bent(latents=6)
    whole = vae.prior_latents(built, [1, 2, 3])
    torch.testing.assert_close(vae.prior_latents(built, [2])[0], whole[1], rtol=0, atol=1e-6)
    assert not torch.equal(whole, noise.latents([1, 2, 3], 6))


# -- directions ----------------------------------------------------------------------------------------------


def test_directions_are_ordered_by_what_they_change_and_go_towards_light():
    """Latent 0 varies most and shows nothing, latent 1 lightens much, latent 2 darkens a little."""
    mu = torch.randn(500, 4) * torch.tensor([9.0, 1.0, 2.0, 0.0]) + torch.tensor([0.0, 1.0, 0.0, 0.0])

    def decode(z):
        return (0.5 + 0.1 * z[:, 1] - 0.02 * z[:, 2]).view(-1, 1, 1, 1).expand(-1, 3, 4, 4)

    said = principal_directions(mu, decode, count=3)
    assert said["changes"] == sorted(said["changes"], reverse=True) and len(said["axes"]) == 3
    first, second = torch.tensor(said["axes"][0]), torch.tensor(said["axes"][1])
    assert first[1] > 0.9 and second[2] < -0.9 and torch.tensor(said["axes"][2])[0].abs() > 0.9
    assert said["deviations"][0] == pytest.approx(1, abs=0.15) and said["deviations"][2] == pytest.approx(9, rel=0.1)
    gram = torch.tensor(said["axes"]) @ torch.tensor(said["axes"]).T
    assert torch.allclose(gram, torch.eye(3), atol=1e-3)


def test_fewer_latents_or_pictures_than_directions_are_enough():
    for count, latents in ((3, 4), (1, 3), (20, 2)):
        said = principal_directions(torch.randn(count, latents), lambda z: z.sum(1).view(-1, 1, 1, 1))
        assert len(said["axes"]) == latents and all(map(math.isfinite, said["deviations"]))


# -- a checkpoint of it --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A model of drawn cats with its figures, in a folder: (folder, data root)."""
    folder = tmp_path_factory.mktemp("photos")
    write_cats(folder / "data", 40, 24)
    torch.manual_seed(0)
    config = {**CONFIG, "image_size": 64, "widths": (8, 8, 8), "decoder_widths": (8, 8, 8, 8)}
    built = build_model("vae", config).requires_grad_(False)
    for p in built.parameters():
        p *= 2 if p.ndim > 1 else 1  # as it starts, it draws nearly the same for every latent
    for p in built.prior.parameters():
        p.normal_(std=0.1)  # and samples come from N(0, I)
    data = load_dataset("cats", "train", folder / "data")
    meta = Meta("vae", config, dataset="cats", extra=built.complete(data))
    save_checkpoint(folder / "vae-cats.safetensors", built, meta)
    names = ["bits_per_dimension", "active_units", "rarity"]
    for _ in measure(folder / "vae-cats.safetensors", names, root=folder / "data", device="cpu", save=True):
        pass
    return folder, folder / "data"


@pytest.fixture(scope="module")
def engine(place):
    return Engine(place[0], device="cpu")


def uri(picture: Image.Image, kind: str = "PNG", **more) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **more)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def pixels_of(data_uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data_uri.partition(",")[2]))).convert("RGB")).astype(int)


def test_metrics_are_those_that_mean_something(place):
    figures = read_meta(place[0] / "vae-cats.safetensors").metrics
    bits, rarity = figures["bits_per_dimension"], figures["rarity"]
    assert bits["n"] == 24 and 0 < bits["value"] < 20 and bits["learned_prior"] != bits["value"]
    assert len(bits["scales"]) == 3 and all(scale > 0 for scale in bits["scales"])
    assert len(rarity["rarity"]) == len(rarity["off"]) == 101
    assert rarity["rarity"] == sorted(rarity["rarity"]) and rarity["value"] == pytest.approx(
        rarity["rarity"][50], abs=1
    )
    assert 0 <= figures["active_units"]["value"] <= 6
    photos, digits = metrics_for(Meta("vae", CONFIG, dataset="cats")), metrics_for(Meta("vae", {}, dataset="mnist"))
    assert not {"nll_k1", "nll_k50"} & set(photos) and not {"bits_per_dimension", "rarity"} & set(digits)


def test_bits_are_those_of_the_masses_where_latents_say_nothing(tmp_path, place):
    """Then the encoder costs nothing, and each grey level costs what it does by itself, under both priors."""
    config = {**CONFIG, "image_size": 64, "adversarial": 0.0, "couplings": 0}
    built = build_model("vae", config).requires_grad_(False)
    for part in (built.encoder.moments, built.decoder.out):
        part.weight.zero_()
        part.bias.zero_()
    save_checkpoint(tmp_path / "blank.safetensors", built, Meta("vae", config, dataset="cats"))
    (record,) = measure(tmp_path / "blank.safetensors", ["bits_per_dimension"], root=place[1], device="cpu")
    levels = (torch.arange(256) / 255).view(256, 1, 1, 1).expand(-1, 3, -1, -1)
    costs = -built.observation.log_prob(levels, torch.zeros(256, 3, 1, 1)) / (3 * math.log(2))
    pictures = load_dataset("cats", "test", place[1]).images.long()
    assert record["value"] == pytest.approx(costs[pictures].mean().item(), rel=1e-4)
    assert record["learned_prior"] == pytest.approx(record["value"])


def test_a_look_shows_pictures_over_their_reconstructions_and_samples(place, engine, tmp_path):
    loaded = engine.get("vae-cats")
    data = load_dataset("cats", "train", place[1])
    take_look(loaded.model, loaded.meta, tmp_path / "look", data)
    seen = Image.open(tmp_path / "look.png")
    assert seen.size == (2 * 10 * 64, 2 * 12 * 64)
    first = np.asarray(seen.resize((640, 768), Image.Resampling.BOX))[:64, :64].astype(int)
    assert np.abs(first - data.images[0].permute(1, 2, 0).numpy()).mean() < 6


def test_a_photograph_is_read_drawn_again_compared_and_placed(engine):
    cat = draw_cat(3)
    data = engine.generate("vae-cats", "reconstruct", {"image": uri(cat)}).data
    assert data["z"] == engine.generate("vae-cats", "encode", {"image": uri(cat)}).data["z"]
    seen, redrawn = pixels_of(data["seen"]), pixels_of(data["redrawn"])
    assert np.abs(seen - np.asarray(cat).astype(int)).max() <= 1
    drawn = engine.generate("vae-cats", "decode", {"z": data["z"]}).pixels.astype(int)
    assert np.abs(redrawn - drawn).max() <= 1
    assert data["off"] == pytest.approx(np.abs(seen - redrawn).mean(), abs=0.1)
    apart = np.abs(seen - redrawn).mean(-1)
    bright = pixels_of(data["difference"]).sum(-1)
    most, least = apart > np.quantile(apart, 0.9), apart < np.quantile(apart, 0.1)
    assert bright[most].mean() > bright[least].mean()
    assert 0 <= data["lost"] <= 100 and 0 <= data["unusual"] <= 100


def test_percentiles_are_of_the_test_pictures():
    assert [vae.percentile(list(range(101)), v) for v in (-5, 0.5, 50, 99.5, 1e9)] == [0, 1, 50, 100, 100]
    assert vae.percentile(None, 3) is None and vae.percentile([], 3) is None


def test_nobody_says_how_unusual_a_picture_is_where_nobody_measured(place, tmp_path):
    path = tmp_path / "vae-cats.safetensors"
    path.write_bytes((place[0] / "vae-cats.safetensors").read_bytes())
    update_meta(path, lambda meta: meta.metrics.clear())
    data = Engine(tmp_path, device="cpu").generate("vae-cats", "reconstruct", {"image": uri(draw_cat(1))}).data
    assert data["lost"] is data["unusual"] is None and data["off"] > 0


def test_pictures_of_every_kind_are_read_as_what_they_show(engine):
    cat = draw_cat(5)
    z = engine.generate("vae-cats", "encode", {"image": uri(cat)}).data["z"]

    def off(image: str) -> float:
        return np.abs(np.subtract(z, engine.generate("vae-cats", "encode", {"image": image}).data["z"])).max()

    turned = cat.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned right by a quarter
    assert off(uri(turned, "PNG", exif=exif)) < 1e-3
    assert off(uri(cat.resize((640, 640), Image.Resampling.NEAREST))) < 0.3
    assert off(uri(cat.convert("CMYK"), "JPEG", quality=100)) < 0.5
    assert off(uri(cat.quantize(64), "GIF")) < 0.5
    grey = engine.generate("vae-cats", "encode", {"image": uri(cat.convert("L"))}).data["z"]
    deep = Image.fromarray(np.asarray(cat.convert("L")).astype(np.uint16) * 257)
    found = engine.generate("vae-cats", "encode", {"image": uri(deep)}).data["z"]
    assert np.abs(np.subtract(grey, found)).max() < 0.1
    clear = cat.convert("RGBA")
    clear.putalpha(0)
    white = engine.generate("vae-cats", "encode", {"image": uri(Image.new("RGB", (9, 9), "white"))}).data["z"]
    found = engine.generate("vae-cats", "encode", {"image": uri(clear)}).data["z"]
    assert np.abs(np.subtract(white, found)).max() < 0.05, "paper shows through"


@pytest.mark.parametrize("action", ["encode", "reconstruct"])
def test_what_is_no_picture_or_a_huge_one_is_refused(engine, action):
    text = "data:image/png;base64," + base64.b64encode(b"I am a cat.").decode()
    with pytest.raises(UserError, match="PNG, JPEG"):
        engine.generate("vae-cats", action, {"image": text})
    huge = uri(Image.new("1", (6_000, 6_000)))
    with pytest.raises(UserError, match="36,000,000"):
        engine.generate("vae-cats", action, {"image": huge})
    for bad in (None, 7, "cat.png", [math.nan], "data:image/png;base64,%%%"):
        with pytest.raises(UserError):
            engine.generate("vae-cats", action, {"image": bad})
    assert engine.generate("vae-cats", action, {"image": uri(Image.new("RGB", (1, 1)))}).data["z"]


# -- ways from one latent to another -------------------------------------------------------------------------


def ends(engine) -> dict:
    loaded = engine.get("vae-cats")
    return {"z": vae.prior_latent(loaded, 1), "z_to": vae.prior_latent(loaded, 2)}


def test_a_morph_begins_and_ends_where_it_is_said_and_differs_from_the_cross_fade_between(engine):
    both = ends(engine)
    first, last = (engine.generate("vae-cats", "decode", {"z": z}).pixels.astype(int) for z in both.values())
    for position, end in ((0.0, first), (1.0, last)):
        drawn = engine.generate("vae-cats", "morph", {**both, "position": position}).pixels.astype(int)
        assert drawn.shape == (64, 128, 3)
        assert np.abs(drawn[:, :64] - end).max() <= 1 and np.abs(drawn[:, 64:] - end).max() <= 1
    half = engine.generate("vae-cats", "morph", both).pixels.astype(int)
    assert np.abs(half[:, 64:] - (first + last) / 2).max() <= 1
    assert np.abs(half[:, :64] - half[:, 64:]).max() > 1


def test_a_film_is_the_morph_and_its_loop_comes_back(engine):
    both = ends(engine)
    film = engine.generate("vae-cats", "film", both).pixels.astype(int)
    assert film.shape == (2 * 64, vae.STOPS * 64, 3)
    half = engine.generate("vae-cats", "morph", both).pixels.astype(int)
    middle = vae.STOPS // 2 * 64
    assert np.abs(film[:64, middle : middle + 64] - half[:, :64]).max() <= 1
    assert np.abs(film[64:, middle : middle + 64] - half[:, 64:]).max() <= 1
    frames = engine.generate("vae-cats", "morph_loop", both).frames.astype(int)
    assert frames.shape == (vae.LOOP_FRAMES, 64, 128, 3)
    assert np.abs(frames[1] - frames[-1]).max() <= 1, "there and back"


def test_a_strip_goes_along_its_direction_from_where_one_stands(engine):
    loaded = engine.get("vae-cats")
    said = vae.directions_of(loaded)
    z = torch.tensor(vae.prior_latent(loaded, 3))
    for direction in (0, 4):
        strip = engine.generate("vae-cats", "strip", {"z": z.tolist(), "direction": direction}).pixels.astype(int)
        assert strip.shape == (64, len(vae.ALONG) * 64, 3)
        axis, mean = torch.tensor(said["axes"][direction]), torch.tensor(said["mean"])
        for i, along in enumerate(vae.ALONG):
            there = z + (along * said["deviations"][direction] - (z - mean) @ axis) * axis
            whole = engine.generate("vae-cats", "decode", {"z": there.clamp(-4, 4).tolist()}).pixels.astype(int)
            assert np.abs(strip[:, 64 * i : 64 * i + 64] - whole).max() <= 1
    with pytest.raises(UserError, match="direction"):
        engine.generate("vae-cats", "strip", {"direction": len(said["axes"])})
    with pytest.raises(UserError, match="6 numbers"):
        engine.generate("vae-cats", "morph", {"z": [0.0] * 5})
    with pytest.raises(UserError, match="z_to"):
        engine.generate("vae-cats", "morph", {"z_to": [math.nan] * 6})


def test_without_directions_each_latent_is_one(tmp_path):
    config = {**CONFIG, "adversarial": 0.0}
    save_checkpoint(
        tmp_path / "plain.safetensors", model(adversarial=0.0),
        Meta("vae", config, dataset="folder", extra={"latent_order": [2, 0, 1, 3, 4, 5]}),
    )  # fmt: skip
    said = vae.directions_of(Engine(tmp_path, device="cpu").entry("plain"))
    assert np.argmax(said["axes"], 1).tolist() == [2, 0, 1, 3, 4, 5]


def test_heat_rises_from_dark_to_white():
    ramp = heat(np.linspace(0, 1, 50)[None])[0].astype(int)
    brightness = ramp.sum(-1)
    assert (np.diff(brightness) >= 0).all() and brightness[0] < 60 and brightness[-1] > 700
