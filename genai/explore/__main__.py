"""Look for directions of a GAN's latent space, and name them.

python -m genai.explore checkpoints/gan-cats.safetensors        candidates, each a row of pictures, in directions.png
python -m genai.explore checkpoints/gan-cats.safetensors --name "0:1=dark ↔ light=深 ↔ 浅" "-3,4:0=..."
    keep these, LEVELS:NUMBER=ENGLISH=CHINESE, in that order; with a minus, the other way round
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from genai import cli
from genai.errors import UserError

FORM = r"(-?)([\d,]+):(\d+)=([^=]+)=([^=]+)"


def main(words: list[str]) -> int:
    return cli.run(_main, words)


def _main(words: list[str]) -> int:
    parser = cli.Parser("python -m genai.explore", __doc__)
    parser.add_argument("checkpoint", help="a GAN whose latents enter at every resolution")
    parser.add_argument("--name", nargs="+", default=[], metavar="LEVELS:NUMBER=EN=ZH", help="keep these, so named")
    parser.add_argument("--count", default="8", help="candidates of each group of resolutions (default: 8)")
    parser.add_argument(
        "--out", default="directions.png", help="the picture of the candidates (default: directions.png)"
    )
    options = parser.parse(words)
    count = cli.whole("count", options.count, 1, 64)
    chosen = [re.fullmatch(FORM, word) for word in options.name]
    for word, match in zip(options.name, chosen):
        if match is None:
            raise UserError("bad_option", name="name", value=word, expected="LEVELS:NUMBER=ENGLISH=CHINESE")

    from genai.checkpoint import load_checkpoint, update_meta
    from genai.explore.directions import candidates, levels_apart

    model, meta = load_checkpoint(options.checkpoint)
    if meta.family != "gan" or model.config.body != "style":
        raise UserError("bad_choice", name="checkpoint", value=options.checkpoint, choices=["a GAN with --body style"])
    groups = levels_apart(model.config)
    found = {group: candidates(model, group, count) for group in groups}
    if chosen:
        kept = [named(match, found) for match in chosen]
        update_meta(options.checkpoint, lambda meta: meta.extra.update(directions=kept))
        print(f"{options.checkpoint}: {len(kept)} directions")
        return 0
    for group, (_, shares) in found.items():
        for number, share in enumerate(shares.tolist()):
            print(f"{','.join(map(str, group))}:{number}  {100 * share:.1f} % of the pictures' variance")
    sheet(model, found).save(Path(options.out))
    print(f"{options.out}: a row for each, three samples from its one end to the other")
    return 0


def named(match: re.Match, found: dict) -> dict:
    """A direction as a checkpoint lists it. Raises UserError for one that was not found."""
    sign, levels, number, english, chinese = match.groups()
    group = tuple(int(level) for level in levels.split(",") if level)
    if group not in found or int(number) >= len(found[group][0]):
        known = [f"{','.join(map(str, group))}:0 to {len(vectors) - 1}" for group, (vectors, _) in found.items()]
        raise UserError("bad_choice", name="name", value=match[0], choices=known)
    vector = found[group][0][int(number)] * (-1 if sign else 1)
    return {
        "name": {"en": english.strip(), "zh": chinese.strip()},
        "vector": [round(float(v), 4) for v in vector], "levels": list(group),
    }  # fmt: skip


def sheet(model, found: dict):
    """A row for each candidate: three samples, each five times along it."""
    import numpy as np
    import torch

    from genai.generation import images, noise

    seeds, stops = (1, 2, 4), torch.tensor([-1.0, -0.5, 0.0, 0.5, 1.0])
    z = noise.latents(seeds, model.config.z_dim) * model.config.truncation_psi
    z = z[:, None].expand(-1, len(model.config.widths), -1).repeat_interleave(len(stops), 0)
    labels = torch.zeros(len(z), dtype=torch.int64)
    rows = []
    for group, (vectors, _) in found.items():
        for vector in vectors:
            moved = torch.zeros_like(z)
            for level in group:
                moved[:, level] = stops.repeat(len(seeds))[:, None] * vector
            rows.append(images.to_uint8(model.sample(z + moved, labels)))
    return images.to_pil(images.grid(np.concatenate(rows), columns=len(z)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
