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
    # Not `use_deterministic_algorithms`, which also tells a compiler that nobody here uses, and
    # takes 6 s to load it.
    torch.set_deterministic_debug_mode("error")
    # Else every `torch.empty` is filled first, at a cost. Nothing reads one before it is written; a
    # test that trains twice would notice.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
