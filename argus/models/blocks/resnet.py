"""The residual encoder-decoder that CycleGAN and CUT translate with.

The network of Johnson et al., ECCV 2016, in the layout of Zhu et al., ICCV 2017 (appendix): a 7x7
convolution, two halvings, residual blocks, two doublings, a 7x7 convolution; instance normalization
and ReLU after every convolution but the last; weights from N(0, 0.02), biases zero.

How it resamples (`resampling`):
- `transposed`: strided convolutions down, transposed ones up, as CycleGAN; leaves a checkerboard;
- `resized`: strided convolutions down, nearest neighbour and a 3x3 convolution up (Odena et al.,
  Distill 2016);
- `antialiased`: full convolutions and a low-pass filter (Zhang, ICML 2019), as CUT does. The filter
  is [1, 2, 1] both ways, that of `blocks.resampling`; CUT's code doubles with [1, 3, 3, 1], which
  moves everything by half a pixel against its own halving.

The borders are reflected as in the paper.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from argus.models.blocks.resampling import Downsample, Upsample

Resampling = Literal["transposed", "resized", "antialiased"]

MULTIPLE = 4
"""What both sides of an image must be multiples of."""
WEIGHT_SPREAD = 0.02
BRIGHTEST = 0.98  # atanh has no end at 1


class ResNetGenerator(nn.Module):
    """[N, 3, H, W] in [-1, 1] -> the same; H and W multiples of 4.

    Args (of the constructor):
        filters: channels at full resolution, doubled at each of the two halvings.
        blocks: residual blocks, at least one.
        resampling: see the top of this file.
        residual: give what to change in the image, tanh(atanh(x) + network(x)), instead of a new
            image, tanh(network(x)): where the network says nothing the image stays as it is, so its
            edges need not be drawn again.
    """

    def __init__(self, filters: int, blocks: int, resampling: Resampling, residual: bool) -> None:
        super().__init__()
        self.residual = residual
        width = filters
        layers = [_convolution(3, width, 7), *_normalized(width)]
        taps = []
        for _ in range(2):
            taps.append(len(layers))
            layers += _halving(width, resampling)
            width *= 2
        taps += [len(layers), len(layers) + (blocks - 1) // 2]
        layers += [Residual(width) for _ in range(blocks)]
        for _ in range(2):
            width //= 2
            layers += _doubling(width, resampling)
        layers.append(_convolution(width, 3, 7))
        self.body = nn.Sequential(*layers).apply(initialize)
        self.taps = sorted(set(taps))
        """Layers whose outputs are features: both halving convolutions (before normalization), the
        first and the middle residual block. Of nine blocks that is the first and the fifth: with
        the pixels, layers 0, 4, 8, 12 and 16 in CUT's count."""
        self.feature_widths = [3, 2 * filters, *[4 * filters] * (len(self.taps) - 1)]
        """Channels of what `features` returns."""

    def forward(self, x: Tensor) -> Tensor:
        return self._drawn(x, self.body(x))

    def features(self, x: Tensor) -> list[Tensor]:
        """The image itself and the outputs of `taps`; runs the network no further than needed.

        Args:
            x: [N, 3, H, W].

        Returns:
            Of widths `feature_widths`, [N, C, h, w] each, from fine to coarse.
        """
        return _tapped(x, self.body[: self.taps[-1] + 1], self.taps)[1]

    def with_features(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """`forward(x)` and `features(x)` in one pass."""
        y, features = _tapped(x, self.body, self.taps)
        return self._drawn(x, y), features

    def _drawn(self, x: Tensor, y: Tensor) -> Tensor:
        y = y.float()  # under autocast too: an image needs its levels
        if self.residual:
            y = y + torch.atanh(x.clamp(-BRIGHTEST, BRIGHTEST))
        return torch.tanh(y)


class Residual(nn.Module):
    """x + norm(3x3(relu(norm(3x3(x))))), reflected at the border; shape kept."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _convolution(width, width, 3),
            *_normalized(width),
            _convolution(width, width, 3),
            nn.InstanceNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def initialize(layer: nn.Module) -> None:
    """CycleGAN's start of a convolution or linear layer: N(0, 0.02) and no bias."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(layer.weight, 0.0, WEIGHT_SPREAD)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def _tapped(x: Tensor, layers: Iterable[nn.Module], taps: list[int]) -> tuple[Tensor, list[Tensor]]:
    features = [x]
    for index, layer in enumerate(layers):
        x = layer(x)
        if index in taps:
            features.append(x)
    return x, features


class ReflectedConv2d(nn.Conv2d):
    """An odd convolution, stride 1, over an image whose borders are mirrors; shape kept.

    On a GPU, where PyTorch's own padding has no deterministic backward pass, the mirrored rows and
    columns are put on as slices.
    """

    def __init__(self, before: int, after: int, kernel: int) -> None:
        super().__init__(before, after, kernel, padding=kernel // 2, padding_mode="reflect")

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if input.is_cuda:
            return functional.conv2d(reflected(input, self.kernel_size[0] // 2), weight, bias)
        return super()._conv_forward(input, weight, bias)


def reflected(x: Tensor, by: int) -> Tensor:
    """[N, C, H, W] with `by` more pixels on each side, mirrored at the border pixel."""
    for side in (2, 3):
        before = x.narrow(side, 1, by).flip(side)
        after = x.narrow(side, x.shape[side] - 1 - by, by).flip(side)
        x = torch.cat([before, x, after], dim=side)
    return x


def _convolution(before: int, after: int, kernel: int) -> nn.Module:
    return ReflectedConv2d(before, after, kernel)


def _normalized(width: int) -> list[nn.Module]:
    return [nn.InstanceNorm2d(width), nn.ReLU(inplace=True)]


def _halving(width: int, resampling: Resampling) -> list[nn.Module]:
    """Half the sides, `width` channels to twice as many; the convolution comes first."""
    if resampling == "antialiased":
        return [nn.Conv2d(width, 2 * width, 3, 1, 1), *_normalized(2 * width), Downsample()]
    return [nn.Conv2d(width, 2 * width, 3, 2, 1), *_normalized(2 * width)]


def _doubling(width: int, resampling: Resampling) -> list[nn.Module]:
    """Twice the sides, twice `width` channels to `width`."""
    match resampling:
        case "transposed":
            layers: list[nn.Module] = [
                nn.ConvTranspose2d(2 * width, width, 3, 2, padding=1, output_padding=1)
            ]
        case "resized":
            layers = [nn.Upsample(scale_factor=2), _convolution(2 * width, width, 3)]
        case "antialiased":
            layers = [Upsample(), nn.Conv2d(2 * width, width, 3, 1, 1)]
    return [*layers, *_normalized(width)]
