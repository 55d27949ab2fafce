"""Twins of held-out images at training resolution: see data/twins/README.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from argus.core.paths import TWINS
from argus.data.images.decode import decode
from argus.data.images.header import DecodeError
from argus.data.packed import TWIN
from stages.pack.pixels import shrink


def twins_of(images: pl.DataFrame, folder: Path = TWINS) -> dict[tuple[str, str], Path]:
    """The files of the twins of images, by image and condition, sorted.

    Args:
        images: rows of the catalogue, with `image_id` and `source`.
        folder: of the twins, with a folder for each source.
    """
    source_of = dict(images.select("image_id", "source").iter_rows())
    found = {}
    for source in sorted(set(source_of.values())):
        for path in sorted((folder / source).glob("*.*.*")):
            image_id, _, condition = path.stem.partition(".")
            if source_of.get(image_id) == source:
                found[image_id, condition] = path
    return dict(sorted(found.items()))


def read_twins(
    files: dict[tuple[str, str], Path], resolution: tuple[int, int]
) -> tuple[pl.DataFrame, np.ndarray, list[Path]]:
    """The twins in some files, those that cannot be read left out.

    Args:
        files: of `twins_of`.
        resolution: H, W in px.

    Returns:
        Their images and conditions, columns `TWIN`, T rows; uint8 [T, H, W, 3] RGB; the files left
        out.
    """
    rows, pixels, unreadable = [], [], []
    for (image_id, condition), path in files.items():
        try:
            twin = shrink(decode(path.read_bytes()).image.convert("RGB"), resolution)
        except DecodeError:
            unreadable.append(path)
            continue
        rows.append((image_id, condition))
        pixels.append(twin)
    table = pl.DataFrame(rows, schema=dict.fromkeys(TWIN, pl.String), orient="row")
    return table, np.array(pixels, np.uint8).reshape(-1, *resolution, 3), unreadable
