"""Is it worth it? The Fréchet distance of a model's samples as a share of that of the article's DCGAN on the same pictures.

Both are measured in one run, against the same test pictures, in the same features. How long each was trained stands beside: the
ratio says most where these are the same, on the same machine.
"""

from __future__ import annotations

from genai.checkpoint import Meta
from genai.errors import UserError
from genai.metrics import pictures
from genai.metrics.context import Context
from genai.metrics.fd import frechet_distance
from genai.metrics.features import Space, in_each, space_name


def minutes(meta: Meta) -> float | None:
    """That all runs of a checkpoint's history took for their steps; None where one of them does not say."""
    seconds = [record.get("seconds") for record in meta.history]
    return None if not seconds or None in seconds else round(sum(seconds) / 60, 1)


def measure(context: Context) -> list[dict]:
    """The data set's `peer`, beside the checkpoint or in checkpoints/. Raises UserError where there is none."""
    peer = context.once(_peer)

    def record(space: Space) -> dict:
        real = pictures.real(context, space).features
        own = frechet_distance(real, drawn := pictures.samples(context, space).features)
        other = frechet_distance(real, pictures.samples(peer, space).features)
        return {
            "value": own / other, "unit": "ratio", "split": context.held_out, "n": len(real), "samples": len(drawn),
            "fd": own, "minutes": minutes(context.meta), "peer": space_name(peer.path), "peer_fd": other,
            "peer_minutes": minutes(peer.meta),
        }  # fmt: skip

    return in_each(context, record)


def _peer(context: Context) -> Context:
    places = context.places(context.about.peer)
    if not (found := [place for place in places if place.is_file()]):
        raise UserError("peer_missing", preset=context.about.peer, places=[str(place) for place in places])
    return Context(found[0], n=context.n, root=context.root, network=context.network, device=str(context.device))
