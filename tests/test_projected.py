"""The generator with styles, the discriminator that looks through a frozen network, and the network itself."""

from __future__ import annotations

import copy
import dataclasses

import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

from genai.data import load_dataset
from genai.models import FAMILIES, build_model, configure
from genai.models.backbone import WIDTHS, Backbone, fold, stand_in, weights_below
from genai.models.batch import Batch, Noise
from genai.models.gan import Config
from genai.models.gan.projected import ProjectedDiscriminator, Projection, augment
from genai.models.gan.style import Styled, StyleGenerator
from genai.models.layers import count_parameters
from genai.training.presets import get_preset

CONFIG = dict(
    image_size=16, channels=3, classes=0, z_dim=8, widths=(16, 16, 8), flip=True,
    body="style", d_body="projected", loss="hinge", penalty="none",
)  # fmt: skip


class Eyes(nn.Module):
    """In place of the frozen network: maps of its shapes, each a fixed mix of the picture at that scale."""

    def __init__(self):
        super().__init__()
        g = torch.Generator().manual_seed(0)
        self.mixes = [torch.randn(width, 3, generator=g) for width in WIDTHS]

    def forward(self, images):
        whole = F.interpolate(images.float(), size=(128, 128), mode="bilinear")
        scales = [F.avg_pool2d(whole, 2 ** (2 + i)) for i in range(len(WIDTHS))]
        return [torch.einsum("wc,bchx->bwhx", mix, x) for mix, x in zip(self.mixes, scales)]


def model(**changes):
    torch.manual_seed(0)
    built = build_model("gan", {**CONFIG, **changes}).train()  # as a run begins
    built.look_through(Eyes())
    return built


def batch_of(images, labels, step=0):
    return Batch(images, labels, Noise(torch.Generator().manual_seed(step), len(images)), step, progress=0.0)


def pictures(count=8, channels=3, seed=0):
    g = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, channels, 16, 16), generator=g, dtype=torch.uint8)


def test_a_style_scales_and_shifts_what_the_batch_normalised():
    """In training by the batch's own means and deviations; in sampling by running ones, so no picture depends on another."""
    torch.manual_seed(0)
    layer, x, w = Styled(5, 6), 3 + 2 * torch.randn(64, 5, 8, 8), torch.randn(64, 6)
    scale, shift = layer.affine(w)[:, :, None, None].chunk(2, dim=1)
    mean, std = x.mean((0, 2, 3), keepdim=True), x.std((0, 2, 3), correction=0, keepdim=True)
    expected = F.leaky_relu((1 + scale) * (x - mean) / std + shift, 0.2)
    torch.testing.assert_close(layer(x, w), expected, rtol=1e-3, atol=1e-4)
    layer.eval()
    alone = torch.cat([layer(x[i : i + 1], w[i : i + 1]) for i in range(4)])
    torch.testing.assert_close(layer(x, w)[:4], alone)
    assert not torch.allclose(layer(x, w), expected, atol=0.1)  # after one batch the running ones lag behind


def test_coarse_levels_settle_the_large_fine_ones_the_small():
    """Replacing the style of the last level changes no coarse average; replacing that of the first does."""
    torch.manual_seed(0)
    generator = StyleGenerator(
        Config(image_size=32, channels=3, classes=0, z_dim=16, widths=(32, 32, 16, 8), body="style")
    ).eval()
    z, labels = torch.randn(8, 16), torch.zeros(8, dtype=torch.int64)
    styles = generator.styles(z, labels)
    other = styles.roll(1, 0)
    assert torch.equal(generator.synthesise(styles), generator(z, labels))
    each = z[:, None].expand(-1, 4, -1)
    torch.testing.assert_close(generator(each, labels), generator(z, labels), rtol=0, atol=1e-5)

    def changed(levels):
        mixed = styles.clone()
        mixed[:, levels] = other[:, levels]
        return (generator.synthesise(mixed) - generator.synthesise(styles)).abs().mean().item()

    assert changed([]) == 0 and changed([0]) > 0 and changed([3]) > 0
    whole = (generator.synthesise(other) - generator.synthesise(styles)).abs().mean().item()
    assert changed([0, 1, 2, 3]) == pytest.approx(whole)


