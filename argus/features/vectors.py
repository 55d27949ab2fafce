"""What `embed` wrote, read block by block: the one way to feature vectors for later stages.

A table larger than memory can be worked on.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from argus.core.errors import ArgusError
from argus.core.paths import EMBEDDED
from argus.data import catalogue

BLOCK = 4096  # rows read at a time


class Vectors:
    """Some rows of a matrix, scaled to length 1 as they are read.

    On the unit sphere only the direction counts, as in the cosine kernel of the Vendi score, and
    distances lie between 0 and 2 whatever the backbone. A vector of zeros stays one.

    Args:
        matrix: float [M, D]; it may be mapped from a file, and is never read as a whole.
        rows: int64 [N] which of its rows, in which order; all of them if not given.
    """

    def __init__(self, matrix: np.ndarray, rows: np.ndarray | None = None) -> None:
        self.matrix = np.asarray(matrix)  # a mapped one stays mapped
        self.rows = np.arange(len(matrix)) if rows is None else np.asarray(rows, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def dimensions(self) -> int:
        return int(self.matrix.shape[1])

    def __getitem__(self, index: np.ndarray | slice) -> np.ndarray:
        """The unit vectors of some rows: float32 [n, D]."""
        found = self.matrix.take(self.rows[index], axis=0).astype(np.float32, copy=False)
        length = np.sqrt(np.einsum("nd,nd->n", found, found))
        found *= (1 / np.maximum(length, 1e-12))[:, None]
        return found

    def part(self, index: np.ndarray) -> Vectors:
        """A selection of these vectors, by row numbers or by a mask; nothing is read."""
        return Vectors(self.matrix, self.rows[index])

    def blocks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """All unit vectors in order, `BLOCK` rows at a time, with where they stand."""
        for start in range(0, len(self), BLOCK):
            place = slice(start, min(start + BLOCK, len(self)))
            yield place, self[place]


def chord(cosine: np.ndarray | float) -> np.ndarray:
    """Euclidean distance between unit vectors, 0 to 2, from their product."""
    return np.sqrt(np.maximum(2 - 2 * cosine, 0))


def read_vectors(images: pl.DataFrame, folder: Path = EMBEDDED) -> tuple[np.ndarray, np.ndarray]:
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
