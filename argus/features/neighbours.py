"""Images that show the same, by their feature vectors: exact, and in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from argus.core.progress import track
from argus.features.vectors import Vectors
from argus.hamming.search import hamming_distance

COMPONENTS = 96  # principal components in a sketch
LOOKED_AT = 8192  # vectors that they are found from
SLACK = 1e-5  # in a cosine: far above what float32 may be off by
ROWS, COLUMNS = 1024, 4096  # images compared at a time
PAIRS = 4096  # pairs looked at one by one at a time
DENSE = 0.01  # with more pairs than this share of a block, its whole product is less work
MANY = 20000  # so many images show a bar

Pairs = tuple[np.ndarray, np.ndarray]


class FeatureNeighbours:
    """N images, and which of them look alike.

    Most pairs are ruled out by sketches, the leading principal components of a vector and the
    length of what they leave of it: by Cauchy and Schwarz the product of two sketches is never
    below that of the vectors. So what is found is all there is and the same for any components,
    block by block or at once; a sketch only says where to look.

    Args:
        vectors: of the images; a vector of zeros is like no other.
        hashes: uint64 [N], null where an image has none.
        distance: between vectors of length 1, above 0 and below 1; at most this is alike.
        further: such a distance that is alike as well if the hashes are near.
        radius: bits that hashes are near within.
    """

    def __init__(
        self, vectors: Vectors, hashes: pl.Series, distance: float, further: float, radius: int
    ) -> None:
        self.vectors = vectors
        self.sketches = _sketches(vectors)
        self.bits = hashes.fill_null(0).to_numpy()
        self.hashed = hashes.is_not_null().to_numpy()
        self.radius = radius
        self.near, self.far = cosine(distance), cosine(max(distance, further))

    def __len__(self) -> int:
        return len(self.vectors)

    def across(self, group: np.ndarray) -> Iterator[Pairs]:
        """All pairs of different groups that are alike, each once, block by block: i < j.

        Args:
            group: int64 [N].
        """
        starts = range(0, len(self), ROWS)
        shown = track(starts, "pairs by features", len(starts), "blocks")
        for start in shown if len(self) >= MANY else starts:
            rows = np.arange(start, min(start + ROWS, len(self)))
            for other in range(start, len(self), COLUMNS):
                columns = np.arange(other, min(other + COLUMNS, len(self)))
                i, j, floor = self._candidates(rows, columns)
                wanted = (rows[i] < columns[j]) & (group[rows[i]] != group[columns[j]])
                i, j = self._checked(rows, columns, i[wanted], j[wanted], floor[wanted])
                yield rows[i], columns[j]

    def leaders(self) -> np.ndarray:
        """Of each image the earliest leader that it is like, itself if there is none and so it is
        a leader: int64 [N].

        What comes later changes nothing, and each image is like its leader, however many there
        are: places do not chain along a road.
        """
        lead = np.full(len(self), -1)
        leading = np.empty(0, dtype=np.int64)
        for start in range(0, len(self), ROWS):
            rows = np.arange(start, min(start + ROWS, len(self)))
            for first in range(0, len(leading), COLUMNS):
                some = leading[first : first + COLUMNS]
                i, j = self._checked(rows, some, *self._candidates(rows, some))
                led, at = np.unique(i, return_index=True)  # pairs go by row, then by leader
                lead[rows[led]] = some[j[at]]
                rows = rows[lead[rows] < 0]
            i, j = self._checked(rows, rows, *self._candidates(rows, rows))
            bounds = np.searchsorted(i, np.arange(len(rows) + 1)).tolist()
            for row, begin, end in zip(rows.tolist(), bounds[:-1], bounds[1:], strict=True):
                if lead[row] < 0:
                    lead[row] = row
                    like = rows[j[begin:end]]  # those before it are led by others
                    lead[like[lead[like] < 0]] = row
            leading = np.concatenate([leading, rows[lead[rows] == rows]])
        return lead

    def _candidates(
        self, rows: np.ndarray, columns: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pairs that may be alike, by row and then by column.

        Returns:
            int64 [P] each, places in `rows` and in `columns`; float64 [P], how near each has to be.
        """
        product = self.sketches[rows] @ self.sketches[columns].T
        hashed = hamming_distance(self.bits[rows][:, None], self.bits[columns]) <= self.radius
        hashed &= self.hashed[rows][:, None] & self.hashed[columns]
        i, j = np.nonzero((product >= self.near - SLACK) | hashed & (product >= self.far - SLACK))
        return i, j, np.where(hashed[i, j], self.far, self.near)

    def _checked(
        self,
        rows: np.ndarray,
        columns: np.ndarray,
        i: np.ndarray,
        j: np.ndarray,
        floor: np.ndarray,
    ) -> Pairs:
        """Those of the pairs `rows[i]`, `columns[j]` whose cosine is not below its floor."""
        sure = np.zeros(len(i), dtype=bool)
        unsure = np.arange(len(i))
        if len(i) > DENSE * len(rows) * len(columns):
            product = (self.vectors[rows] @ self.vectors[columns].T)[i, j]
            sure = product >= floor
            unsure = np.flatnonzero(np.abs(product - floor) < SLACK)
        for start in range(0, len(unsure), PAIRS):
            part = unsure[start : start + PAIRS]
            a = self.vectors[rows[i[part]]].astype(np.float64)
            product = np.einsum("pd,pd->p", a, self.vectors[columns[j[part]]])
            sure[part] = product >= floor[part]
        return i[sure], j[sure]


def cosine(distance: float) -> float:
    """Of two vectors of length 1 that are so far apart."""
    return 1 - distance**2 / 2


def _sketches(vectors: Vectors) -> np.ndarray:
    """Leading components of each unit vector, and the length of what is left, rounded up: float32
    [N, C + 1]."""
    sample = vectors[np.linspace(0, len(vectors) - 1, min(len(vectors), LOOKED_AT)).astype(int)]
    _, basis = np.linalg.eigh(sample.T @ sample)  # ascending, and orthonormal
    basis = basis[:, -COMPONENTS:]
    sketches = np.empty((len(vectors), basis.shape[1] + 1), dtype=np.float32)
    for place, block in vectors.blocks():
        leading = block @ basis
        left = 1 - np.einsum("nc,nc->n", leading, leading)
        sketches[place, :-1] = leading
        sketches[place, -1] = np.sqrt(np.maximum(left, 0) + SLACK)
    return sketches
