"""A pool of past fakes, so that a discriminator does not forget what it once knew to refuse."""

from __future__ import annotations

import torch
from torch import Tensor, distributed, nn

from argus.models.draws import processes


class ImagePool(nn.Module):
    """Up to `capacity` earlier fakes (Shrivastava et al., CVPR 2017, section 2.3).

    The images are buffers, so a checkpoint of the module that owns the pool holds them. Draws come
    from torch's global generator. Where several processes train together, each holds the same pool
    and passes the fakes of all through it, in the order of the joint batch.
    """

    images: Tensor
    filled: Tensor

    def __init__(self, capacity: int, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.register_buffer("images", torch.zeros(capacity, *shape))
        self.register_buffer("filled", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def exchange(self, fakes: Tensor) -> Tensor:
        """Take fakes in and give as many back.

        While the pool has room each fake is stored and returned. When it is full, each is with
        probability one half exchanged for a random stored one, otherwise returned as it is.

        Args:
            fakes: float [B, C, H, W] of this process, as many as of any other.

        Returns:
            float [B, C, H, W], without gradient; every image is one of `fakes` or an earlier one.
        """
        capacity, count = len(self.images), len(fakes)
        if not capacity:
            return fakes.detach().clone()
        rank, _ = processes()
        fakes = _of_all_processes(fakes.detach())
        given = fakes.clone()
        filled = int(self.filled)
        for index, fake in enumerate(fakes):
            if filled < capacity:
                self.images[filled] = fake
                filled += 1
            elif torch.rand(()) < 0.5:
                slot = int(torch.randint(capacity, ()))
                given[index] = self.images[slot]
                self.images[slot] = fake
        self.filled.fill_(filled)
        return given[rank * count : (rank + 1) * count]


def _of_all_processes(images: Tensor) -> Tensor:
    """[B, ...] of each process -> [processes * B, ...], by rank."""
    _, number = processes()
    if number == 1:
        return images
    parts = [torch.empty_like(images) for _ in range(number)]
    distributed.all_gather(parts, images.contiguous())
    return torch.cat(parts)
