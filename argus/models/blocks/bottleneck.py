"""Layers of R3GAN (Huang et al., NeurIPS 2024, section 4): bottlenecks without normalization."""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional

from argus.models.blocks.resampling import Upsample

SLOPE = 0.2
"""Of leaky ReLUs below zero."""


def scaled(layer: nn.Conv2d | nn.Linear, gain: float = 1.0) -> nn.Conv2d | nn.Linear:
    """Normal weights that make the variance of the output `gain`^2 times that of the input."""
    nn.init.normal_(layer.weight, 0.0, gain / math.sqrt(layer.weight[0].numel()))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


class Bottleneck(nn.Module):
    """x + 1x1(act(3x3(act(1x1(x))))), [N, width, H, W] kept; at the start it does nothing.

    Weights as by Fixup (Zhang et al., ICLR 2019): of the m = 3 layers of a branch the last is zero,
    and the others are scaled by L^(-1 / (2m - 2)), where L is the depth of the network in branches.

    Args (of the constructor):
        inner: channels between the 1x1 convolutions.
        groups: of the 3x3 convolution.
        depth: residual branches in the whole network.
        conv: what the convolutions are; `TwiceConv2d` under a gradient penalty.
    """

    def __init__(
        self, width: int, inner: int, groups: int, depth: int, conv: type[nn.Conv2d] = nn.Conv2d
    ) -> None:
        super().__init__()
        gain = depth**-0.25 * math.sqrt(2 / (1 + SLOPE**2))  # the leaky ReLU takes the root away
        self.narrow = scaled(conv(width, inner, 1), gain)
        self.mix = scaled(conv(inner, inner, 3, padding=1, groups=groups), gain)
        self.widen = scaled(conv(inner, width, 1, bias=False), 0.0)

    def forward(self, x: Tensor) -> Tensor:
        y = functional.leaky_relu(self.narrow(x), SLOPE)
        return x + self.widen(functional.leaky_relu(self.mix(y), SLOPE))


def to_rgb(width: int, doublings: int) -> nn.Sequential:
    """[N, width, h, w] -> [N, 3, H, W]: a 1x1 convolution, or a thin way up that doubles the sides.

    Shuffling channels into pixels would be cheaper and leaves a grid in every image.
    """
    layers: list[nn.Module] = []
    for _ in range(doublings):
        thin = max(width // 3, 1)
        layers += [scaled(nn.Conv2d(width, thin, 1)), Upsample()]
        layers += [scaled(nn.Conv2d(thin, thin, 3, padding=1)), nn.LeakyReLU(SLOPE)]
        width = thin
    kernel = 3 if doublings else 1
    return nn.Sequential(*layers, scaled(nn.Conv2d(width, 3, kernel, padding="same")))
