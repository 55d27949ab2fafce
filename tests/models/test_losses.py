"""Losses and penalties against their closed forms."""

from __future__ import annotations

import math

import pytest
import torch

from argus.models.losses import HINGE, LEAST_SQUARES, RELATIVISTIC, squared_gradient


def test_least_squares_is_half_the_mean_square_for_the_judge_and_a_mean_square_for_the_forger():
    real, fake = torch.tensor([1.0, 3.0]), torch.tensor([0.0, -2.0])
    judge = LEAST_SQUARES.discriminator(real, fake)
    assert judge.item() == pytest.approx(0.5 * ((0 + 4) / 2 + (0 + 4) / 2))
    assert LEAST_SQUARES.generator(fake, None).item() == pytest.approx((1 + 9) / 2)


def test_relativistic_is_the_softplus_of_the_paired_difference():
    real, fake = torch.tensor([2.0, 0.0]), torch.tensor([-1.0, 0.5])
    expected = (math.log1p(math.exp(-3)) + math.log1p(math.exp(0.5))) / 2
    assert RELATIVISTIC.discriminator(real, fake).item() == pytest.approx(expected, rel=1e-6)
    mirrored = (math.log1p(math.exp(3)) + math.log1p(math.exp(-0.5))) / 2
    assert RELATIVISTIC.generator(fake, real).item() == pytest.approx(mirrored, rel=1e-6)


def test_relativistic_pairs_and_does_not_compare_means():
    real, fake = torch.tensor([4.0, -4.0]), torch.tensor([-4.0, 4.0])
    assert RELATIVISTIC.discriminator(real, fake).item() > math.log(2) + 1


def test_a_relativistic_generator_needs_the_reals():
    with pytest.raises(ValueError, match="reals"):
        RELATIVISTIC.generator(torch.zeros(2), None)


def test_squared_gradient_of_a_quadratic_is_the_squared_norm_of_its_derivative():
    """D(x) = x.Ax / 2 + b.x has gradient Ax + b, so that |grad|^2 has gradient 2 A (Ax + b)."""
    torch.manual_seed(0)
    square = torch.randn(12, 12, dtype=torch.float64)
    a, b = square + square.T, torch.randn(12, dtype=torch.float64)
    x = torch.randn(5, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    flat = x.flatten(1)
    logits = ((flat @ a) * flat).sum(dim=1) / 2 + flat @ b
    norms = squared_gradient(logits, x)
    gradient = flat @ a + b
    torch.testing.assert_close(norms.double(), gradient.square().sum(dim=1), rtol=1e-5, atol=0)
    (second,) = torch.autograd.grad(norms.sum(), x)
    torch.testing.assert_close(second.flatten(1), 2 * gradient @ a, rtol=1e-5, atol=1e-5)


def test_the_penalty_reaches_the_weights():
    weight = torch.tensor([[2.0, -1.0, 0.5]], requires_grad=True)
    x = torch.ones(4, 3, 1, 1, requires_grad=True)
    logits = (x.flatten(1) @ weight.T).squeeze(1)
    (0.5 * squared_gradient(logits, x).mean()).backward()
    torch.testing.assert_close(weight.grad, weight.detach())


def test_hinge_stops_at_its_margins_and_the_forger_never_does():
    real, fake = torch.tensor([2.0, 0.5, -1.0]), torch.tensor([-3.0, -0.5, 1.0])
    judge = HINGE.discriminator(real, fake)
    assert judge.item() == pytest.approx((0 + 0.5 + 2) / 3 + (0 + 0.5 + 2) / 3)
    assert HINGE.generator(fake, None).item() == pytest.approx(2.5 / 3)
    real.requires_grad_()
    (gradient,) = torch.autograd.grad(HINGE.discriminator(real, fake), real)
    assert gradient.tolist() == pytest.approx([0, -1 / 3, -1 / 3])


@pytest.mark.parametrize(
    ("loss", "logit"), [(HINGE, 0.0), (LEAST_SQUARES, 0.5), (RELATIVISTIC, 1.7)]
)
def test_undecided_is_the_loss_of_a_judge_that_sees_no_difference(loss, logit):
    same = torch.full((4, 1, 2, 2), logit)
    assert loss.discriminator(same, same).item() == pytest.approx(loss.chance_level_loss)
