"""A pool of past fakes, so that a discriminator does not forget what it once knew to refuse."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ImagePool(nn.Module):
    """Up to `capacity` earlier fakes (Shrivastava et al., CVPR 2017, section 2.3).

    The images are buffers, so a checkpoint of the module that owns the pool holds them. Draws come
    from torch's global generator.
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
            fakes: float [B, C, H, W].

        Returns:
            float [B, C, H, W], without gradient; every image is one of `fakes` or an earlier one.
        """
        capacity, given = len(self.images), fakes.detach().clone()
        if not capacity:
            return given
        for index, fake in enumerate(fakes.detach()):
            if self.filled < capacity:
                self.images[self.filled] = fake
                self.filled += 1
            elif torch.rand(()) < 0.5:
                slot = int(torch.randint(capacity, ()))
                given[index] = self.images[slot]
                self.images[slot] = fake
        return given
