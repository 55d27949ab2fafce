"""Pictures whose perceptual hashes are near each other, as they are or mirrored left to right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from argus.hamming import search
from argus.hamming.search import hamming

Pairs = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Hashes:
    """Perceptual hashes of pictures: `plain` uint64 [N]; `mirrored` of the picture mirrored left to
    right, uint64 [N], or None if a mirrored picture is another picture."""

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

    def within(self, radius: int, memory: Path | None = None) -> Iterator[Pairs]:
        """All pairs at most `radius` bits apart, batch by batch, some perhaps twice: i < j.

        Args:
            radius: bits, 0 to 16.
            memory: a folder that keeps what was found for the next run, see `memory.py`; what is
                mirrored is searched anew.
        """
        yield from search.within(self.plain, radius, memory)
        if self.mirrored is not None:
            for i, j in search.between(self.plain, self.mirrored, radius):
                two = i != j  # a symmetric picture is its own mirror image
                yield np.minimum(i, j)[two], np.maximum(i, j)[two]

    def pairs(self, radius: int) -> Pairs:
        """The pairs of `within` in one piece, each once, ordered by j and then i."""
        n = len(self)
        keys = [np.empty(0, dtype=np.int64), *(j * n + i for i, j in self.within(radius))]
        j, i = np.divmod(np.unique(np.concatenate(keys)), max(1, n))
        return i, j

    def between(self, new: Hashes, radius: int) -> Iterator[Pairs]:
        """All pairs of a hash here and one of `new`, batch by batch, some perhaps twice."""
        yield from search.between(self.plain, new.plain, radius)
        if self.mirrored is not None and new.mirrored is not None:
            yield from search.between(self.plain, new.mirrored, radius)
            yield from search.between(self.mirrored, new.plain, radius)

    def apart(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Bits between the hashes i and j, as they are or one of them mirrored: uint8 [P].

        Which of the two is mirrored may matter: a coefficient at the median keeps its bit.
        """
        bits = hamming(self.plain[i], self.plain[j])
        if self.mirrored is not None:
            bits = np.minimum(bits, hamming(self.plain[i], self.mirrored[j]))
            bits = np.minimum(bits, hamming(self.mirrored[i], self.plain[j]))
        return bits
