"""All data behind the weights of a model, through every warm start, and whether it may be used.

The card names it by turn, source and delivery (`Generation`); beside the card lies the exact list
of the images (`IMAGES`), checked by its hash. Nothing here needs torch.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from argus.core.errors import ArgusError
from argus.core.files import sha256
from argus.data.packed import ORIGIN, Rights

IMAGES = "images.parquet"
"""Beside a card: a row for each image that the weights have learnt from, `ORIGIN`, sorted."""
SHOWN = 3  # withdrawn images that are named one by one
UNKNOWN = (
    "its card does not say which images are behind its weights, as cards of earlier versions did "
    "not: only a model trained anew can be vouched for"
)

Terms = tuple[str, bool | None]
"""A licence, and whether it allows commercial use (None: not known)."""


class Share(BaseModel):
    """What a source gave to a training."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    licence: str
    """As the source's card said on the day."""
    commercial: bool | None
    """Whether that allowed commercial use; None if it was not known."""
    deliveries: Annotated[dict[str, int], Field(min_length=1)]
    """Number of images by delivery."""


class Generation(BaseModel):
    """One training in the line of warm starts that led to some weights."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    turn: str | None
    """Commit of the turn that it was part of; None for that of the card itself."""
    train: dict[str, Share]
    """What it learnt from, by source: this is in the weights."""
    val: dict[str, Share] = {}
    """By what the best of its weights were chosen; no image of it is in them."""


def shares(images: pl.DataFrame, rights: Rights) -> dict[str, Share]:
    """What each source gave.

    Args:
        images: `ORIGIN`, packed today.
        rights: of today, so of their sources too.
    """
    counts = images.group_by("source", "delivery").len().sort("source", "delivery")
    found: dict[str, dict[str, int]] = {}
    for source, delivery, count in counts.rows():
        found.setdefault(source, {})[delivery] = count
    return {
        source: Share(
            licence=rights.sources[source].licence,
            commercial=rights.sources[source].commercial,
            deliveries=deliveries,
        )
        for source, deliveries in found.items()
    }


def union(tables: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """The images of several lists, each once, sorted: equal sets give equal tables."""
    return pl.concat([table.select(ORIGIN) for table in tables]).unique().sort(ORIGIN)


def to_bytes(images: pl.DataFrame) -> bytes:
    """The content of `IMAGES`."""
    stream = io.BytesIO()
    images.rechunk().write_parquet(stream, compression="zstd", statistics=False)
    return stream.getvalue()


def read(folder: Path, digest: str) -> pl.DataFrame:
    """The list of images in the folder of a model.

    Args:
        folder: of a trained model.
        digest: SHA-256 of the file, from the card.

    Raises:
        ArgusError: it is missing or damaged.
    """
    path = folder / IMAGES
    mend = "restore it with `dvc checkout`, or train again with `dvc repro --force`"
    if not path.exists():
        raise ArgusError(f"{path} not found beside its card: {mend}")
    if sha256(path) != digest:
        raise ArgusError(f"{path} is damaged (its hash is not the one on its card): {mend}")
    return pl.read_parquet(path, memory_map=False)


def objections(
    folder: Path,
    digest: str | None,
    of_delivery: Callable[[str, str], Sequence[str]],
    withdrawn: Mapping[str, str],
) -> list[str]:
    """Why the weights in a folder may not be used; empty if they may.

    Args:
        folder: of a trained model.
        digest: of the list of images behind it, from its card; None if the card knows of none.
        of_delivery: reasons for which what a (source, delivery) gave may not be used.
        withdrawn: reasons by the SHA-256 of single images.

    Raises:
        ArgusError: the list is missing or damaged.
    """
    if digest is None:
        return [UNKNOWN]
    images = read(folder, digest)
    deliveries = images.select("source", "delivery").unique().sort("source", "delivery")
    found = [reason for row in deliveries.rows() for reason in of_delivery(*row)]
    taken_back = images.filter(pl.col("image_id").is_in(list(withdrawn)))
    named = [
        f"image {image[:12]} of {source}/{delivery} is withdrawn ({withdrawn[image]})"
        for image, source, delivery in taken_back.head(SHOWN).rows()
    ]
    if taken_back.height > SHOWN:
        named.append(f"{taken_back.height - SHOWN} more of its images are withdrawn")
    return list(dict.fromkeys([*found, *named]))


def terms(
    generations: Iterable[Generation], today: Callable[[str], Terms | None]
) -> dict[str, Terms]:
    """The licence of each source behind some weights.

    Args:
        generations: from a card.
        today: what a source's card says now; None if it has none, and then what it said when the
            model was trained stands.
    """
    recorded = {
        source: (share.licence, share.commercial)
        for generation in reversed(list(generations))
        for source, share in generation.train.items()
    }
    return {source: today(source) or recorded[source] for source in sorted(recorded)}


def non_commercial(of: Mapping[str, Terms]) -> dict[str, str]:
    """The licences that forbid commercial use, by source."""
    return {source: licence for source, (licence, commercial) in of.items() if commercial is False}


def on_card(generations: Sequence[Generation], rights: Rights) -> dict[str, Any]:
    """The fields of a card that say what is behind the weights.

    Args:
        generations: that of the training itself first.
        rights: of the day of the training.
    """

    def today(source: str) -> Terms | None:
        of = rights.sources.get(source)
        return (of.licence, of.commercial) if of else None

    return {
        "trained_on": tuple(generations),
        "non_commercial": non_commercial(terms(generations, today)),
    }


def named(licences: Mapping[str, str]) -> str:
    """Licences by source in words: `camvid (CC-BY-NC-4.0), kitti (CC-BY-NC-SA-3.0)`."""
    return ", ".join(f"{source} ({licence})" for source, licence in licences.items())
