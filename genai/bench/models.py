"""The models without the page."""

from __future__ import annotations

from collections.abc import Callable

from genai.bench.figures import Figure, Setting, Skip, bench, in_turns, of_rates, of_times
from genai.bench.peers import as_png, from_png, recomputed


@bench
def tiles_64(setting: Setting) -> Figure:
    """A grid of 64 cats: noise, model, pixels, receipt, and the page's whole answer; its peer is the bare model."""
    return tiles(setting, "gan-cats")


@bench
def tiles_64_digits(setting: Setting) -> Figure:
    """The same of digits."""
    return tiles(setting, "gan-digits")


def tiles(setting: Setting, model: str) -> Figure:
    import torch

    from genai.ui.stage import answer

    loaded = setting.model("gan", model)
    config = loaded.model.config
    z, classes = torch.randn(64, config.z_dim, device=loaded.device), torch.arange(64, device=loaded.device) % 10

    def draw(i: int) -> None:
        answer(setting.engine, setting.engine.generate(loaded.name, "sample", {"seed": 64 * i, "count": 64}))

    def bare(i: int) -> None:
        with torch.inference_mode():
            loaded.model.sample(z, classes % max(1, config.classes)).cpu()

    tile = f"{config.image_size}x{config.image_size}x{config.channels}"
    times = in_turns(setting.repeats(40), draw, bare)
    return of_times(times[0], "ms", "the model alone", times[1], model=loaded.name, tile=tile)


@bench
def match_encoder(setting: Setting) -> Figure:
    """A visitor's picture to its first latents, drawn again; its peer is the same with 100 steps of refinement."""
    from genai.generation.actions import actions_of
    from genai.generation.receipt import png_bytes

    loaded = setting.model("gan", "gan-cats")
    if "match" not in actions_of(loaded):
        raise Skip(f"{loaded.name} has no encoder")
    sample = setting.engine.generate(loaded.name, "sample", {"seed": 1})
    image = {"image": png_bytes(sample.pixels, sample.receipt)}

    def match(steps: int) -> Callable[[int], object]:
        return lambda i: setting.engine.generate(loaded.name, "match", {**image, "steps": steps})

    times = in_turns(setting.repeats(5), match(0), match(1 if setting.quick else 100), warm=1)
    return of_times(times[0], "ms", "with 100 steps of refinement", times[1])


@bench
def vae_decode(setting: Setting) -> Figure:
    """One latent to pixels, through the engine; its peer is the bare decoder."""
    import torch

    loaded = setting.model("vae", "vae-cats")
    z = torch.zeros(1, loaded.model.config.latents, device=loaded.device)

    def decode(i: int) -> None:
        setting.engine.generate(loaded.name, "decode", {"z": [0.01 * (i % 300), *z[0, 1:].tolist()]})

    def bare(i: int) -> None:
        with torch.inference_mode():
            loaded.model.decode(z + 0.01 * i).cpu()

    times = in_turns(setting.repeats(200), decode, bare, warm=20)
    return of_times(times[0], "ms", "the decoder alone", times[1], model=loaded.name)


@bench
def image_tokenizer(setting: Setting) -> Figure:
    """One 64x64 picture to its tokens and back; its peer is the same through a PNG."""
    import numpy as np
    import torch

    from genai.data import load_dataset

    loaded = setting.model("text2image", "text2image-scenes")
    tokenizer = loaded.model.tokenizer
    images, _ = load_dataset(loaded.meta.dataset, "train").make(0, np.arange(1))
    pixels = images[0].permute(1, 2, 0).numpy()
    images = images.to(loaded.device)

    def there_and_back(i: int) -> None:
        with torch.inference_mode():
            tokenizer.decode(tokenizer.encode(images)).cpu()

    times = in_turns(setting.repeats(100), there_and_back, lambda i: from_png(as_png(pixels)))
    return of_times(times[0], "ms", "PNG, by Pillow", times[1])


@bench
def scenes_drawn(setting: Setting) -> Figure:
    """Scenes a second as training reads them, by one process: drawn, described in words, tokenized; its peer is to read
    as many from PNGs."""
    import numpy as np

    from genai.data import load_dataset

    make, many = load_dataset("scenes", "train").make, 20 if setting.quick else 1000
    png = as_png(make(0, np.arange(1))[0][0].permute(1, 2, 0).numpy())

    def drawn(i: int) -> None:
        make(0, np.arange(many * i, many * i + many))

    def read(i: int) -> None:
        for _ in range(many):
            from_png(png)

    rates = [[1000 * many / t for t in times] for times in in_turns(setting.repeats(8), drawn, read, warm=2)]
    return of_rates(rates[0], "scenes/s", "read from PNGs, by Pillow", rates[1])


@bench
def text_256(setting: Setting) -> Figure:
    """Characters a second of one text with the key-value cache: 256 after a prompt of one."""
    return writing(setting, 256)


@bench
def text_400(setting: Setting) -> Figure:
    """The same for 400, more than the context holds."""
    return writing(setting, 400)


def writing(setting: Setting, tokens: int) -> Figure:
    """Through the model's own sampling; its peer is the loop of nanoGPT's sample.py over the same model."""
    import torch

    from genai.generation.sampling import sampler

    loaded = setting.model("gpt", "gpt-shakespeare")
    count = 8 if setting.quick else tokens
    prompt = torch.zeros(1, 1, dtype=torch.int64, device=loaded.device)

    def cached(i: int) -> None:
        for _ in loaded.model.sample(prompt, sampler([i], temperature=0.8, top_p=0.95), count):
            pass

    def plain(i: int) -> None:
        for _ in recomputed(loaded.model, prompt, count):
            pass

    rates = [[1000 * count / t for t in times] for times in in_turns(setting.repeats(5), cached, plain, warm=1)]
    peer = "the whole context again for each, as nanoGPT's sample.py"
    return of_rates(rates[0], "characters/s", peer, rates[1])
