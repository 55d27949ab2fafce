"""Reading what `embed` wrote: the one way in which later stages get at feature vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from argus.core.errors import ArgusError
from argus.data import catalogue

EMBEDDED = Path("data/embed")


def read(images: pl.DataFrame, folder: Path = EMBEDDED) -> tuple[np.ndarray, np.ndarray]:
    """The feature vectors of the rows of a table, mapped and not loaded.

    Returns:
        matrix: float32 [M, D], of all images embedded; rows: int64 [N], where in it each row of
        the table stands.

    Raises:
        ArgusError: `embed` has not run, or an image has no vector, so that was another run.
    """
    ids = catalogue.read(folder / "ids.parquet").with_row_index("row")
    rows = images.join(ids, on="image_id", how="left", maintain_order="left")["row"]
    if rows.null_count():
        raise ArgusError(f"{rows.null_count()} images have no features: `dvc repro embed`")
    matrix: np.ndarray = np.load(folder / "features.npy", mmap_mode="r")
    return matrix, rows.to_numpy().astype(np.int64)
