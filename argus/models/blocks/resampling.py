"""Doubling and halving of the sides by the binomial filter [1, 2, 1].

The smallest filter that neither leaves a grid, as transposed convolutions do, nor aliases, as
strides do; R3GAN resamples so (Huang et al., NeurIPS 2024, section 4). Written as sums of slices,
which on a CPU cost far less than the convolutions they equal. Beyond the border lies what lies at
it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def upsample(x: Tensor) -> Tensor:
    """[N, C, H, W] -> [N, C, 2H, 2W]: insert zeros and filter with [1, 2, 1] / 2 each way.

    Every pixel stays, and between two neighbours comes their mean.
    """
    for side in (2, 3):
        n = x.shape[side]
        after = torch.cat([x.narrow(side, 1, n - 1), x.narrow(side, n - 1, 1)], dim=side)
        between = (x + after) / 2
        x = torch.stack([x, between], dim=side + 1).flatten(side, side + 1)
    return x


def downsample(x: Tensor) -> Tensor:
    """[N, C, 2H, 2W] -> [N, C, H, W]: filter with [1, 2, 1] / 4 each way, keep every second."""
    for side in (2, 3):
        pairs = x.reshape(*x.shape[:side], -1, 2, *x.shape[side + 1 :])
        even, odd = pairs.unbind(side + 1)
        n = odd.shape[side]
        before = torch.cat([even.narrow(side, 0, 1), odd.narrow(side, 0, n - 1)], dim=side)
        x = even / 2 + (odd + before) / 4
    return x


class Upsample(nn.Module):
    """`upsample` as a layer."""

    def forward(self, x: Tensor) -> Tensor:
        return upsample(x)


class Downsample(nn.Module):
    """`downsample` as a layer."""

    def forward(self, x: Tensor) -> Tensor:
        return downsample(x)
