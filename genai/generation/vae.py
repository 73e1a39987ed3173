"""What a VAE can be asked for: decode a latent, sample the prior, read a picture's latent, go from one latent to another."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genai.generation import images, noise, receipt
from genai.generation.actions import action
from genai.generation.controls import Control, Number, Picture, Vector, bytes_of
from genai.generation.fitting import fit_drawing, fit_photograph
from genai.generation.look import look

LIMIT = 4.0  # how far a latent may be set, in standard deviations of the prior
ALONG = (-3.0, -1.5, 0.0, 1.5, 3.0)  # where a strip shows a direction, in standard deviations of the encodings
STOPS = 7  # pictures of a film
LOOP_FRAMES = 48


def prior_latents(model, seeds) -> Tensor:
    """The latents [len(seeds), latents] that samples of these seeds are decoded from: the learned prior's, if it has one."""
    device = next(model.parameters()).device
    return model.place(noise.latents(seeds, model.config.latents).to(device), noise.choices(seeds))


def _decode(loaded, z: Tensor) -> np.ndarray:
    return images.to_uint8(loaded.model.decode(z.to(loaded.device)), low=0.0)


@action("vae", "image", lambda m: [_latent(m, "z")])
def decode(loaded, c: dict) -> np.ndarray:
    """The mean picture of one latent; all zeros is the centre of the prior."""
    return _decode(loaded, torch.tensor([c["z"]]))[0]


def _sample_controls(loaded) -> list[Control]:
    return [Number("seed", 0, noise.MAX_SEED, 1, integer=True), Number("count", 1, 64, 1, integer=True)]


@action("vae", "image", _sample_controls)
def sample(loaded, c: dict) -> np.ndarray:
    """A grid of `count` pictures of latents drawn from the prior."""
    seeds = [(c["seed"] + i) % (noise.MAX_SEED + 1) for i in range(c["count"])]
    return images.grid(_decode(loaded, prior_latents(loaded.model, seeds)))


def prior_latent(loaded, seed: int) -> list[float]:
    """The latent that `sample` decodes for a seed, as slider values."""
    return slider_values(prior_latents(loaded.model, [seed])[0])


@action("vae", "data", lambda m: [Number("seed", 0, noise.MAX_SEED, 1, integer=True)])
def latent(loaded, c: dict) -> dict[str, list[float]]:
    """The latent z that this seed's sample is decoded from, as slider values."""
    return {"z": prior_latent(loaded, c["seed"])}


def read_picture(loaded, uri: str) -> np.ndarray:
    """The picture in a data URI as the model learned to see them, uint8 [H, W, C]: a drawing where those it learned from are
    drawn; else a photograph, of which the middle is read. Raises UserError for what is no picture, or a huge one."""
    config, picture = loaded.config, receipt.open_picture(io.BytesIO(bytes_of(uri)))
    fit = fit_drawing(picture, config.image_size)[..., None] if loaded.about.drawn else fit_photograph(picture, config)
    return np.broadcast_to(fit, (*fit.shape[:2], config.channels))


def _encode(loaded, seen: np.ndarray) -> Tensor:
    """A picture uint8 [H, W, C] -> its posterior mean [1, latents]."""
    x = torch.tensor(seen).permute(2, 0, 1).float().div(255)[None]
    return loaded.model.encode(x.to(loaded.device))[0]


def slider_values(z: Tensor) -> list[float]:
    """A latent [latents] as sliders can hold it."""
    return [round(float(v), 4) for v in z.clamp(-LIMIT, LIMIT)]


@action("vae", "data", lambda m: [Picture("image")])
def encode(loaded, c: dict) -> dict[str, list[float]]:
    """The latent z (posterior mean) of a picture, as slider values."""
    return {"z": slider_values(_encode(loaded, read_picture(loaded, c["image"]))[0])}


@action("vae", "data", lambda m: [Picture("image")])
def reconstruct(loaded, c: dict) -> dict:
    """A picture's latent z, what is drawn from that, and how the two differ.

    seen, redrawn, difference: data URIs; the last is bright where they differ.  off: by how much on average, in grey levels.
    lost, unusual: of how many of 100 test pictures less is lost, and how many have a likelier latent under the prior; null
        where nobody measured (`rarity` in the checkpoint's figures).
    """
    seen = read_picture(loaded, c["image"])
    mu = _encode(loaded, seen)
    z = slider_values(mu[0])
    redrawn = _decode(loaded, torch.tensor([z]))[0]
    apart = np.abs(seen.astype(np.float32) - redrawn).mean(-1)
    figures = loaded.meta.metrics.get("rarity", {})
    return {
        "z": z, "seen": images.data_uri(seen), "redrawn": images.data_uri(redrawn),
        "difference": images.data_uri(images.heat(apart / 255)), "off": round(float(apart.mean()), 2),
        "lost": percentile(figures.get("off"), float(apart.mean())),
        "unusual": percentile(figures.get("rarity"), -loaded.model.log_prior(mu).item()),
    }  # fmt: skip


def percentile(quantiles: list[float] | None, value: float) -> int | None:
    """How many of 100 lie below `value`, by 101 rising quantiles; None without any."""
    return None if not quantiles else min(100, int(np.searchsorted(quantiles, value)))


