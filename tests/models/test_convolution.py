"""The convolution for gradient penalties: values and both derivatives as PyTorch's own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.autograd import gradcheck, gradgradcheck

from argus.models.blocks.convolution import Geometry, convolve


def made(channels: int, out: int, groups: int, kernel: int, seed: int = 0) -> list[Tensor]:
    """Input, weight and bias in double precision, differentiable."""
    torch.manual_seed(seed)
    shapes = (2, channels, 5, 6), (out, channels // groups, kernel, kernel), (out,)
    return [torch.randn(shape, dtype=torch.float64).requires_grad_() for shape in shapes]


def geometry(stride: int = 1, padding: int = 0, groups: int = 1) -> Geometry:
    return Geometry((stride,) * 2, (padding,) * 2, (1, 1), groups)


GEOMETRIES = {
    "1x1": (4, 6, 1, 1, geometry()),
    "grouped 3x3": (4, 6, 2, 3, geometry(padding=1, groups=2)),
    "depthwise over all": (4, 4, 4, 5, geometry(groups=4)),
    "strided": (3, 2, 1, 3, geometry(stride=2, padding=1)),
}


@pytest.mark.parametrize("name", GEOMETRIES)
def test_first_and_second_derivatives_are_those_of_finite_differences(name: str) -> None:
    channels, out, groups, kernel, how = GEOMETRIES[name]
    x, weight, bias = made(channels, out, groups, kernel)

    def convolved(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return convolve(x, weight, bias, how)

    assert gradcheck(convolved, (x, weight, bias))
    assert gradgradcheck(convolved, (x, weight, bias))


@given(
    groups=st.sampled_from([1, 2, 4]),
    kernel=st.sampled_from([1, 3]),
    padding=st.integers(0, 2),
    stride=st.integers(1, 2),
    seed=st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_a_penalty_has_the_gradients_of_the_stock_convolution(
    groups: int, kernel: int, padding: int, stride: int, seed: int
) -> None:
    how = geometry(stride, padding, groups)
    leaves = made(4, 8, groups, kernel, seed)

    def gradients(layer: Callable[..., Tensor]) -> list[Tensor]:
        x, *rest = leaves
        hidden = nn.functional.leaky_relu(layer(*leaves), 0.2)
        (gradient,) = torch.autograd.grad(hidden.square().sum(), x, create_graph=True)
        return list(torch.autograd.grad(gradient.square().sum() + hidden.sum(), (x, *rest)))

    found = gradients(lambda x, w, b: convolve(x, w, b, how))
    wanted = gradients(lambda x, w, b: torch.conv2d(x, w, b, *how))
    for ours, theirs in zip(found, wanted, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_autocast_rounds_as_it_does_for_a_stock_convolution() -> None:
    x, weight, bias = (tensor.detach().float() for tensor in made(4, 6, 2, 3))
    how = geometry(padding=1, groups=2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        ours, stock = convolve(x, weight, bias, how), torch.conv2d(x, weight, bias, *how)
    assert ours.dtype == stock.dtype == torch.bfloat16
    torch.testing.assert_close(ours, stock, rtol=2**-7, atol=2**-7)
