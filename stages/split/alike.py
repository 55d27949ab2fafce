"""Pictures that show the same, by their feature vectors: exact, and in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from stages.common.progress import track
from stages.common.vectors import Vectors
from stages.dedupe.search import hamming

COMPONENTS = 96  # principal components in a sketch
LOOKED_AT = 8192  # vectors that they are found from
SLACK = 1e-5  # in a cosine: far above what float32 may be off by
ROWS, COLUMNS = 1024, 4096  # pictures compared at a time
PAIRS = 4096  # pairs looked at one by one at a time
DENSE = 0.01  # with more pairs than this share of a block, its whole product is less work
MANY = 20000  # so many pictures show a bar

Pairs = tuple[np.ndarray, np.ndarray]


class Alike:
    """N pictures, and which of them look alike.

    Most pairs are ruled out by sketches, the leading principal components of a vector and the
    length of what they leave of it: by Cauchy and Schwarz the product of two sketches is never
    below that of the vectors. So what is found is all there is and the same for any components,
    block by block or at once; a sketch only says where to look.

    Args:
        vectors: of the pictures; a vector of zeros is like no other.
    """

    def __init__(self, vectors: Vectors) -> None:
        self.vectors = vectors
        self.sketches = _sketches(vectors)

    def __len__(self) -> int:
        return len(self.vectors)

    def across(self, group: np.ndarray, distance: float) -> Iterator[Pairs]:
        """All pairs of different groups within a distance, each once, block by block: i < j.

        Args:
            group: int64 [N].
            distance: between vectors of length 1, above 0 and below 1.
        """
        floor = cosine(distance)
        starts = range(0, len(self), ROWS)
        shown = track(starts, "pairs by features", len(starts), "blocks")
        for start in shown if len(self) >= MANY else starts:
            rows = np.arange(start, min(start + ROWS, len(self)))
            for other in range(start, len(self), COLUMNS):
                columns = np.arange(other, min(other + COLUMNS, len(self)))
                i, j = np.nonzero(self._at_most(rows, columns) >= floor - SLACK)
                wanted = (rows[i] < columns[j]) & (group[rows[i]] != group[columns[j]])
                i, j = self._checked(rows, columns, i[wanted], j[wanted], floor)
                yield rows[i], columns[j]

    def leaders(
        self, hashes: pl.Series, distance: float, further: float, radius: int
    ) -> np.ndarray:
        """Of each picture the earliest leader that it is like, itself if there is none and so it is
        a leader: int64 [N].

        What comes later changes nothing, and each picture is like its leader, however many there
        are: places do not chain along a road.

        Args:
            hashes: uint64 [N], null where a picture has none.
            distance: between vectors of length 1, above 0 and below 1; at most this is alike.
            further: such a distance that is alike as well if the hashes are near.
            radius: bits that hashes are near within.
        """
        near, far = cosine(distance), cosine(max(distance, further))
        bits, hashed = hashes.fill_null(0).to_numpy(), hashes.is_not_null().to_numpy()

        def found(rows: np.ndarray, columns: np.ndarray) -> Pairs:
            product = self._at_most(rows, columns)
            alike = hamming(bits[rows][:, None], bits[columns]) <= radius
            alike &= hashed[rows][:, None] & hashed[columns]
            i, j = np.nonzero((product >= near - SLACK) | (alike & (product >= far - SLACK)))
            return self._checked(rows, columns, i, j, np.where(alike[i, j], far, near))

        lead = np.full(len(self), -1)
        leading = np.empty(0, dtype=np.int64)
        for start in range(0, len(self), ROWS):
            rows = np.arange(start, min(start + ROWS, len(self)))
            for first in range(0, len(leading), COLUMNS):
                some = leading[first : first + COLUMNS]
                i, j = found(rows, some)
                led, at = np.unique(i, return_index=True)  # pairs go by row, then by leader
                lead[rows[led]] = some[j[at]]
                rows = rows[lead[rows] < 0]
            i, j = found(rows, rows)
            bounds = np.searchsorted(i, np.arange(len(rows) + 1)).tolist()
            for row, begin, end in zip(rows.tolist(), bounds[:-1], bounds[1:], strict=True):
                if lead[row] < 0:
                    lead[row] = row
                    like = rows[j[begin:end]]  # those before it are led by others
                    lead[like[lead[like] < 0]] = row
            leading = np.concatenate([leading, rows[lead[rows] == rows]])
        return lead

    def _at_most(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """What no cosine is above: float32 [R, C]."""
        product: np.ndarray = self.sketches[rows] @ self.sketches[columns].T
        return product

    def _checked(
        self,
        rows: np.ndarray,
        columns: np.ndarray,
        i: np.ndarray,
        j: np.ndarray,
        floor: float | np.ndarray,
    ) -> Pairs:
        """Those of the pairs `rows[i]`, `columns[j]` whose cosine is not below its floor."""
        floor = np.broadcast_to(floor, i.shape)
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
