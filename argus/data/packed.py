"""Reading what `pack` wrote: the one way in which later stages get at images."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from argus.core.errors import ArgusError
from argus.core.paths import PACKED

RIGHTS = "rights.json"
TWINS_IMAGES, TWINS_TABLE = "twins.npy", "twins.parquet"
TWIN = ["image_id", "condition"]
ORIGIN = ["image_id", "source", "delivery"]


@dataclass(frozen=True)
class Terms:
    """What the rights card of a source says on the day of the turn.

    `commercial` is whether it allows commercial use, None if that is not known. `deliveries` has
    all that the source delivered, with the reasons for which each may not train; none, it may.
    """

    licence: str
    commercial: bool | None
    deliveries: Mapping[str, list[str]]


@dataclass(frozen=True)
class Rights:
    """What may train on the day of the turn: the terms of each source in use, and the images
    withdrawn one by one, by their SHA-256, each with the reason."""

    sources: Mapping[str, Terms]
    withdrawn: Mapping[str, str]

    def objections(self, source: str, delivery: str) -> list[str]:
        """Why nothing that was trained on a delivery may be gone on from; empty if it may."""
        if source not in self.sources:
            return [f"{source} is retired: not on `sources` in params.yaml"]
        return list(self.sources[source].deliveries.get(delivery, [gone(source, delivery)]))


def gone(source: str, delivery: str) -> str:
    """What is to be said of a delivery that was taken out, and its images with it."""
    return f"{source}/{delivery} is gone: the source has no such delivery any more"


@dataclass(frozen=True)
class Packed:
    """The images of one split.

    `images` is uint8 [N, H, W, 3] RGB (mapped, not loaded), `labels` int64 [N] indices into
    `classes`, `image_ids` the SHA-256 of the files that the images came from, `groups` what
    belongs together and is no independent evidence: the drive, or the place.
    """

    images: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    image_ids: tuple[str, ...]
    groups: tuple[str, ...]


def read_packed(split: str, folder: Path = PACKED) -> Packed:
    """The packed images of `train`, `val` or `test`.

    Raises:
        ArgusError: `pack` has not run.
    """
    rows = _rows(split, folder)
    try:
        images = np.load(folder / f"{split}.npy", mmap_mode="r")
        classes = tuple(json.loads((folder / "classes.json").read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise ArgusError(f"{error.filename} is missing: `dvc repro pack` makes it") from None
    index = {name: number for number, name in enumerate(classes)}
    labels = [index[label] for label in rows["label"]]
    groups = tuple(rows["group"])
    return Packed(images, np.array(labels, np.int64), classes, tuple(rows["image_id"]), groups)


def read_origins(split: str, folder: Path = PACKED) -> pl.DataFrame:
    """Where the images of a split came from: `ORIGIN`, a row for each of `read_packed`.

    Raises:
        ArgusError: `pack` has not run.
    """
    return _rows(split, folder).select(ORIGIN)


def read_twins(split: str, condition: str, folder: Path = PACKED) -> tuple[np.ndarray, np.ndarray]:
    """The twins of a held-out split in a condition: the true answers to a translation to it.

    Returns:
        Which images have one, int64 [T] rows of `read_packed` in order, each once; and the twins,
        uint8 [T, H, W, 3] RGB.

    Raises:
        ArgusError: `pack` has not run.
    """
    images = _rows(split, folder).select("image_id").with_row_index("row")
    try:
        twins = pl.read_parquet(folder / TWINS_TABLE, memory_map=False).with_row_index("twin")
        pixels = np.load(folder / TWINS_IMAGES, mmap_mode="r")
    except FileNotFoundError as error:
        raise ArgusError(f"{error.filename} is missing: `dvc repro pack` makes it") from None
    twins = twins.filter(pl.col("condition") == condition)
    both = images.join(twins, on="image_id", how="inner").sort("row")
    return both["row"].to_numpy().astype(np.int64), pixels[both["twin"].to_numpy()]


def counts(folder: Path = PACKED) -> dict[str, dict[str, int]]:
    """How many images of each class are packed, by split; those without any are missing.

    Raises:
        ArgusError: `pack` has not run.
    """
    found: dict[str, dict[str, int]] = {}
    per_class = _table(folder).group_by("split", "label").len().sort("split", "label")
    for split, label, count in per_class.rows():
        found.setdefault(split, {})[label] = count
    return found


def read_rights(folder: Path = PACKED) -> Rights:
    """What may train.

    Raises:
        ArgusError: `pack` has not run.
    """
    path = folder / RIGHTS
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArgusError(f"{path} is missing: `dvc repro pack` makes it") from None
    sources = {source: Terms(**terms) for source, terms in content["sources"].items()}
    return Rights(sources, content["withdrawn"])


def _rows(split: str, folder: Path) -> pl.DataFrame:
    return _table(folder).filter(pl.col("split") == split).sort("row")


def _table(folder: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(folder / "images.parquet", memory_map=False)
    except FileNotFoundError as error:
        raise ArgusError(f"{error.filename} is missing: `dvc repro pack` makes it") from None
