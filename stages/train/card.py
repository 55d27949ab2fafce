"""The card beside the weights: what a model is, and from what it was trained."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from stages.common.errors import ArgusError, explain
from stages.common.params import Domains
from stages.train.architecture import Scene

CARD, WEIGHTS = "card.json", "generator.safetensors"


class Card(BaseModel):
    """`card.json`. Enough to build the networks again and to say what they have seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    arch: str
    task: str
    config: dict[str, Any]
    resolution: tuple[int, int]
    """[H, W] in pixels."""
    classes: tuple[str, ...]
    domains: Domains | None
    seed: int
    steps: int
    batch: int
    precision: str
    parameters: dict[str, int]
    """Count by network, the discriminators included."""
    images_per_class: dict[str, int]
    data_sha256: str
    """Of the packed training images with their labels, see `data_digest`."""

    def scene(self) -> Scene:
        """The images that the model was made for."""
        return Scene(*self.resolution, self.classes, self.domains)


class SavedCard(Card):
    """A card on disk, which also vouches for the weights beside it."""

    weights_sha256: str


def read(folder: Path) -> SavedCard:
    """Read the card of a trained model.

    Raises:
        ArgusError: there is none, or it is not one.
    """
    path = folder / CARD
    try:
        return SavedCard.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise ArgusError(
            f"{path} not found: no trained model is there; "
            "`dvc repro` trains it, `dvc checkout` brings back one trained before"
        ) from None
    except ValidationError as error:
        raise ArgusError(
            f"{path} is not the card of a trained model ({explain(error)}): "
            "restore it with `dvc checkout`, or train again with `dvc repro --force`"
        ) from None


def data_digest(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> str:
    """SHA-256 over shape, pixels and labels of the training data, as 64 hexadecimal digits."""
    digest = hashlib.sha256(repr((images.shape, str(images.dtype))).encode())
    for image in images:
        digest.update(image.tobytes())
    digest.update(labels.astype("<i8").tobytes())
    return digest.hexdigest()
