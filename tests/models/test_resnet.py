"""The layers that translators are made of."""

from __future__ import annotations

import torch
from torch.nn import functional

from argus.models.blocks.resnet import ReflectedConv2d, reflected


def test_slices_reflect_as_padding_does_there_and_back():
    x = torch.randn(2, 3, 6, 9, dtype=torch.float64, requires_grad=True)
    for by in (1, 3):
        padded = functional.pad(x, (by, by, by, by), mode="reflect")
        assert torch.equal(reflected(x, by), padded)
        weights = torch.randn_like(padded)
        ours, theirs = (
            torch.autograd.grad((image * weights).sum(), x)[0]
            for image in (reflected(x, by), padded)
        )
        torch.testing.assert_close(ours, theirs)


def test_a_reflected_convolution_keeps_the_shape_and_a_constant():
    layer = ReflectedConv2d(1, 1, 7)
    assert layer.bias is not None
    flat = torch.full((1, 1, 8, 12), 2.0)
    out = layer(flat)
    assert out.shape == flat.shape
    torch.testing.assert_close(out, (2 * layer.weight.sum() + layer.bias).expand_as(out))
    on_gpu = functional.conv2d(reflected(flat, 3), layer.weight, layer.bias)
    torch.testing.assert_close(out, on_gpu)
