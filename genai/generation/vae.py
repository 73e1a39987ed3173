"""What a VAE can be asked for: decode a latent, sample the prior, read a picture's latent."""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image, ImageOps

from genai.generation import images, noise, receipt
from genai.generation.actions import action
from genai.generation.controls import Control, Number, Picture, Vector, bytes_of
from genai.generation.look import look

LIMIT = 4.0  # how far a latent may be set, in standard deviations of the prior


def prior_latents(model, seeds) -> torch.Tensor:
    """The latents [len(seeds), latents] that samples of these seeds are decoded from: the learned prior's, if it has one."""
    device = next(model.parameters()).device
    return model.place(noise.latents(seeds, model.config.latents).to(device), noise.choices(seeds))


def _decode(loaded, z: torch.Tensor) -> np.ndarray:
    return images.to_uint8(loaded.model.decode(z.to(loaded.device)), low=0.0)


@action("vae", "image", lambda m: [Vector("z", m.config.latents, -LIMIT, LIMIT)])
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
    z = prior_latents(loaded.model, [seed])[0]
    return [round(float(v), 4) for v in z.clamp(-LIMIT, LIMIT)]


@action("vae", "data", lambda m: [Number("seed", 0, noise.MAX_SEED, 1, integer=True)])
def latent(loaded, c: dict) -> dict[str, list[float]]:
    """The latent z that this seed's sample is decoded from, as slider values."""
    return {"z": prior_latent(loaded, c["seed"])}


@action("vae", "data", lambda m: [Picture("image")])
def encode(loaded, c: dict) -> dict[str, list[float]]:
    """The latent z (posterior mean) of a picture, as slider values. The picture may be a drawing where those that the model
    learned from are drawn; else it is a photograph, of which the middle is read."""
    config, picture = loaded.config, receipt.open_picture(io.BytesIO(bytes_of(c["image"])))
    fit = fit_drawing(picture, config.image_size)[..., None] if loaded.about.drawn else fit_photograph(picture, config)
    x = torch.from_numpy(fit).permute(2, 0, 1).float().div(255)[None].expand(1, config.channels, -1, -1)
    mu, _ = loaded.model.encode(x.to(loaded.device))
    return {"z": [round(float(v), 4) for v in mu[0].clamp(-LIMIT, LIMIT)]}


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


def fit_photograph(picture: Image.Image, config) -> np.ndarray:
    """The largest square in the middle, uint8 [image_size, image_size, channels]."""
    picture = picture.convert("L" if config.channels == 1 else "RGB")
    square = ImageOps.fit(picture, (config.image_size, config.image_size), Image.Resampling.LANCZOS)
    return np.array(square).reshape(config.image_size, config.image_size, -1)


def fit_drawing(picture: Image.Image, size: int) -> np.ndarray:
    """A drawing as the training data looks: white ink on black, 20/28 of the side long, centred by its mass.

    Ink may be dark on light (paper, a canvas) or light on dark; it is what differs from the border. Returns
    uint8 [size, size]; all zeros for a drawing without ink.
    """
    grey = np.asarray(flatten(picture), dtype=np.float32)
    border = np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]))
    ink = np.abs(grey - border)
    if ink.max() < 32:  # nothing but noise
        return np.zeros((size, size), dtype=np.uint8)
    ink = np.clip(ink / ink.max(), 0, 1)
    rows, columns = np.flatnonzero(ink.max(1) > 0.2), np.flatnonzero(ink.max(0) > 0.2)
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    box = round(size * 20 / 28)
    scale = box / max(ink.shape)
    shape = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    small = Image.fromarray((ink * 255).astype(np.uint8)).resize(
        shape, Image.Resampling.BOX if scale < 1 else Image.Resampling.LANCZOS
    )
    small = np.asarray(small, dtype=np.float32)
    ys, xs = np.mgrid[: small.shape[0], : small.shape[1]]
    mass = max(float(small.sum()), 1e-6)
    top = round(size / 2 - 0.5 - float((ys * small).sum()) / mass)
    left = round(size / 2 - 0.5 - float((xs * small).sum()) / mass)
    top, left = (min(max(0, v), size - n) for v, n in zip((top, left), small.shape))
    canvas = np.zeros((size, size), dtype=np.float32)
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canvas.round().astype(np.uint8)


def flatten(picture: Image.Image) -> Image.Image:
    """Grey, below 2,000 pixels a side. Transparent pixels become white paper, or black below light ink."""
    factor = max(1, max(picture.size) // 1000)
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture.convert("L").reduce(factor)
    rgba = picture.convert("RGBA").reduce(factor)
    pixels = np.asarray(rgba, dtype=np.float32)
    alpha = pixels[..., 3]
    light = (pixels[..., :3].mean(-1) * alpha).sum() > 127 * alpha.sum()
    paper = Image.new("RGBA", rgba.size, (0, 0, 0, 255) if light else (255, 255, 255, 255))
    return Image.alpha_composite(paper, rgba).convert("L")