# -- directions, and ways from one latent to another ---------------------------------------------------------


def directions_of(model) -> dict:
    """The ways that a page offers, as `models.vae.directions` writes them; where a model has none, one for each latent."""
    extra, latents = model.meta.extra, model.config.latents
    if "directions" in extra:
        said = {name: extra["directions"][name] for name in ("mean", "axes", "deviations")}
        rows = (said["mean"], *said["axes"])
        if not all(_are_numbers(row, latents) for row in rows) or not _are_numbers(said["deviations"], len(rows) - 1):
            raise ValueError("directions that fit another model")
        return said
    order, _ = informative(model)
    axes = [[float(i == j) for j in range(latents)] for i in order]
    return {"mean": [0.0] * latents, "axes": axes, "deviations": [1.0] * len(order)}


def informative(model) -> tuple[list[int], list[float] | None]:
    """A model's latents, the most informative first, and the nats of each; None where nobody measured. Raises ValueError for an
    order or figures of another model."""
    latents, extra = model.config.latents, model.meta.extra
    order, kl = extra.get("latent_order", list(range(latents))), extra.get("latent_kl")
    if not _are_numbers(order, latents) or sorted(order) != list(range(latents)):
        raise ValueError(f"latent_order is no order of {latents} latents")
    if kl is not None and not _are_numbers(kl, latents):
        raise ValueError(f"latent_kl does not tell of {latents} latents")
    return order, kl


def _are_numbers(row: Any, count: int) -> bool:
    return isinstance(row, list) and len(row) == count > 0 and all(type(v) in (int, float) for v in row)


def _strip_controls(model) -> list[Control]:
    informative(model)  # a page shows it beside the directions
    most = len(directions_of(model)["axes"]) - 1
    return [_latent(model, "z"), Number("direction", 0, most, 0, integer=True)]


def _latent(model, name: str) -> Vector:
    return Vector(name, model.config.latents, -LIMIT, LIMIT)


@action("vae", "image", _strip_controls)
def strip(loaded, c: dict) -> np.ndarray:
    """Five pictures side by side, from z three standard deviations down a direction to three up."""
    said = directions_of(loaded)
    axis, mean = torch.tensor(said["axes"][c["direction"]]), torch.tensor(said["mean"])
    z, deviation = torch.tensor(c["z"]), said["deviations"][c["direction"]]
    off = torch.tensor(ALONG) * deviation - (z - mean) @ axis  # from where z stands
    return images.grid(_decode(loaded, (z + off[:, None] * axis).clamp(-LIMIT, LIMIT)), columns=len(ALONG))


def _way(loaded, c: dict, t: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """At t [N]: what is decoded between two latents, and the cross-fade of their two pictures; uint8 [N, H, W, C] each."""
    ends = torch.tensor([c["z"], c["z_to"]])
    decoded = _decode(loaded, torch.cat([ends, torch.lerp(ends[0], ends[1], t[:, None])]))
    first, last = decoded[:2].astype(np.float32)
    share = t.numpy()[:, None, None, None]
    return decoded[2:], np.rint((1 - share) * first + share * last).astype(np.uint8)


def _ends(model) -> list[Control]:
    return [_latent(model, "z"), _latent(model, "z_to")]


@action("vae", "image", lambda m: [*_ends(m), Number("position", 0.0, 1.0, 0.5)])
def morph(loaded, c: dict) -> np.ndarray:
    """At `position` on the way from one latent (0) to another (1): what the decoder draws, and right of it the cross-fade of
    the two pictures."""
    return np.concatenate([part[0] for part in _way(loaded, c, torch.tensor([c["position"]]))], axis=1)


@action("vae", "image", _ends)
def film(loaded, c: dict) -> np.ndarray:
    """The whole way, seven pictures side by side, and below it the cross-fade."""
    return images.grid(np.concatenate(_way(loaded, c, torch.linspace(0, 1, STOPS))), columns=STOPS)


@action("vae", "loop", _ends)
def morph_loop(loaded, c: dict) -> np.ndarray:
    """There and back again, beside the cross-fade: frames [48, H, 2 W, C], eased at both ends."""
    t = 0.5 - 0.5 * torch.cos(torch.arange(LOOP_FRAMES) / LOOP_FRAMES * 2 * torch.pi)
    return np.concatenate(_way(loaded, c, t), axis=2)


@look("vae")
def look_at(model, meta, data) -> np.ndarray:
    """Eighty samples of the prior; of photographs above them twenty of the data, each over its reconstruction."""
    rows = [images.to_uint8(model.decode(prior_latents(model, range(80))), low=0.0)]
    if model.config.likelihood == "logistic":
        device = next(model.parameters()).device
        x = next(data.chunks(20)).to(device).float() / 255
        pairs = torch.stack([x, model.decode(model.encode(x)[0])]).split(10, dim=1)  # of [2, 10, C, H, W]
        rows = [images.to_uint8(part, low=0.0) for pair in pairs for part in pair] + rows
    return images.grid(np.concatenate(rows), columns=10)
