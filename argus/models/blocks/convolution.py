"""A convolution whose second derivative costs what a first one does, on a GPU.

A gradient penalty differentiates a discriminator's gradient once more. PyTorch's own second
derivative of a convolution takes the weight's gradient as a convolution with the whole feature map
for its kernel, in a loop over the groups (`_convolution_double_backward` in ATen): for R3GAN at 256
px nearly all the time of a step. But that gradient is bilinear, as the first one is, and so
`aten::convolution_backward` computes it with another pair of tensors:

    y = x * w,  gx = gy *' w,  gw = x *" gy      (correlation, transposed, and of maps)
    from the gradient u of gx:  to gy  u * w,    to w  u *" gy
    from the gradient v of gw:  to gy  x * v,    to x  gy *' v

On a CPU the stock second derivative is as quick, and is what runs there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


class Geometry(NamedTuple):
    """How a convolution moves over its input."""

    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int


def _gradients(
    gy: Tensor, x: Tensor, weight: Tensor, how: Geometry, wanted: Sequence[bool]
) -> tuple[Tensor | None, Tensor | None]:
    """The gradients of input and weight, where wanted; neither looks at the other's own tensor."""
    stride, padding, dilation, groups = how
    gx, gw, _ = torch.ops.aten.convolution_backward(
        gy, x, weight, None, stride, padding, dilation, False, [0, 0], groups, [*wanted, False]
    )
    return gx, gw


class _Convolution(torch.autograd.Function):
    """(x, weight, bias, how) -> y, whose gradient is `_Gradients`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, how: Geometry) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.how = how
        return torch.conv2d(x, weight, bias, *how)

    @staticmethod
    def backward(ctx: Any, gy: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        *wanted, to_bias = ctx.needs_input_grad[:3]
        gx, gw = _Gradients.apply(gy, x, weight, ctx.how, wanted)
        return gx, gw, gy.sum(dim=(0, 2, 3)) if to_bias else None, None


class _Gradients(torch.autograd.Function):
    """(gy, x, weight, how, wanted) -> (gx, gw), differentiable once more and not twice."""

    @staticmethod
    def forward(
        ctx: Any, gy: Tensor, x: Tensor, weight: Tensor, how: Geometry, wanted: Sequence[bool]
    ) -> tuple[Tensor | None, Tensor | None]:
        ctx.save_for_backward(gy, x, weight)
        ctx.how = how
        ctx.set_materialize_grads(False)  # what nobody asks for costs nothing
        return _gradients(gy, x, weight, how, wanted)

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, u: Tensor | None, v: Tensor | None
    ) -> tuple[Tensor | None, Tensor | None, Tensor | None, None, None]:
        gy, x, weight = ctx.saved_tensors
        to_gy, to_x, to_weight = ctx.needs_input_grad[:3]
        ggy = gx = gw = None
        if u is not None:
            if to_gy:
                ggy = torch.conv2d(u, weight, None, *ctx.how)
            if to_weight:
                _, gw = _gradients(gy, u, weight, ctx.how, (False, True))
        if v is not None:
            if to_gy:
                other = torch.conv2d(x, v, None, *ctx.how)
                ggy = other if ggy is None else ggy + other
            if to_x:
                gx, _ = _gradients(gy, x, v, ctx.how, (True, False))
        return ggy, gx, gw, None, None


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None, how: Geometry) -> Tensor:
    """A convolution in two dimensions, differentiable twice.

    Args:
        x: float [N, C, H, W], on any device; under autocast it and the weight are cast as a stock
            convolution casts them.
        weight: float [out, C / groups, kernel, kernel].
        bias: float [out], or None.
        how: strides, padding, dilation and groups.

    Returns:
        [N, out, H', W'].
    """
    if torch.is_autocast_enabled(x.device.type):
        dtype = torch.get_autocast_dtype(x.device.type)
        x, weight = x.to(dtype), weight.to(dtype)
        bias = None if bias is None else bias.to(dtype)
    y: Tensor = _Convolution.apply(x, weight, bias, how)
    return y


class TwiceConv2d(nn.Conv2d):
    """`nn.Conv2d` for networks under a gradient penalty: on a GPU `convolve`, else as it is.

    Zero padding alone, in pixels.
    """

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if not input.is_cuda:
            return super()._conv_forward(input, weight, bias)
        assert self.padding_mode == "zeros"
        assert not isinstance(self.padding, str)
        how = Geometry(self.stride, self.padding, self.dilation, self.groups)
        return convolve(input, weight, bias, how)