@pytest.mark.parametrize("classes", [0, 4])
def test_each_player_learns_and_the_rest_stands_still(classes):
    gan = model(classes=classes)
    batch = batch_of(pictures(), torch.arange(8) % max(1, classes))
    for name, loss, stats in gan.losses(batch):
        player = gan.players[name]
        parameters = [p for p in player.parameters() if p.requires_grad]
        gradients = torch.autograd.grad(loss, parameters, allow_unused=False)
        names = [n for n, p in player.named_parameters() if p.requires_grad]
        assert torch.isfinite(loss)
        # Of a head's bias real and fake may cancel, while no verdict is beyond the hinge.
        assert not [n for n, g in zip(names, gradients) if g.abs().sum() == 0 and not n.endswith("out.bias")]
        assert all(torch.isfinite(v).all() for v in stats.values())


def test_the_discriminator_learns_to_tell_and_the_generator_to_fool():
    gan = model()
    optimizers = {name: torch.optim.Adam([p for p in player.parameters() if p.requires_grad], 2e-3, (0.0, 0.99))
                  for name, player in gan.players.items()}  # fmt: skip
    margins = []
    for step in range(30):
        for name, loss, stats in gan.losses(
            batch_of(pictures(16, seed=1), torch.zeros(16, dtype=torch.int64), step=step)
        ):
            if name == "discriminator":
                margins.append(stats["margin"].item())
                gradients = torch.autograd.grad(loss, [p for p in gan.discriminator.parameters() if p.requires_grad])
                for p, g in zip([p for p in gan.discriminator.parameters() if p.requires_grad], gradients):
                    p.grad = g
                optimizers[name].step()
    assert sum(margins[-5:]) > sum(margins[:5]) + 1


def test_an_encoder_learns_the_way_back_from_a_generator_that_stands_still():
    gan = model(encoder=True, encoder_only=True)
    assert list(gan.players) == ["encoder"]
    before = {name: t.clone() for name, t in gan.generator.state_dict().items()}
    optimizer = torch.optim.Adam(gan.encoder.parameters(), 2e-3)
    found = []
    for step in range(25):
        ((_, loss, stats),) = gan.losses(batch_of(pictures(16), torch.zeros(16, dtype=torch.int64), step=step))
        for p, g in zip(gan.encoder.parameters(), torch.autograd.grad(loss, list(gan.encoder.parameters()))):
            p.grad = g
        optimizer.step()
        found.append(stats["pixels"].item())
    assert found[-1] < found[0]
    assert all(torch.equal(before[name], t) for name, t in gan.generator.state_dict().items())
    assert gan.encode(torch.zeros(2, 3, 16, 16)).shape == (2, 3, 8)


def test_projections_are_random_fixed_and_saved():
    projection = Projection()
    assert not any(p.requires_grad for p in projection.parameters())
    assert len(projection.state_dict()) == 2 * len(WIDTHS)
    maps = [torch.randn(2, width, 32 >> i, 32 >> i) for i, width in enumerate(WIDTHS)]
    mixed = projection(maps)
    assert [tuple(m.shape[2:]) for m in mixed] == [tuple(m.shape[2:]) for m in maps]
    # What the coarsest scale sees reaches the finest; what the finest sees stays there.
    changed = [*maps[:3], maps[3] + 1]
    assert not torch.equal(projection(changed)[0], mixed[0])
    changed = [maps[0] + 1, *maps[1:]]
    assert torch.equal(projection(changed)[3], mixed[3]) and not torch.equal(projection(changed)[0], mixed[0])


def test_the_frozen_network_is_no_part_of_the_model():
    gan = model()
    assert not any("backbone" in name or "mixes" in name for name in gan.state_dict())
    assert {id(p) for player in gan.players.values() for p in player.parameters()} == {id(p) for p in gan.parameters()}
    assert gan.sample(torch.randn(2, 8), torch.zeros(2, dtype=torch.int64)).shape == (2, 3, 16, 16)


