"""The nearest of many points: how near a picture is to those that something was learned from."""

from __future__ import annotations

import torch
from torch import Tensor

NUMBERS = 2**24  # distances at a time: 64 MB


def nearest(views: Tensor, gallery: Tensor, k: int = 1) -> tuple[Tensor, Tensor]:
    """The k nearest points of a gallery, the nearest first: Euclidean distances [B, k] and indices int64 [B, k].

    Args:
        views: features float32 [B, V, F]; a point may be seen in V ways (a picture and its mirror image): the nearer one counts.
        gallery: features [N, F], k <= N.
    """
    distances, indices = [], []
    centre = gallery.mean(0)
    views, gallery = views - centre, gallery - centre  # the fewer digits are cancelled below
    for part in views.split(max(1, NUMBERS // (len(gallery) * views.size(1)))):
        among = torch.cdist(part.flatten(0, 1), gallery).view(len(part), -1, len(gallery)).amin(1)  # [b, N]
        chosen = among.topk(k, largest=False).indices
        # Between near neighbours the matrix product above cancels digits: those chosen are measured again.
        exact = (part[:, :, None] - gallery[chosen][:, None]).norm(dim=3).amin(1)  # [b, k]
        exact, order = exact.sort(1)
        distances.append(exact)
        indices.append(chosen.gather(1, order))
    return torch.cat(distances), torch.cat(indices)
