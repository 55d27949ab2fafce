"""Feature vectors read block by block, so that a table larger than memory can be worked on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

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