@pytest.mark.parametrize("channels", [1, 3])
def test_augmentation_keeps_shapes_passes_gradients_and_depends_on_the_batch_noise_alone(channels):
    g = torch.Generator().manual_seed(0)
    images = (torch.rand(6, channels, 16, 16, generator=g) * 2 - 1).requires_grad_()
    again = [augment(images, Noise(torch.Generator().manual_seed(seed), 6)) for seed in (1, 1, 2)]
    assert again[0].shape == images.shape
    assert torch.equal(again[0], again[1]) and not torch.equal(again[0], again[2])
    again[0].sum().backward()
    assert torch.isfinite(images.grad).all() and (images.grad.flatten(1).abs().sum(1) > 0).all()
    # A square of about a third of the side is grey in every picture, and no more than that and the shift's margin.
    hidden = (again[2].detach().abs().sum(1) == 0).float().mean((1, 2))
    assert (hidden < 0.45).all() and hidden.mean() > 0.03


def test_heads_give_a_verdict_for_places_of_every_scale():
    discriminator = ProjectedDiscriminator(Config(classes=0))
    maps = [torch.randn(2, width, 32 >> i, 32 >> i) for i, width in enumerate(WIDTHS)]
    logits = discriminator(maps, torch.zeros(2, dtype=torch.int64))
    assert logits.shape == (2, 25 + 25 + 25 + 1)


def test_folding_normalisations_into_convolutions_changes_nothing_but_rounding(tmp_path):
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Sequential(nn.Conv2d(8, 4, 1, bias=False), nn.BatchNorm2d(4))
    )  # fmt: skip
    for norm in (network[1], network[3][1]):
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
    images = torch.randn(2, 3, 8, 8)
    before = network.eval()(images)
    fold(network)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in network.modules())
    torch.testing.assert_close(network(images), before)
    stand_in(tmp_path)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in Backbone(weights_below(tmp_path)).modules())


def test_the_backbone_gives_four_scales_stays_frozen_and_is_not_copied(tmp_path):
    stand_in(tmp_path)
    backbone = Backbone(weights_below(tmp_path))
    maps = backbone.train()(torch.rand(2, 3, 32, 32) * 2 - 1)
    assert [tuple(m.shape) for m in maps] == [(2, w, 32 >> i, 32 >> i) for i, w in enumerate(WIDTHS)]
    assert not backbone.features.training and not any(p.requires_grad for p in backbone.parameters())
    assert copy.deepcopy({"eyes": backbone})["eyes"] is backbone
    grey = torch.rand(2, 1, 64, 64)
    assert torch.equal(backbone(grey)[0], backbone(grey.expand(-1, 3, -1, -1))[0])


@pytest.mark.parametrize("side", [16, 32, 64, 128, 256, 24])
def test_own_pictures_of_any_size_get_widths(side, tmp_path):
    """... of the preset for a folder: down to 4x4 or a little more, and never more weights than 64x64 takes by a tenth."""
    Image.new("RGB", (300, 300), "red").save(tmp_path / "a.png")
    Image.new("RGB", (300, 300), "blue").save(tmp_path / "b.png")
    weights = {}
    for size in (side, 64):
        for name in ("gan-photos", "vae-photos"):
            preset = get_preset(name, "cpu")
            config = dataclasses.asdict(configure(preset.family, preset.model | {"image_size": size}))
            data = load_dataset("folder", "train", tmp_path, image_size=size, channels=3)
            model = build_model(preset.family, FAMILIES[preset.family].fit(config, data)).eval()
            drawer = model.generator if preset.family == "gan" else model.decoder
            weights[name, size] = count_parameters(drawer)
            z = torch.randn(2, getattr(model.config, "z_dim", 0) or model.config.latents)
            drawn = model.sample(z, torch.zeros(2, dtype=torch.int64)) if preset.family == "gan" else model.decode(z)
            assert drawn.shape == (2, 3, size, size)
    for name in ("gan-photos", "vae-photos"):
        assert weights[name, side] < 1.1 * weights[name, 64] or side == 24
