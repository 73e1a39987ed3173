"""How torch's CPU threads wait: imported with the package itself, so before anything here can import torch.

OpenMP threads that have finished their share spin until the others have, and take cores from whoever else computes: on
two cores, two busy processes made 15 training steps a second each, and 22 where threads sleep; alone, one makes 43
instead of 44. But a picture is dozens of shares, one after the other, and who sleeps between two of them has to be woken:
where they spin for some microseconds first, a cat took 8 ms beside other work, instead of 10 to 12. OpenMP reads the
variables once, when torch is loaded; whoever has set them keeps their own.
"""

from __future__ import annotations

import os

if os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE") == "PASSIVE":
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")
