"""Random numbers that a step draws for each of its images, the same on one process and on several.

All processes hold the same state of torch's global generator. Each draws the numbers of the joint
batch and keeps those of its own images, so that N processes do what one does with the whole batch,
and the state that a checkpoint holds is everybody's.

So draw for one stream's batch at a time. For a concatenation, such as reals beside fakes, the rows
of a process would not lie together in the joint batch: draw for the parts, one after the other.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, distributed


def processes() -> tuple[int, int]:
    """The rank of this process, and how many there are."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def normal(count: int, *shape: int, device: torch.device) -> Tensor:
    """Standard normal numbers, float32 [count, *shape], for `count` images of this process."""
    return _own(count, lambda n: torch.randn(n, *shape, device=device))


def uniform(low: float, high: float, count: int, *shape: int, device: torch.device) -> Tensor:
    """Numbers in [low, high), float32 [count, *shape], for `count` images of this process."""
    return _own(count, lambda n: torch.empty(n, *shape, device=device).uniform_(low, high))


def integers(low: int, high: int, count: int, *shape: int, device: torch.device) -> Tensor:
    """Numbers from low to high - 1, int64 [count, *shape], for `count` images of this process."""
    return _own(count, lambda n: torch.randint(low, high, (n, *shape), device=device))


def _own(count: int, draw: Callable[[int], Tensor]) -> Tensor:
    rank, number = processes()
    return draw(count * number)[rank * count : (rank + 1) * count]
