"""Normalization of activations over the joint batch, and of weights by their spectral norm.

Statistics of a batch make every image depend on the others, so with several processes they must be
those of the whole batch: else N processes train something else than one does.
torch's SyncBatchNorm does so on GPUs only.
"""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional
from torch.nn.utils import parametrize

from argus.models.draws import processes

Network = TypeVar("Network", bound=nn.Module)

SPREAD = 0.3
"""Standard deviation over classes of gains and biases by class at the start."""

FIRST_ITERATIONS = 15
"""Of the power method before the first step, so that the estimate starts near the truth."""


class _JointSum(torch.autograd.Function):
    """Sum of a tensor over all processes; its gradient is the sum of theirs."""

    @staticmethod
    def forward(_context: Any, values: Tensor) -> Tensor:
        total = values.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(_context: Any, *gradients: Tensor) -> Tensor:
        total: Tensor = _JointSum.apply(gradients[0])
        return total


class JointBatchNorm2d(nn.BatchNorm2d):
    """Batch normalization (Ioffe and Szegedy, ICML 2015) over the images of all processes.

    On one process, and when evaluating, it is `nn.BatchNorm2d`. Every process must hold as many
    images of the same size as every other. Statistics are taken in float32, the mean before the
    variance, so that large means cost no digits.

    Shapes: [N, C, H, W] -> the same; the dtype is kept.
    """

    def __init__(self, features: int, affine: bool = True) -> None:
        super().__init__(features, affine=affine)

    def forward(self, input: Tensor) -> Tensor:
        _, number = processes()
        return super().forward(input) if number == 1 or not self.training else self._joint(input)

    def _joint(self, x: Tensor) -> Tensor:
        values = x.float()
        count = processes()[1] * x.numel() // self.num_features
        mean: Tensor = _JointSum.apply(values.sum(dim=(0, 2, 3))) / count
        centred = values - mean[:, None, None]
        variance: Tensor = _JointSum.apply(centred.square().sum(dim=(0, 2, 3))) / count
        self._remember(mean.detach(), variance.detach() * count / (count - 1))
        normal = centred * torch.rsqrt(variance + self.eps)[:, None, None]
        if self.affine:
            normal = normal * self.weight[:, None, None] + self.bias[:, None, None]
        return normal.to(x.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        self.num_batches_tracked += 1
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance, self.momentum)


class ClassBatchNorm2d(nn.Module):
    """Batch normalization whose gain and bias belong to the class (de Vries et al., NeurIPS 2017).

    The statistics are those of the whole batch, whatever its classes. Gains start about 1, biases
    about 0, apart by `SPREAD`: where all classes start alike, as published, a training of a few
    hundred steps ends before they have parted.

    Shapes: (x [N, C, H, W], class index [N]) -> as x.
    """

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.normal = JointBatchNorm2d(features, affine=False)
        self.gain = nn.Embedding(classes, features)
        self.bias = nn.Embedding(classes, features)
        nn.init.normal_(self.gain.weight, 1.0, SPREAD)
        nn.init.normal_(self.bias.weight, 0.0, SPREAD)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        normal: Tensor = self.normal(x)
        gain, bias = (table(labels).to(normal.dtype) for table in (self.gain, self.bias))
        return normal * gain[:, :, None, None] + bias[:, :, None, None]


class SpectralNorm(nn.Module):
    """A weight over its largest singular value (Miyato et al., ICLR 2018, section 2.1).

    The weight is taken as a matrix [outputs, the rest]. Its first singular vectors are followed by
    one step of the power method at each use in training. torch's own parametrisation does the same,
    but in the precision of autocast, where the estimate does not hold.
    """

    left: Tensor
    right: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        matrix = weight.detach().flatten(1)
        self.register_buffer("left", functional.normalize(torch.randn(matrix.shape[0]), dim=0))
        self.register_buffer("right", functional.normalize(torch.randn(matrix.shape[1]), dim=0))
        for _ in range(FIRST_ITERATIONS):
            self._follow(matrix)

    def forward(self, weight: Tensor) -> Tensor:
        with torch.autocast(weight.device.type, enabled=False):
            matrix = weight.flatten(1)
            if self.training:
                self._follow(matrix)
            # Copies, since the next use moves the buffers before this one's backward pass.
            largest = self.left.clone() @ (matrix @ self.right.clone())
            return weight / largest

    @torch.no_grad()
    def _follow(self, matrix: Tensor) -> None:
        self.right.copy_(functional.normalize(matrix.t() @ self.left, dim=0))
        self.left.copy_(functional.normalize(matrix @ self.right, dim=0))


def spectral(network: Network) -> Network:
    """Put `SpectralNorm` on the weight of every convolution, linear layer and embedding within."""
    for layer in list(network.modules()):
        if isinstance(layer, nn.Conv2d | nn.Linear | nn.Embedding):
            parametrize.register_parametrization(layer, "weight", SpectralNorm(layer.weight))
    return network
