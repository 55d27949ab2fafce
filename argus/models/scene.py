"""What a model sees: the scene that it is made for, and the streams of images of a step.

Needs no torch, so that a card can be read without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from argus.core.errors import ArgusError
from argus.core.params import Domains

if TYPE_CHECKING:  # it takes 3 s to import
    from torch import Tensor


@dataclass(frozen=True)
class Scene:
    """What the images are: sides in pixels, class names in the order of their indices."""

    height: int
    width: int
    classes: tuple[str, ...]
    domains: Domains | None = None

    def must_divide(self, by: int) -> None:
        """Check that both sides are multiples of `by`.

        Raises:
            ArgusError: one is not.
        """
        if self.height % by or self.width % by:
            raise ArgusError(
                f"images of {self.height}x{self.width} do not suit this model: both sides must be "
                f"multiples of {by}; change pack.resolution or the model's config in params.yaml"
            )


class Stream(NamedTuple):
    """One of the kinds of images that a step needs."""

    classes: tuple[str, ...]
    """Names of the classes that its images are drawn from, by their quotas."""
    batches: int = 1
    """Batches a step; more than one where the discriminator takes several steps for one of the
    generator."""


class Images(NamedTuple):
    """One stream's part of a batch; B is the batch of the settings times the stream's `batches`.

    Where several processes train together, it is the part of this process.
    """

    pixels: Tensor
    """float32 [B, 3, H, W] in [-1, 1]."""
    labels: Tensor
    """int64 [B], indices into the scene's classes."""


Batch = Mapping[str, Images]
