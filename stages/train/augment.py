"""DiffAugment: differentiable augmentation of everything a discriminator sees.

Zhao et al., "Differentiable Augmentation for Data-Efficient GAN Training", NeurIPS 2020. Applied to
reals and fakes alike, so the generator is not taught the augmentation. Each kind is applied to
each image with probability `strength` (after ADA, Karras et al., NeurIPS 2020) and left off
otherwise: at 0 nothing happens, at 1 it is the paper's policy. A road scene keeps its horizon:
there is no rotation and no vertical flip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor

Kind = Literal["colour", "translation", "cutout"]

BRIGHTNESS = 0.5  # added, of a range of 2
SATURATION = (0.0, 2.0)  # factor
CONTRAST = (0.5, 1.5)  # factor
TRANSLATION = 1 / 8  # of a side, either way
CUTOUT = 1 / 2  # of a side


def augment(images: Tensor, strength: float, kinds: Sequence[Kind]) -> Tensor:
    """Augment a batch; draws from torch's global generator.

    Args:
        images: float [N, 3, H, W] in [-1, 1].
        strength: probability in [0, 1] with which each kind is applied to each image.
        kinds: which transforms, in this order.

    Returns:
        float [N, 3, H, W]; colour may leave [-1, 1], vacated pixels are 0 (mid grey).
    """
    if strength <= 0:
        return images
    for kind in kinds:
        chosen = _uniform(images, 0.0, 1.0) < strength
        images = torch.where(chosen, _TRANSFORMS[kind](images), images)
    return images


def mirror(images: Tensor) -> Tensor:
    """Mirror each image left to right with probability one half.

    For training images, not for the discriminator's eyes: a generator learns the mirrored world
    too. That world drives on the other side of the road, so it must be allowed by the settings.
    """
    return torch.where(_uniform(images, 0.0, 1.0) < 0.5, images.flip(3), images)


def _uniform(images: Tensor, low: float, high: float) -> Tensor:
    """One draw an image, [N, 1, 1, 1] in [low, high)."""
    return torch.empty(len(images), 1, 1, 1, device=images.device).uniform_(low, high)


def _colour(images: Tensor) -> Tensor:
    images = images + _uniform(images, -BRIGHTNESS, BRIGHTNESS)
    grey = images.mean(dim=1, keepdim=True)
    images = grey + (images - grey) * _uniform(images, *SATURATION)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (images - mean) * _uniform(images, *CONTRAST)


def _translate(images: Tensor) -> Tensor:
    """Shift by whole pixels as products with 0/1 matrices.

    Unlike gathering, a product has a deterministic backward pass on every device.
    """
    height, width = images.shape[2:]
    down = _shift(images, height)
    right = _shift(images, width)
    return down[:, None] @ images @ right[:, None].transpose(2, 3)


def _shift(images: Tensor, side: int) -> Tensor:
    """Float [N, side, side] matrices, each moving a column of `side` pixels by its own offset."""
    reach = int(side * TRANSLATION + 0.5)
    offset = torch.randint(-reach, reach + 1, (len(images), 1, 1), device=images.device)
    place = torch.arange(side, device=images.device)
    return (place[None, :, None] - offset == place[None, None, :]).to(images.dtype)


def _cut_out(images: Tensor) -> Tensor:
    height, width = images.shape[2:]
    rows = _outside_window(images, height).view(-1, 1, height, 1)
    columns = _outside_window(images, width).view(-1, 1, 1, width)
    return images * (rows | columns)


def _outside_window(images: Tensor, side: int) -> Tensor:
    """Bool [N, side]: False within a window of half the side around a random centre."""
    centre = torch.randint(side, (len(images), 1), device=images.device)
    place = torch.arange(side, device=images.device)
    half = int(side * CUTOUT / 2 + 0.5)
    return (place < centre - half) | (place >= centre + half)


_TRANSFORMS: dict[Kind, Callable[[Tensor], Tensor]] = {
    "colour": _colour,
    "translation": _translate,
    "cutout": _cut_out,
}
