"""A second look at pictures whose hashes are some bits too far apart: do their features agree?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from stages.dedupe.neighbours import Hashes, Pairs
from stages.dedupe.stars import NONE, stars

BLOCK = 4096  # pairs compared at a time

Vectors = Callable[[np.ndarray], np.ndarray]
"""Feature vectors of some rows: int64 [n] to float32 [n, D]."""


def alike(hashes: Hashes, radius: int, further: int, distance: float, vectors: Vectors) -> Pairs:
    """Pairs of pictures beyond the radius that count as the same picture all the same.

    `stars` with these pairs decides as if every pair between `radius` and `further` had been looked
    at, though only pairs are that stand between pictures kept. Round by round: what is kept so far
    is looked at, and a picture that turns out to be the same as one before it may set free what was
    dropped for it. The end is reached when all pairs of kept pictures have been looked at: then no
    two kept ones are the same, every dropped one has a kept one before it, and only one set of
    pictures is like that.

    Args:
        hashes: of N pictures, in the order in which they count.
        radius: bits within which two are the same picture anyway.
        further: bits within which two are looked at.
        distance: between feature vectors of length 1, 0 to 2; at most this is the same picture.
        vectors: asked once for each row that is looked at.

    Returns:
        i, j: int64 [P] with i < j.
    """
    n = len(hashes)
    found, looked_at = NONE, np.empty(0, dtype=np.int64)
    seen = _Seen(vectors, n)
    while True:
        centre, _ = stars(hashes, radius, found)
        kept = np.flatnonzero(centre == np.arange(n))
        i, j = hashes[kept].pairs(further)
        key = np.setdiff1d(kept[j] * n + kept[i], looked_at, assume_unique=True)
        if not len(key):
            return found
        looked_at = np.concatenate([looked_at, key])
        j, i = np.divmod(key, n)
        same = seen.apart(i, j) <= distance
        found = np.concatenate([found[0], i[same]]), np.concatenate([found[1], j[same]])


class _Seen:
    """The vectors that were asked for so far, at length 1."""

    def __init__(self, vectors: Vectors, n: int) -> None:
        self.vectors = vectors
        self.place = np.full(n, -1)  # of each row in the matrix
        self.matrix: np.ndarray | None = None

    def apart(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Euclidean distance between the vectors of rows i and j, 0 to 2: float32 [P]."""
        matrix = self._with(np.unique(np.concatenate([i, j])))
        distances = np.empty(len(i), dtype=np.float32)
        for start in range(0, len(i), BLOCK):
            part = slice(start, start + BLOCK)
            a, b = matrix[self.place[i[part]]], matrix[self.place[j[part]]]
            distances[part] = np.linalg.norm(a - b, axis=1)
        return distances

    def _with(self, rows: np.ndarray) -> np.ndarray:
        """The matrix with these rows in it."""
        new = rows[self.place[rows] < 0]
        if self.matrix is None or len(new):
            known = 0 if self.matrix is None else len(self.matrix)
            self.place[new] = known + np.arange(len(new))
            found = self.vectors(new)
            found = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
            self.matrix = found if self.matrix is None else np.concatenate([self.matrix, found])
        return self.matrix
