"""DiffAugment: differentiable augmentation of everything a discriminator sees.

Zhao et al., "Differentiable Augmentation for Data-Efficient GAN Training", NeurIPS 2020. Applied to
reals and fakes alike, so the generator is not taught the augmentation. Each kind is applied to
each image with probability `strength` (after ADA, Karras et al., NeurIPS 2020) and left off
otherwise: at 0 nothing happens, at 1 it is the paper's policy. A road scene keeps its horizon:
there is no rotation and no vertical flip. `AdaptiveStrength` sets the strength by how much the
discriminator overfits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor, distributed, nn

from argus.models import draws

Kind = Literal["color", "translation", "cutout"]

BRIGHTNESS = 0.5  # added, of a range of 2
SATURATION = (0.0, 2.0)  # factor
CONTRAST = (0.5, 1.5)  # factor
TRANSLATION = 1 / 8  # of a side, either way
CUTOUT = 1 / 2  # of a side


def augment(images: Tensor, strength: float | Tensor, kinds: Sequence[Kind]) -> Tensor:
    """Augment one stream's batch, or the fakes beside it; draws by `argus.models.draws`.

    Args:
        images: float [N, 3, H, W] in [-1, 1].
        strength: probability in [0, 1] with which each kind is applied to each image; a number or
            a scalar tensor (which is not read, so a GPU need not be waited for).
        kinds: which transforms, in this order.

    Returns:
        float [N, 3, H, W], at least float32 if anything is applied; color may leave [-1, 1],
        vacated pixels are 0 (mid gray).
    """
    if isinstance(strength, float | int) and strength <= 0:
        return images
    with torch.autocast(images.device.type, enabled=False):  # in bf16 a shift would round
        images = images.to(torch.promote_types(images.dtype, torch.float32))
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


class AdaptiveStrength(nn.Module):
    """A strength that rises while the discriminator overfits and falls while it does not.

    ADA's heuristic r_t (Karras et al., NeurIPS 2020, section 3): r = E[sign(D(real))] is 0 while
    reals and fakes are told apart by chance and 1 when no real is missed. Above the target (the
    paper: .6) the strength rises, below it falls, by a fixed amount an image, such that the way
    from 0 to 1 takes `images` reals (the paper: 500,000; a short training needs fewer). The paper
    looks at four batches at a time, we at each. The strength is a buffer: it is checkpointed, and
    the same on all processes, since r is taken over all of them.

    Args:
        start: the strength at first, in [0, 1].
        target: of r, in [0, 1]; None leaves the strength where it starts.
        images: reals, of all processes together, from strength 0 to 1.
    """

    strength: Tensor

    def __init__(self, start: float, target: float | None, images: int) -> None:
        super().__init__()
        self.start, self.target, self.images = start, target, images
        self.register_buffer("strength", torch.tensor(float(start)))

    @property
    def now(self) -> float | Tensor:
        """The strength for `augment`; a number where it stays, so that nought costs nothing."""
        return self.start if self.target is None else self.strength

    @torch.no_grad()
    def update(self, logits: Tensor) -> Tensor:
        """Look at one more batch of reals.

        Args:
            logits: the discriminator's for this process's reals, [N] or [N, ...].

        Returns:
            r of the batch, over all processes: a scalar in [-1, 1].
        """
        _, number = draws.processes()
        # Sums of signs are whole numbers, so they do not depend on how the batch was shared out.
        signs = logits.detach().float().sign().sum()
        if number > 1:
            distributed.all_reduce(signs)
        found = signs / (logits.numel() * number)
        if self.target is not None:
            amount = len(logits) * number / self.images
            self.strength.add_((found - self.target).sign() * amount).clamp_(0, 1)
        return found


def _uniform(images: Tensor, low: float, high: float) -> Tensor:
    """One draw an image, [N, 1, 1, 1] in [low, high)."""
    return draws.uniform(low, high, len(images), 1, 1, 1, device=images.device)


def _color(images: Tensor) -> Tensor:
    images = images + _uniform(images, -BRIGHTNESS, BRIGHTNESS)
    gray = images.mean(dim=1, keepdim=True)
    images = gray + (images - gray) * _uniform(images, *SATURATION)
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
    offset = draws.integers(-reach, reach + 1, len(images), 1, 1, device=images.device)
    place = torch.arange(side, device=images.device)
    return (place[None, :, None] - offset == place[None, None, :]).to(images.dtype)


def _cut_out(images: Tensor) -> Tensor:
    height, width = images.shape[2:]
    rows = _outside_window(images, height).view(-1, 1, height, 1)
    columns = _outside_window(images, width).view(-1, 1, 1, width)
    return images * (rows | columns)


def _outside_window(images: Tensor, side: int) -> Tensor:
    """Bool [N, side]: False within a window of half the side around a random centre."""
    centre = draws.integers(0, side, len(images), 1, device=images.device)
    place = torch.arange(side, device=images.device)
    half = int(side * CUTOUT / 2 + 0.5)
    return (place < centre - half) | (place >= centre + half)


_TRANSFORMS: dict[Kind, Callable[[Tensor], Tensor]] = {
    "color": _color,
    "translation": _translate,
    "cutout": _cut_out,
}
