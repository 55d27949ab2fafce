"""Exponential moving average of networks: what is kept, sampled and saved."""

from __future__ import annotations

import copy

import torch
from torch import nn


def decay(images: int, half_life: float) -> float:
    """Share of the average that survives a step of `images`; a half-life of 0 images keeps none.

    Given in images, not in steps, so that it means the same at any batch size.
    """
    return 0.5 ** (images / half_life) if half_life > 0 else 0.0


class Ema(nn.Module):
    """A running average of the parameters AND buffers of some networks.

    Buffers that are not floating point (counters) are copied. Normalization statistics belong to
    the weights they were measured with, so an average over parameters alone would mismatch them.
    """

    def __init__(self, networks: nn.ModuleDict) -> None:
        super().__init__()
        self.networks = copy.deepcopy(networks).requires_grad_(False).eval()

    @torch.no_grad()
    def update(self, networks: nn.ModuleDict, decay: float) -> None:
        """Set average = decay * average + (1 - decay) * current, for every tensor.

        Args:
            networks: the networks that train, of the same structure as at the start.
            decay: in [0, 1).
        """
        current = networks.state_dict()
        for name, average in self.networks.state_dict().items():
            if average.is_floating_point():
                average.lerp_(current[name].to(average.dtype), 1.0 - decay)
            else:
                average.copy_(current[name])
