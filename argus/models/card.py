"""The card beside the weights: what was ordered, what came of it, and from which data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from argus.core.errors import ArgusError, explain
from argus.core.files import atomic, sha256, write_json
from argus.models import ancestry, migrations
from argus.models.ancestry import Generation
from argus.models.spec import Spec

if TYPE_CHECKING:  # a model that is skipped needs no torch, which takes 3 s
    from torch import Tensor

CARD, WEIGHTS, NETWORKS = "card.json", "generator.safetensors", "networks.safetensors"
"""The card; the averaged networks that sample; all networks as they trained, to go on from."""
ONNX_CARD = "card"
"""Key of the card (JSON) among the metadata of an exported network."""


class Card(BaseModel):
    """What came of a training, with the spec that it was ordered by.

    Fields with a default are not on cards of the first turns.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    spec: Spec
    steps: int
    """Made; fewer than ordered where it was stopped or failed."""
    best_step: int | None = None
    """Whose weights these are; None if nothing was validated, and they are the last ones."""
    parameters: dict[str, int]
    """Count by network, the discriminators included."""
    images_per_class: dict[str, int]
    data_sha256: str
    """Of the packed training images with their labels, see `data_digest`."""
    val_sha256: str | None = None
    """Of those by which the best weights were chosen; None if nothing was validated."""
    validation: dict[str, float] = {}
    """Metrics of these weights on them."""
    features_seen: tuple[str, ...] = ()
    """Names of backbones, sorted, by whose features these weights were shaped or chosen: through
    which discriminators look (`Architecture.features_seen`), by which checkpoints were selected,
    and both of all ancestors. In such features a model looks better than it is, so none of them can
    judge it. That the training images were selected by an embedding does not count: what is chosen
    so is the same for all models of a turn, and nothing that a model made took part in it."""
    trained_on: tuple[Generation, ...] = ()
    """All data behind the weights: that of this training first, then that of the turn whose weights
    it went on from, and so on back to fresh ones. Empty if that is not known."""
    non_commercial: dict[str, str] = {}
    """Licences among them that forbid commercial use, by source."""
    warm_start: str | None = None
    """Commit of the turn from whose weights it went on; None if it began with fresh ones."""
    cold_start: str | None = None
    """Why it began with fresh weights although it was to go on; None if it did, or was not to."""
    reproducible: bool = True
    """Whether the same commit on the same kind of machine gives the same weights."""
    failed: str | None = None
    """Why it is no good. There are no weights then, and what stands above is as far as it came."""
    skipped: str | None = None
    """Why it was not trained at all, see `argus.data.feasibility`. There are no weights then."""

    @property
    def without_weights(self) -> str | None:
        """Why there are none, in a clause; None if there are."""
        if self.skipped is not None:
            return f"it was skipped: {self.skipped}"
        return None if self.failed is None else f"its training failed: {self.failed}"

    def identity(self) -> dict[str, str]:
        """What the header of a file of its weights says of them, see `argus.models.weights`."""
        spec = self.spec
        return {
            "model": spec.model,
            "arch": spec.arch,
            "task": spec.task,
            "resolution": "x".join(map(str, spec.resolution)),
            "classes": ",".join(spec.classes),
            "domains": f"{spec.domains.source},{spec.domains.target}" if spec.domains else "",
            "spec_sha256": spec.digest(),
            "data_sha256": self.data_sha256,
        }


class SavedCard(Card):
    """A card on disk, with the hashes of the files beside it: none, if there are no weights."""

    weights_sha256: str | None = None
    networks_sha256: str | None = None
    images_sha256: str | None = None
    """Of the list of images behind the weights; None if they are not known."""

    @model_validator(mode="before")
    @classmethod
    def _of_any_version(cls, fields: Any) -> Any:
        return migrations.card_fields(fields) if isinstance(fields, dict) else fields


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


def save(
    folder: Path,
    card: Card,
    average: Mapping[str, Tensor],
    networks: Mapping[str, Tensor],
    images: pl.DataFrame | None,
) -> None:
    """Write a card and the files whose hashes it has, all or nothing.

    Args:
        folder: replaced as a whole.
        card: of the model.
        average: of `WEIGHTS`; all three are empty for a model without weights, and then no files.
        networks: of `NETWORKS`.
        images: all that are behind the weights, see `ancestry.union`.
    """
    hashes = {}
    contents = {} if images is None else {ancestry.IMAGES: ancestry.to_bytes(images)}
    if average or networks:
        from argus.models.weights import to_bytes

        files = {WEIGHTS: average, NETWORKS: networks}
        contents |= {name: to_bytes(of, card.identity()) for name, of in files.items() if of}
    with atomic(folder) as temporary:
        temporary.mkdir()
        for name, content in contents.items():
            (temporary / name).write_bytes(content)
            hashes[name] = sha256(temporary / name)
        saved = SavedCard(
            **card.model_dump(),
            weights_sha256=hashes.get(WEIGHTS),
            networks_sha256=hashes.get(NETWORKS),
            images_sha256=hashes.get(ancestry.IMAGES),
        )
        write_json(temporary / CARD, saved.model_dump(mode="json"))


def data_digest(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> str:
    """SHA-256 over shape, pixels and labels of the training data, as 64 hexadecimal digits."""
    digest = hashlib.sha256(repr((images.shape, str(images.dtype))).encode())
    for image in images:
        digest.update(image.tobytes())
    digest.update(labels.astype("<i8").tobytes())
    return digest.hexdigest()
