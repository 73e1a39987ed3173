"""What a VAE of photographs says of test pictures it has never seen: an upper bound, in bits a pixel and channel.

    -elbo / (ln 2 C H W),  p(x|z) the discretised logistic around the decoder's mean, p(z) = N(0, I)

The bound of `nll.py` with K = 1, in the unit that models of photographs are compared in. It is what the model states, not what
it was taught: that was to look alike to a frozen network, which is no likelihood, and of the likelihood only the scales learned.
`learned_prior`: the same with the prior that samples come from.
"""

from __future__ import annotations

import math

from genai.metrics.context import Context
from genai.metrics.nll import nll_bound, observed


def measure(context: Context) -> dict:
    """The first 10,000 test images; of fewer, all."""
    images, model = observed(context, context.count(10_000, len(context.test))), context.model
    per_bit = math.log(2) * images[0].numel()
    return {
        "value": nll_bound(model, images, 1) / per_bit,
        "unit": "bits/dimension",
        "split": context.held_out,
        "n": len(images),
        "learned_prior": nll_bound(model, images, 1, learned=True) / per_bit,
        "likelihood": "discretised logistic",
        "scales": [
            round(255 / 2 * s, 3) for s in model.observation.log_scales.exp().tolist()
        ],  # grey levels, a channel
    }
