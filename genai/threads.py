"""How torch's CPU threads wait: imported with the package itself, so before anything here can import torch.

OpenMP threads that have finished their share spin until the others have, and take cores from whoever else computes: on
two cores, two busy processes made 15 training steps a second each, and 22 where threads sleep; alone, one makes 43
instead of 44. OpenMP reads the variable once, when torch is loaded; whoever has set it keeps their own.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
