"""What tells good samples from bad ones, where the answer is known: identical sets, a mode dropped, training pictures returned as
samples, noise. Each metric orders them as it must, and is fooled by what it cannot see."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from genai.metrics.coverage import coverage
from genai.metrics.density import density
from genai.metrics.fd import frechet_distance
from genai.metrics.kd import kernel_distance, mmd
from genai.metrics.memorised_share import memorised_share
from genai.metrics.spectrum_distance import spectrum, spectrum_distance
from genai.metrics.ssim import ssim
from genai.models.neighbours import nearest

N, DIM, MODES = 1000, 8, 10


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def mixture(seed: int, modes: int = MODES) -> torch.Tensor:
    """Features [N, DIM] of the first `modes` of ten modes, each as wide as they are far apart."""
    centres = 3 * normal(MODES, DIM, seed=99)
    return centres[torch.arange(N) % modes] + normal(N, DIM, seed=seed)


@pytest.fixture(scope="module")
def sets() -> dict[str, torch.Tensor]:
    """Test pictures, training pictures, and five kinds of samples, as features."""
    training = mixture(1)
    return {
        "test": mixture(0), "training": training,
        "fresh": mixture(2), "one mode dropped": mixture(3, modes=9), "two modes": mixture(3, modes=2),
        "copies": training[torch.arange(N) % 50], "noise": 10 * normal(N, DIM, seed=4),
    }  # fmt: skip


def scores(metric, sets) -> dict[str, float]:
    return {name: metric(sets["test"], samples) for name, samples in sets.items()}


def test_density_sees_noise_and_not_how_varied_samples_are(sets):
    scored = scores(density, sets)
    assert scored["fresh"] == pytest.approx(1, abs=0.1) and scored["training"] == pytest.approx(1, abs=0.1)
    assert scored["noise"] < 0.05
    assert scored["two modes"] > 0.9 and scored["copies"] > 0.8, "fooled"


def test_density_by_hand():
    real = torch.tensor([[0.0], [1.0], [3.0]])  # nearest neighbours at 1, 1 and 2
    assert density(real, torch.tensor([[1.5]]), k=1) == 2, "within the neighbourhoods of two"
    assert density(real, torch.tensor([[1.5], [9.0]]), k=1) == 1


def test_coverage_sees_dropped_modes_and_few_copies(sets):
    scored = scores(coverage, sets)
    assert scored["fresh"] > 0.95 > scored["one mode dropped"] > scored["two modes"] > scored["noise"]
    assert scored["one mode dropped"] == pytest.approx(0.9 * scored["fresh"], abs=0.06)
    assert scored["copies"] < 0.3
    assert scored["training"] > 0.95, "fooled: as many training pictures as that are no fault of variety"


def test_kernel_distance_orders_as_the_frechet_distance_does_and_says_how_sure_it_is(sets):
    order = ("fresh", "two modes", "noise")  # one mode in ten is less than a thousand pictures tell it
    kd, errors = ({k: kernel_distance(sets["test"], sets[k])[i] for k in sets} for i in (0, 1))
    fd = {k: frechet_distance(sets["test"], sets[k]) for k in order}
    for found in (kd, fd):
        assert [found[k] for k in order] == sorted(found[k] for k in order)
    assert abs(kd["fresh"]) < 3 * errors["fresh"] and kd["two modes"] > 3 * errors["two modes"]
    assert abs(kd["training"]) < 3 * errors["training"], "fooled by training pictures"


def test_the_discrepancy_has_its_value_by_hand_and_no_bias():
    zeros, ones = torch.zeros(2, 1, dtype=torch.float64), torch.ones(2, 1, dtype=torch.float64)
    assert mmd(zeros, ones) == pytest.approx(1 + 8 - 2 * 1)  # (0 * 0 + 1)^3, (1 * 1 + 1)^3, (0 * 1 + 1)^3
    few = [mmd(normal(20, 4, seed=2 * i).double(), normal(20, 4, seed=2 * i + 1).double()) for i in range(400)]
    mean, error = torch.tensor(few).mean().item(), torch.tensor(few).std().item() / 20
    assert abs(mean) < 3 * error and min(few) < 0
    same = normal(500, 4)
    assert mmd(same.double(), same.double()) < 0, "the pairs of a picture with itself are missing on one side"
    value, error = kernel_distance(same, same)
    assert abs(value) < 3 * error, "which blocks that share no picture do not see"


def test_memorised_share_is_one_percent_of_the_test_pictures_by_construction_and_all_of_copies(sets):
    def share(samples: torch.Tensor) -> float:
        return memorised_share(sets["test"][:, None], samples[:, None], sets["training"])[0]

    assert share(sets["test"]) == pytest.approx(0.01, abs=1e-9)
    assert share(sets["copies"]) == share(sets["training"]) == 1
    assert share(sets["training"] + 1e-3) == 1, "nearly copies"
    assert share(sets["fresh"]) < 0.03 and share(sets["one mode dropped"]) < 0.03 and share(sets["noise"]) == 0
    half = torch.cat((sets["fresh"][::2], sets["training"][::2]))
    assert share(half) == pytest.approx(0.5, abs=0.02)
    assert share(sets["test"][:1].expand(N, -1)) == 0, "fooled: one new picture a thousand times is no copy"


def test_a_mirror_image_of_a_training_picture_is_a_copy(sets):
    training = sets["training"]
    mirror = torch.tensor([-1.0] + [1.0] * (DIM - 1))

    def both(features: torch.Tensor) -> torch.Tensor:
        return torch.stack((features, features * mirror), 1)

    mirrored = training * mirror
    assert memorised_share(both(sets["test"]), both(mirrored), training)[0] == 1
    assert memorised_share(sets["test"][:, None], mirrored[:, None], training)[0] < 0.2


def test_nearest_is_exact_where_points_lie_close_together_far_from_the_origin():
    gallery = 1000 + normal(300, 64) * 1e-2
    views = 1000 + normal(40, 2, 64, seed=1) * 1e-2
    exact = (views.double()[:, :, None] - gallery.double()).norm(dim=3).amin(1)  # [40, 300]
    distances, indices = nearest(views.float(), gallery, k=300)
    torch.testing.assert_close(distances.double(), exact.sort(1).values, rtol=1e-3, atol=0)
    assert (distances.diff(dim=1) >= 0).all() and indices.sort(1).values.equal(torch.arange(300).expand(40, -1))
    near, place = nearest(gallery[7:9, None], gallery)
    assert not near.any() and place.flatten().tolist() == [7, 8]


def test_nearest_does_not_depend_on_how_many_are_asked_at_once(monkeypatch):
    views, gallery = normal(50, 2, 16), normal(200, 16, seed=1)
    whole = nearest(views, gallery, k=3)
    monkeypatch.setattr("genai.models.neighbours.NUMBERS", 1000)
    parts = nearest(views, gallery, k=3)
    assert torch.equal(whole[1], parts[1]) and torch.allclose(whole[0], parts[0])


# -- pixels ----------------------------------------------------------------------------------------------------


def pictures(count: int = 64, seed: int = 0) -> torch.Tensor:
    """Smooth colour pictures uint8 [count, 3, 32, 32] with the falling spectrum of photographs."""
    coarse = sum(
        F.interpolate(normal(count, 3, s, s, seed=seed + s), 32, mode="bicubic") / s for s in (2, 4, 8, 16, 32)
    )
    return (128 + 60 * coarse).round().clamp(0, 255).to(torch.uint8)


def test_half_the_contrast_is_six_decibels_at_every_frequency():
    images = (torch.rand(20, 1, 32, 32, generator=torch.Generator().manual_seed(0)) * 200 + 20).to(torch.uint8)
    halved = (images.float() / 2 + 60).round().to(torch.uint8)
    assert (spectrum(images) - spectrum(halved)).numpy() == pytest.approx(6.02, abs=0.1)
    assert spectrum_distance(images, halved) == pytest.approx(6.02, abs=0.1)


def test_a_wave_has_its_power_at_its_frequency():
    x = torch.arange(32) / 32 * 2 * torch.pi
    wave = (128 + 100 * (5 * x).cos()).round().to(torch.uint8).expand(1, 1, 32, 32)
    power = spectrum(wave)
    assert power.argmax() == 5 - 1 and power[4] > power[[0, 1, 2, 6, 7, 8]].max() + 30


def test_the_spectrum_sees_noise_blur_and_checkerboards_and_not_copies():
    real, others = pictures(seed=0), pictures(seed=100)
    floor = spectrum_distance(real, others)
    assert spectrum_distance(real, real) == 0
    noise = torch.randint(256, real.shape, generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    blurred = F.avg_pool2d(others.float(), 3, 1, 1).round().to(torch.uint8)
    grid = (others.float() + 12 * (torch.arange(32) % 2)).clamp(0, 255).round().to(torch.uint8)
    assert spectrum_distance(real, noise) > spectrum_distance(real, blurred) > 3 * floor
    assert spectrum_distance(real, grid) > 3 * floor
    copies = real[:8].repeat(8, 1, 1, 1)
    assert spectrum_distance(real, copies) < spectrum_distance(real, grid) / 3, "fooled"


def test_structural_similarity_of_the_same_is_one_and_falls_with_damage():
    images = pictures()
    noise = torch.randint(256, images.shape, generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    blurred = F.avg_pool2d(images.float(), 3, 1, 1).round().to(torch.uint8)
    assert ssim(images, images) == pytest.approx(1, abs=1e-6)
    assert 0.99 > ssim(images, blurred) > ssim(images, noise) + 0.3
    brighter = (images.float() + 10).clamp(0, 255).to(torch.uint8)
    assert ssim(images, brighter) > ssim(images, blurred), "it forgives what leaves structure alone"
