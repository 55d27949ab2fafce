"""Adversarial losses and gradient penalties in closed form.

Every adversarial loss is a pair of functions over raw logits (any shape, no sigmoid before), mean
over the batch: `discriminator(real, fake)` and `generator(fake, real)`. Only a relativistic loss
looks at `real` in the generator's turn; the others take None there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

MODE_SEEKING_EPSILON = 0.01
"""Added to the difference of two images, so that equal ones do not throw the generator far."""


class Adversarial(NamedTuple):
    """The two sides of one game."""

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor | None], Tensor]
    chance_level_loss: float
    """The discriminator's loss while it cannot tell reals from fakes at all."""


def _hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    return functional.relu(1 - real).mean() + functional.relu(1 + fake).mean()


def _hinge_generator(fake: Tensor, _real: Tensor | None) -> Tensor:
    return -fake.mean()


def _relativistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    return functional.softplus(fake - real).mean()


def _relativistic_generator(fake: Tensor, real: Tensor | None) -> Tensor:
    if real is None:
        raise ValueError("a relativistic loss compares the fakes with reals: pass both logits")
    return functional.softplus(real - fake).mean()


def _least_squares_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    return 0.5 * ((real - 1).square().mean() + fake.square().mean())


def _least_squares_generator(fake: Tensor, _real: Tensor | None) -> Tensor:
    return (fake - 1).square().mean()


HINGE = Adversarial(_hinge_discriminator, _hinge_generator, chance_level_loss=2.0)
"""Hinge loss (Lim and Ye, arXiv 1705.02894; Miyato et al., ICLR 2018, equations 16 and 17)."""

RELATIVISTIC = Adversarial(
    _relativistic_discriminator, _relativistic_generator, chance_level_loss=math.log(2)
)
"""Softplus of the difference of a real's and a fake's logit (Jolicoeur-Martineau, ICLR 2019,
section 4; the form of R3GAN, Huang et al., NeurIPS 2024, equation 2). Logits are paired."""

LEAST_SQUARES = Adversarial(
    _least_squares_discriminator, _least_squares_generator, chance_level_loss=0.25
)
"""LSGAN with targets 1 and 0 (Mao et al., ICCV 2017, equation 9), the discriminator's side halved
as CycleGAN does (Zhu et al., ICCV 2017, section 4) to slow it relative to the generator."""


def squared_gradient(logits: Tensor, inputs: Tensor) -> Tensor:
    """Squared norm of the gradient of each image's logit, differentiable once more.

    Times gamma / 2 and averaged this is R1 where the inputs are reals, R2 where they are fakes
    (Mescheder et al., ICML 2018, section 4.1).

    Args:
        logits: [N] or [N, ...], each a function of its own image alone (so no batch statistics).
        inputs: [N, C, H, W] that require a gradient and that `logits` was computed from.

    Returns:
        [N], float32.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), inputs, create_graph=True)
    return gradient.float().square().sum(dim=(1, 2, 3))


def mode_seeking(images: Tensor, others: Tensor, noise: Tensor, other_noise: Tensor) -> Tensor:
    """How little images differ for how much their noise does (Mao et al., CVPR 2019, equation 1).

    Distance of the noise over that of the images, both the mean absolute difference. Taken for each
    pair and then averaged (the paper: averaged first), so that it is a mean over the batch.

    Args:
        images: float [N, 3, H, W].
        others: float [N, 3, H, W], of the same classes.
        noise: float [N, D], what `images` were generated from.
        other_noise: float [N, D], what `others` were.

    Returns:
        scalar, float32.
    """
    apart = (images.float() - others.float()).abs().mean(dim=(1, 2, 3))
    wanted = (noise - other_noise).abs().mean(dim=1)
    return (1 / (apart / wanted + MODE_SEEKING_EPSILON)).mean()
