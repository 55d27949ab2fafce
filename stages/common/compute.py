"""One place that makes torch repeatable."""

from __future__ import annotations

import os
import random

import numpy as np
import torch


def deterministic(seed: int, threads: int) -> None:
    """Seed every generator and forbid kernels that may differ from run to run.

    The number of CPU threads is part of the arithmetic (it fixes how sums are split), so it is a
    parameter and never "as many as there are". On CUDA the same machine kind is needed for the
    same bytes.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
