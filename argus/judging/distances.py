"""Euclidean distances between feature vectors: nearest and k-th nearest, in bounded memory.

Several metrics ask for the same ones; what was found last is kept, by content (`by_content`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import TypeVar

import numpy as np

BLOCK = 1 << 22  # distances held at a time, 32 MB
CLOSE = 1e-6  # of the squared lengths: less is mostly rounding of a difference of products
Result = TypeVar("Result")


@dataclass(frozen=True)
class Nearest:
    """Of each of N vectors the nearest of others: `row` of these, int64 [N], and `distance`,
    float64 [N]."""

    row: np.ndarray
    distance: np.ndarray


class _Content:
    """An argument of a function, which equals another one of the same content."""

    def __init__(self, value: np.ndarray | Sequence[str]) -> None:
        self.value = value
        if isinstance(value, np.ndarray):
            digest = hashlib.sha256(np.ascontiguousarray(value).data).digest()
            self.key: object = (digest, value.shape, value.dtype.str)
        else:
            self.key = tuple(value)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Content) and self.key == other.key


def by_content(most: int) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Let a pure function of arrays and names keep its last results, by what these hold.

    Args:
        most: results that are kept, with their arguments.
    """

    def keeping(function: Callable[..., Result]) -> Callable[..., Result]:
        @lru_cache(most)
        def known(*keys: _Content) -> Result:
            return function(*(key.value for key in keys))

        @wraps(function)
        def asked(*values: np.ndarray | Sequence[str]) -> Result:
            return known(*map(_Content, values))

        return asked

    return keeping


def blocks(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """All distances, some rows of `a` at a time.

    By one matrix product; what comes out too small for that is computed again from the
    difference of the two vectors, so that equal vectors are 0 apart.

    Args:
        a: float [N, D].
        b: float [M, D].

    Yields:
        The rows, and float64 [rows, M].
    """
    middle = b.mean(axis=0, dtype=np.float64)
    a, b = a - middle, b - middle
    of_b = np.einsum("md,md->m", b, b)
    step = max(1, BLOCK // len(b))
    for start in range(0, len(a), step):
        rows = slice(start, start + step)
        of_a = np.einsum("nd,nd->n", a[rows], a[rows])[:, None]
        squared = of_a + of_b - 2 * a[rows] @ b.T
        i, j = np.nonzero(squared < CLOSE * (of_a + of_b))
        for some in np.array_split(np.arange(len(i)), len(i) * a.shape[1] // BLOCK + 1):
            apart = a[rows][i[some]] - b[j[some]]
            squared[i[some], j[some]] = np.einsum("pd,pd->p", apart, apart)
        yield rows, np.sqrt(np.maximum(squared, 0))


@by_content(8)
def nearest(a: np.ndarray, b: np.ndarray) -> Nearest:
    """Of each vector the nearest one of others; of equally near ones the first.

    Args:
        a: float [N, D].
        b: float [M, D], M at least 1.
    """
    row, distance = np.empty(len(a), dtype=np.int64), np.empty(len(a))
    for rows, apart in blocks(a, b):
        row[rows] = apart.argmin(axis=1)
        distance[rows] = apart.min(axis=1)
    return Nearest(row, distance)


def kth_nearest(vectors: np.ndarray, k: int, units: Sequence[str]) -> np.ndarray:
    """The distance of each vector to the k-th nearest one of another unit: float64 [N].

    Args:
        vectors: float [N, D].
        k: from 1 on; of each unit there are at least so many outside it.
        units: N names.
    """
    _, unit = np.unique(np.asarray(units), return_inverse=True)
    found = np.empty(len(vectors))
    for rows, apart in blocks(vectors, vectors):
        apart[unit[rows, None] == unit] = np.inf
        found[rows] = np.partition(apart, k - 1, axis=1)[:, k - 1]
    return found


def fewest_outside(units: Sequence[str]) -> int:
    """How many vectors the one of the largest unit has outside of that; 0 of none."""
    _, counts = np.unique(np.asarray(units, dtype=str), return_counts=True)
    return len(units) - int(counts.max(initial=0))
