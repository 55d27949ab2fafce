"""Layers of FastGAN (Liu et al., ICLR 2021), see `argus/models/architectures/fastgan.py`."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from argus.models import draws
from argus.models.blocks.normalization import ClassBatchNorm2d, JointBatchNorm2d

MARGIN = (0.8, 1.0)
SLOPE = 0.2
GATE_SLOPE = 0.1
SCALES = 3
"""At which a reconstruction is compared: as it is, halved, quartered."""


class SkipExcitation(nn.Module):
    """Gate the channels of a fine level by what a coarse one sees (the paper's equation 1).

    (gate [N, A, h, w], gated [N, B, H, W]) -> as gated. The coarse level is averaged to `grid`,
    whose sides divide h and w, and a convolution as large as the grid makes one place of it.
    """

    def __init__(self, before: int, after: int, grid: tuple[int, int]) -> None:
        super().__init__()
        self.grid = grid
        self.gather = nn.Conv2d(before, after, grid, bias=False)
        self.gate = nn.Conv2d(after, after, 1, bias=False)

    def forward(self, gate: Tensor, gated: Tensor) -> Tensor:
        # Not adaptive pooling: its gradient is not deterministic on a GPU.
        cells = tuple(side // cells for side, cells in zip(gate.shape[2:], self.grid, strict=True))
        seen = self.gather(functional.avg_pool2d(gate, cells))
        return gated * torch.sigmoid(self.gate(functional.leaky_relu(seen, GATE_SLOPE)))


class Gated(nn.Module):
    """3x3 convolution, batch normalization by class, gated linear unit; sides kept."""

    def __init__(self, before: int, after: int, classes: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(before, 2 * after, 3, padding=1, bias=False)
        self.normal = ClassBatchNorm2d(2 * after, classes)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        return functional.glu(self.normal(self.mix(x), labels), dim=1)


class UpBlock(nn.Module):
    """[N, before, H, W] -> [N, after, 2H, 2W] by one convolution or, `deep`, by two."""

    def __init__(self, before: int, after: int, classes: int, deep: bool) -> None:
        super().__init__()
        pairs = [(before, after), (after, after)] if deep else [(before, after)]
        self.layers = nn.ModuleList(Gated(*pair, classes) for pair in pairs)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        x = functional.interpolate(x, scale_factor=2.0, mode="nearest")
        for layer in self.layers:
            x = layer(x, labels)
        return x


def halving(before: int, after: int) -> list[nn.Module]:
    """Layers [N, before, H, W] -> [N, after, H/2, W/2]."""
    return [
        nn.Conv2d(before, after, 4, 2, 1, bias=False),
        JointBatchNorm2d(after),
        nn.LeakyReLU(SLOPE),
    ]


class DownBlock(nn.Module):
    """[N, before, H, W] -> [N, after, H/2, W/2]: mean of a deep way and a direct one."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            *halving(before, after),
            nn.Conv2d(after, after, 3, padding=1, bias=False),
            JointBatchNorm2d(after),
            nn.LeakyReLU(SLOPE),
        )
        self.direct = nn.Sequential(
            nn.AvgPool2d(2),
            nn.Conv2d(before, after, 1, bias=False),
            JointBatchNorm2d(after),
            nn.LeakyReLU(SLOPE),
        )

    def forward(self, x: Tensor) -> Tensor:
        return (self.main(x) + self.direct(x)) / 2


class ProjectionHead(nn.Module):
    """(features [N, C, h, w], class index [N]) -> logits [N, (h - 3) * (w - 3)].

    One for each 4x4 window, with the projection of the window on the class.
    """

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.common = nn.Conv2d(width, 1, 4, bias=False)
        self.by_class = nn.Conv2d(width, classes, 4, bias=False)

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        by_class = self.by_class(features).float()
        wanted = labels[:, None] == torch.arange(by_class.shape[1], device=labels.device)
        projection = (by_class * wanted[:, :, None, None]).sum(dim=1, keepdim=True)
        return (self.common(features).float() + projection).flatten(1)


def decoder(width: int, widths: tuple[int, ...]) -> nn.Sequential:
    """[N, width, h, w] -> [N, 3, H, W] in [-1, 1]; each of `widths` doubles the sides."""
    layers: list[nn.Module] = []
    for before, after in pairwise((width, *widths)):
        widen = nn.Conv2d(before, 2 * after, 3, padding=1, bias=False)
        layers += [nn.Upsample(scale_factor=2), widen, JointBatchNorm2d(2 * after), nn.GLU(dim=1)]
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], 3, 3, padding=1, bias=False), nn.Tanh())


def quarter(x: Tensor, place: Tensor) -> Tensor:
    """One quarter of each image.

    Args:
        x: [N, C, 2h, 2w].
        place: int64 [N, 2], each 0 or 1: whether the lower one, whether the right one.

    Returns:
        [N, C, h, w].
    """
    lower, right = (place[:, axis].bool()[:, None, None, None] for axis in (0, 1))
    upper_half, lower_half = x.chunk(2, dim=2)
    left_half, right_half = torch.where(lower, lower_half, upper_half).chunk(2, dim=3)
    return torch.where(right, right_half, left_half)


def distance(decoded: Tensor, wanted: Tensor) -> Tensor:
    """Mean over three scales of the mean absolute difference; a scalar, float32.

    The coarse scales see what was shifted by a pixel as nearly right.
    """
    difference = decoded.float() - wanted.float()
    losses = [difference.abs().mean()]
    for _ in range(SCALES - 1):
        difference = functional.avg_pool2d(difference, 2)
        losses.append(difference.abs().mean())
    return torch.stack(losses).mean()


def hinge(logits: Tensor) -> Tensor:
    """Mean of how far logits stay below their margins, each drawn for itself."""
    margin = draws.uniform(*MARGIN, *logits.shape, device=logits.device)
    return functional.relu(margin - logits).mean()
