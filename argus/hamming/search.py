"""Exact search for pairs of 64-bit hashes within a Hamming radius, without comparing all pairs.

Rows with the same hash are one to the join (`join.py`); only pairs that are asked for are spelt
out by row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from argus.hamming.join import Pairs, across, filled, hamming, near, spread
from argus.hamming.pair_cache import remembered

__all__ = ["between", "hamming", "within"]


def within(hashes: np.ndarray, radius: int, memory: Path | None = None) -> Iterator[Pairs]:
    """All pairs of hashes at most `radius` bits apart, each once, batch by batch, in no order.

    n rows with the same hash are n (n - 1) / 2 pairs: leave copies out before where there may be
    many.

    Args:
        hashes: uint64 [N].
        radius: bits, 0 to 16.
        memory: a folder that remembers the pairs of earlier runs (`memory.py`); None: all are
            searched anew. What is found is the same.

    Yields:
        i, j: int64 [P] each, rows with i < j.
    """
    rows = Rows.of(hashes)
    yield from rows.equal()
    values = rows.values
    found = near(values, radius) if memory is None else remembered(values, radius, memory)
    for a, b in found:
        for i, j in rows.pairs(a, rows, b):
            yield np.minimum(i, j), np.maximum(i, j)


def between(known: np.ndarray, new: np.ndarray, radius: int) -> Iterator[Pairs]:
    """All pairs of a known and a new hash at most `radius` bits apart, batch by batch, in no order.

    Args:
        known: uint64 [N].
        new: uint64 [M].
        radius: bits, 0 to 16.

    Yields:
        Rows of `known` and rows of `new`: int64 [P] each.
    """
    there, here = Rows.of(known), Rows.of(new)
    for a, b in across(filled(there.values, radius, len(here.values)), here.values, radius):
        yield from there.pairs(a, here, b)


@dataclass(frozen=True)
class Rows:
    """Hashes, each once, with the rows that have it.

    `values` uint64 [U] sorted; `order` int64 [N] the rows sorted by hash; `starts`
    int64 [U] where the rows of each value begin in it, `counts` int64 [U] how many they are.
    """

    values: np.ndarray
    order: np.ndarray
    starts: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, hashes: np.ndarray) -> Rows:
        """The rows of hashes uint64 [N]."""
        order = np.argsort(hashes)
        ordered = hashes[order]
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]][: len(ordered)])
        return cls(ordered[starts], order, starts, np.diff(np.r_[starts, len(ordered)]))

    def pairs(self, a: np.ndarray, others: Rows, b: np.ndarray) -> Iterator[Pairs]:
        """Every row with hash a[k] here with every row with hash b[k] there, batch by batch."""
        i, j = np.searchsorted(self.values, a), np.searchsorted(others.values, b)
        if (self.counts[i] * others.counts[j]).max(initial=0) == 1:
            yield self.order[self.starts[i]], others.order[others.starts[j]]
            return
        for k, here in spread(self.starts[i], self.counts[i]):
            for m, there in spread(others.starts[j[k]], others.counts[j[k]]):
                yield self.order[here[m]], others.order[there]

    def equal(self) -> Iterator[Pairs]:
        """Every two rows with the same hash, the earlier first, batch by batch."""
        place = np.arange(len(self.order))
        last = np.repeat(self.starts + self.counts, self.counts) - 1
        for which, other in spread(place + 1, last - place):
            i, j = self.order[which], self.order[other]
            yield np.minimum(i, j), np.maximum(i, j)
