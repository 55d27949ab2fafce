"""A trained model in use: a `Generator` (samples scenes by class) or a `Translator` (from one
condition into another). `argus.models.loading.load` makes one from a folder, an architecture from
networks in training.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from argus.core.errors import ArgusError
from argus.models.card import Card

ImageArray = NDArray[np.uint8]

CHUNK_PIXELS = 64 * 64 * 64
"""Pixels in one pass through a network: bounds the memory whatever number is asked for."""


def to_uint8(images: Tensor) -> ImageArray:
    """Float [N, 3, H, W] in [-1, 1] to uint8 [N, H, W, 3], rounded to the nearest level."""
    levels = ((images.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return levels.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def to_float(images: ImageArray, device: torch.device | None = None) -> Tensor:
    """Uint8 [N, H, W, 3] to float32 [N, 3, H, W] in [-1, 1], on the CPU or another device."""
    levels = torch.from_numpy(np.ascontiguousarray(images))
    if device is not None and device.type == "cuda":
        # pinned, so that the copy does not wait for what the GPU still has to do
        levels = levels.pin_memory().to(device, non_blocking=True)
    return levels.permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


class TrainedModel(ABC):
    """Networks with the card that says what they are."""

    def __init__(self, card: Card, networks: nn.ModuleDict) -> None:
        self.card = card
        self._device = next(networks.parameters()).device

    @property
    def task(self) -> str:
        """The champion's slot that this model competes for."""
        return self.card.spec.task

    @abstractmethod
    def preview(self, sources: ImageArray) -> tuple[ImageArray, list[str]]:
        """Images to watch a training by, the same at every step.

        Args:
            sources: uint8 [K, H, W, 3], training images of the first stream; they set the number
                of columns.

        Returns:
            uint8 [R * K, H, W, 3] row by row, and the R names of the rows.
        """


class Generator(TrainedModel):
    """Samples scenes of a wanted class.

    Args (of the constructor):
        generator: (noise float [n, D], labels int64 [n]) -> float [n, 3, H, W] in [-1, 1]; the
            module that is exported.
        noise: D.
    """

    def __init__(
        self,
        card: Card,
        networks: nn.ModuleDict,
        generator: nn.Module,
        noise: int,
    ) -> None:
        super().__init__(card, networks)
        self.generator, self.noise = generator, noise

    def sample(self, labels: Sequence[str], seed: int) -> ImageArray:
        """One image for each label; the same labels and seed give the same images.

        Returns:
            uint8 [N, H, W, 3] at the resolution of the card.

        Raises:
            ArgusError: a label that the model was not trained on.
        """
        known = [c for c in self.card.spec.classes if self.card.images_per_class[c]]
        unknown = sorted(set(labels) - set(known))
        if unknown:
            raise ArgusError(
                f"model '{self.card.spec.model}' cannot draw {', '.join(unknown)}: "
                f"it was trained on {', '.join(known)}"
            )
        indices = [self.card.spec.classes.index(label) for label in labels]
        return self._render(self._noises(len(labels), seed), torch.tensor(indices).long())

    def preview(self, sources: ImageArray) -> tuple[ImageArray, list[str]]:
        """A row a class; a column is one noise, so that only the condition changes down it."""
        rows, columns = len(self.card.spec.classes), len(sources)
        noise = self._noises(columns, seed=0).repeat(rows, 1)
        labels = torch.arange(rows).repeat_interleave(columns)
        return self._render(noise, labels), list(self.card.spec.classes)

    def _noises(self, count: int, seed: int) -> Tensor:
        return torch.randn(count, self.noise, generator=torch.Generator().manual_seed(seed))

    @torch.no_grad()
    def _render(self, noise: Tensor, labels: Tensor) -> ImageArray:
        height, width = self.card.spec.resolution
        size = _chunk(height, width)
        parts = ((noise[i : i + size], labels[i : i + size]) for i in range(0, len(noise), size))
        sampled = (self.generator(z.to(self._device), y.to(self._device)) for z, y in parts)
        return _joined(map(to_uint8, sampled), height, width)


class Translator(TrainedModel):
    """Translates images from the card's source condition to its target condition.

    Args (of the constructor):
        translator: float [n, 3, H, W] in [-1, 1] -> the same shape and range; the module that is
            exported.
        multiple: what both sides of an image must be multiples of.
    """

    def __init__(
        self,
        card: Card,
        networks: nn.ModuleDict,
        translator: nn.Module,
        multiple: int,
    ) -> None:
        super().__init__(card, networks)
        self.translator, self.multiple = translator, multiple

    @torch.no_grad()
    def translate(self, images: ImageArray) -> ImageArray:
        """The same scenes under the target condition.

        Args:
            images: uint8 [N, H, W, 3], of any size whose sides are multiples of the model's.

        Returns:
            uint8 [N, H, W, 3].

        Raises:
            ArgusError: not such an array.
        """
        suits = images.ndim == 4 and images.shape[3] == 3 and images.dtype == np.uint8
        if not suits or any(side % self.multiple for side in images.shape[1:3]):
            raise ArgusError(
                f"model '{self.card.spec.model}' translates uint8 RGB images [N, H, W, 3] with "
                f"sides that are multiples of {self.multiple}, not {images.dtype} {images.shape}"
            )
        height, width = images.shape[1:3]
        size = _chunk(height, width)
        parts = (images[i : i + size] for i in range(0, len(images), size))
        translated = (self.translator(to_float(part, self._device)) for part in parts)
        return _joined(map(to_uint8, translated), height, width)

    def preview(self, sources: ImageArray) -> tuple[ImageArray, list[str]]:
        """The sources in one row, their translations below."""
        assert self.card.spec.domains is not None
        rows = [self.card.spec.domains.source, self.card.spec.domains.target]
        return np.concatenate([sources, self.translate(sources)]), rows


def _chunk(height: int, width: int) -> int:
    return max(1, CHUNK_PIXELS // (height * width))


def _joined(parts: Iterable[ImageArray], height: int, width: int) -> ImageArray:
    return np.concatenate([np.zeros((0, height, width, 3), np.uint8), *parts])
