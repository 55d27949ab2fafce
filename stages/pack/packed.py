"""Reading what `pack` wrote: the one way in which later stages get at images."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from stages.common.errors import ArgusError

PACKED = Path("data/pack")
RIGHTS = "rights.json"


@dataclass(frozen=True)
class Rights:
    """Under which terms the training images of a source are used, and how many they are."""

    licence: str
    images: int


@dataclass(frozen=True)
class Packed:
    """The images of one split.

    `images` is uint8 [N, H, W, 3] RGB (mapped, not loaded), `labels` int64 [N] indices into
    `classes`, `image_ids` the SHA-256 of the files that the images came from, `groups` what
    belongs together and is no independent evidence: the drive, or the image itself.
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
    try:
        images = np.load(folder / f"{split}.npy", mmap_mode="r")
        rows = pl.read_parquet(folder / "images.parquet", memory_map=False)
        classes = tuple(json.loads((folder / "classes.json").read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise ArgusError(f"{error.filename} is missing: `dvc repro pack` makes it") from None
    rows = rows.filter(pl.col("split") == split).sort("row")
    index = {name: number for number, name in enumerate(classes)}
    labels = [index[label] for label in rows["label"]]
    groups = rows["sequence"].fill_null(rows["image_id"])
    return Packed(
        images, np.array(labels, np.int64), classes, tuple(rows["image_id"]), tuple(groups)
    )


def read_rights(folder: Path = PACKED) -> dict[str, Rights]:
    """The terms of the training images, by source.

    Raises:
        ArgusError: `pack` has not run.
    """
    path = folder / RIGHTS
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArgusError(f"{path} is missing: `dvc repro pack` makes it") from None
    return {source: Rights(**terms) for source, terms in content.items()}
