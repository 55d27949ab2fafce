"""Schedules: pure functions of the share of the training that is done, in [0, 1].

They hold no state, so a resumed training needs nothing to be restored.
"""

from __future__ import annotations

import math
from collections.abc import Callable

Schedule = Callable[[float], float]


def constant(value: float) -> Schedule:
    """The same value throughout."""
    return lambda _done: value


def cosine(start: float, end: float, over: float = 1.0) -> Schedule:
    """Half a cosine from `start` to `end` during the first share `over`, then `end`.

    R3GAN moves all of its hyper-parameters so (Huang et al., NeurIPS 2024, appendix).
    """

    def value(done: float) -> float:
        phase = min(done / over, 1.0)
        return end + (start - end) * 0.5 * (1.0 + math.cos(math.pi * phase))

    return value


def constant_then_linear(value: float, turn: float) -> Schedule:
    """`value` until the share `turn`, then straight to zero at the end (CycleGAN, section 4)."""
    if not 0 <= turn < 1:
        raise ValueError(f"the turn of the schedule lies at {turn}, outside [0, 1)")
    return lambda done: value * min(1.0, (1.0 - done) / (1.0 - turn))
