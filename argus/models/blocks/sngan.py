"""Residual blocks of SNGAN (Miyato et al., ICLR 2018); its file is `architectures/sngan.py`."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from argus.models.blocks.normalization import ClassBatchNorm2d


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")


class UpBlock(nn.Module):
    """Pre-activated residual block, [N, before, H, W] -> [N, after, 2H, 2W]."""

    def __init__(self, before: int, after: int, classes: int) -> None:
        super().__init__()
        self.normal1 = ClassBatchNorm2d(before, classes)
        self.mix1 = nn.Conv2d(before, after, 3, padding=1)
        self.normal2 = ClassBatchNorm2d(after, classes)
        self.mix2 = nn.Conv2d(after, after, 3, padding=1)
        self.shortcut = nn.Conv2d(before, after, 1)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        y = self.mix1(_doubled(functional.relu(self.normal1(x, labels))))
        y = self.mix2(functional.relu(self.normal2(y, labels)))
        return _doubled(self.shortcut(x)) + y


class DownBlock(nn.Module):
    """Residual block without normalization, [N, before, H, W] -> [N, after, h, w].

    Halving averages 2 x 2 places. The first block sees pixels and does not rectify them. The
    shortcut is a 1x1 convolution where the sides or the width change.
    """

    def __init__(self, before: int, after: int, halves: bool, first: bool) -> None:
        super().__init__()
        self.halves, self.first = halves, first
        self.mix1 = nn.Conv2d(before, after, 3, padding=1)
        self.mix2 = nn.Conv2d(after, after, 3, padding=1)
        same = before == after and not halves
        self.shortcut = nn.Identity() if same else nn.Conv2d(before, after, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.mix1(x if self.first else functional.relu(x))
        y = self.mix2(functional.relu(y))
        if self.halves:
            x, y = functional.avg_pool2d(x, 2), functional.avg_pool2d(y, 2)
        return self.shortcut(x) + y
