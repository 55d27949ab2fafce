"""Exact search for pairs of 64-bit hashes within a Hamming radius, without comparing all pairs.

Rows with the same hash are one to the join (`join.py`); only pairs that are asked for are spelt
out by row. `Hashes` also finds images that are mirrored left to right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from argus.hamming.join import Pairs, build_tables, cross_join, hamming_distance, self_join, spread
from argus.hamming.pair_cache import cached_self_join

__all__ = ["Hashes", "Pairs", "between", "hamming_distance", "within"]


def within(hashes: np.ndarray, radius: int, pair_cache: Path | None = None) -> Iterator[Pairs]:
    """All pairs of hashes at most `radius` bits apart, each once, batch by batch, in no order.

    n rows with the same hash are n (n - 1) / 2 pairs: leave copies out before where there may be
    many.

    Args:
        hashes: uint64 [N].
        radius: bits, 0 to 16.
        pair_cache: a folder that keeps the pairs of earlier runs (`pair_cache.py`); None: all are
            searched anew. What is found is the same.

    Yields:
        i, j: int64 [P] each, rows with i < j.
    """
    rows = Rows.of(hashes)
    yield from rows.equal()
    values = rows.values
    if pair_cache is None:
        found = self_join(values, radius)
    else:
        found = cached_self_join(values, radius, pair_cache)
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
    for a, b in cross_join(
        build_tables(there.values, radius, len(here.values)), here.values, radius
    ):
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


@dataclass(frozen=True)
class Hashes:
    """Perceptual hashes of images: `plain` uint64 [N]; `mirrored` of the image mirrored left to
    right, uint64 [N], or None if a mirrored image is another image."""

    plain: np.ndarray
    mirrored: np.ndarray | None = None

    @classmethod
    def of(cls, images: pl.DataFrame, mirrored: bool) -> Hashes:
        """The hashes of rows of the catalogue, none of which may lack its `phash`."""
        other = pl.col("phash_mirrored").fill_null(pl.col("phash"))  # null: matches as it is
        return cls(
            images["phash"].to_numpy(),
            images.select(other).to_series().to_numpy() if mirrored else None,
        )

    def __len__(self) -> int:
        return len(self.plain)

    def __getitem__(self, rows: np.ndarray | slice) -> Hashes:
        return Hashes(self.plain[rows], None if self.mirrored is None else self.mirrored[rows])

    def within(self, radius: int, pair_cache: Path | None = None) -> Iterator[Pairs]:
        """All pairs at most `radius` bits apart, batch by batch, some perhaps twice: i < j.

        Args:
            radius: bits, 0 to 16.
            pair_cache: a folder that keeps what was found for the next run, see `pair_cache.py`;
                what is mirrored is searched anew.
        """
        yield from within(self.plain, radius, pair_cache)
        if self.mirrored is not None:
            for i, j in between(self.plain, self.mirrored, radius):
                two = i != j  # a symmetric image is its own mirror image
                yield np.minimum(i, j)[two], np.maximum(i, j)[two]

    def pairs(self, radius: int) -> Pairs:
        """The pairs of `within` in one piece, each once, ordered by j and then i."""
        n = len(self)
        keys = [np.empty(0, dtype=np.int64), *(j * n + i for i, j in self.within(radius))]
        j, i = np.divmod(np.unique(np.concatenate(keys)), max(1, n))
        return i, j

    def between(self, new: Hashes, radius: int) -> Iterator[Pairs]:
        """All pairs of a hash here and one of `new`, batch by batch, some perhaps twice."""
        yield from between(self.plain, new.plain, radius)
        if self.mirrored is not None and new.mirrored is not None:
            yield from between(self.plain, new.mirrored, radius)
            yield from between(self.mirrored, new.plain, radius)

    def apart(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Bits between the hashes i and j, as they are or one of them mirrored: uint8 [P].

        Which of the two is mirrored may matter: a coefficient at the median keeps its bit.
        """
        bits = hamming_distance(self.plain[i], self.plain[j])
        if self.mirrored is not None:
            bits = np.minimum(bits, hamming_distance(self.plain[i], self.mirrored[j]))
            bits = np.minimum(bits, hamming_distance(self.mirrored[i], self.plain[j]))
        return bits
