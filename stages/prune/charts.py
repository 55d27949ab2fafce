"""The isolated images, for a person to say whether they are rare or do not belong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from PIL import Image

from argus.data import catalogue, reading
from argus.data.contact_sheets import contact_sheet, save

PAIRS = 3  # in a row of the sheet
ROWS = 12
ID_DIGITS = 12  # of an image id under its tile; as many are enough for prune.exclude


def isolated_sheet(images: pl.DataFrame, isolated: pl.DataFrame) -> Image.Image:
    """The most isolated images, each with its id and class, and beside it the nearest other one.

    Args:
        images: the catalogue.
        isolated: at least one row, the most isolated first: `image_id`, `nearest`, `distance`.
    """
    shown = isolated.head(PAIRS * ROWS).select("image_id", "nearest", "distance")
    wanted = pl.col("image_id").is_in([*shown["image_id"], *shown["nearest"]])
    by_id = {
        row["image_id"]: row for row in catalogue.first_of_each(images.filter(wanted)).to_dicts()
    }
    tiles, captions = [], []
    for image_id, nearest, distance in shown.rows():
        row = by_id[image_id]
        tiles += [reading.thumbnail(row), reading.thumbnail(by_id[nearest])]
        captions += [
            f"{image_id[:ID_DIGITS]} {row['label'] or catalogue.UNKNOWN}",
            f"its nearest, {distance:.2f} away",
        ]
    return contact_sheet(tiles, 2 * PAIRS, captions)


def distances(usual: np.ndarray, beyond: float, path: Path) -> None:
    """Draw how far candidates are from their nearest other, and from where on one is isolated.

    Args:
        usual: float [n] distances, 0 to 2.
        beyond: the limit.
        path: of the PNG.
    """
    figure = Figure(figsize=(7, 3), layout="constrained")
    axes = figure.subplots()
    axes.hist(usual, bins=40, color="#2b6cb0")
    axes.axvline(beyond, color="black", linestyle="--", linewidth=1, label="isolated from here on")
    axes.set_xlabel("distance to the nearest other candidate")
    axes.set_ylabel("images looked at")
    axes.legend(frameon=False)
    save(figure, path)
