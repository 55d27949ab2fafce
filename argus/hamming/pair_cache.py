"""The pairs found before, so that a million known hashes and a few new ones cost the new alone.

The file holds the hashes searched so far and which of them are near each other. It is a side cache
as in `argus/core/caches.py`: keyed by radius and code, gone at no loss, and what a search
finds does not depend on it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from argus.core import code
from argus.core.caches import expire, sweep
from argus.core.files import atomic
from argus.hamming import join, plan
from argus.hamming.join import BATCH, Pairs

WORTH = 2e9  # nanoseconds; what takes less is nearly as soon searched as a file is read and written
MOST = 1 << 25  # pairs of 8 bytes; with more, nothing is kept
LOW = np.uint64((1 << 32) - 1)


@dataclass(frozen=True)
class KnownPairs:
    """Hashes that were searched: `values` uint64 [K], sorted, no two the same; `pairs` uint64 [P],
    two rows of `values` each, one in the upper and one in the lower 32 bits."""

    values: np.ndarray
    pairs: np.ndarray

    @classmethod
    def read(cls, path: Path) -> KnownPairs:
        """What a file holds; nothing if there is none, or not as it was written."""
        try:
            words = np.fromfile(path, dtype="<u8")
        except OSError:
            words = np.empty(0, dtype=np.uint64)
        if len(words) < 2 or words[0] != _digest(words[1:]):
            words = np.zeros(2, dtype=np.uint64)
        count = int(words[1])
        return cls(words[2 : 2 + count], words[2 + count :])

    def write(self, path: Path) -> None:
        """Keep it for the next run."""
        count = np.array([0, len(self.values)], dtype=np.uint64)
        words = np.concatenate([count, self.values, self.pairs])
        words[0] = _digest(words[1:])
        with atomic(path) as temporary:
            words.astype("<u8", copy=False).tofile(temporary)

    def batches(self) -> Iterator[Pairs]:
        """Its pairs, as `join.self_join` gives them."""
        for begin in range(0, len(self.pairs), BATCH):
            part = self.pairs[begin : begin + BATCH]
            yield self.values[part >> np.uint64(32)], self.values[part & LOW]

    def with_more(self, new: np.ndarray, found: Iterable[Pairs]) -> KnownPairs:
        """With hashes uint64 [M], none of them known, and the pairs that have a new one."""
        values = np.concatenate([self.values, new])
        values.sort()
        place = np.searchsorted(values, self.values).astype(np.uint64)
        parts = [_packed(place[self.pairs >> np.uint64(32)], place[self.pairs & LOW])]
        parts += [_packed(np.searchsorted(values, a), np.searchsorted(values, b)) for a, b in found]
        return KnownPairs(values, np.concatenate(parts))


def cached_self_join(values: np.ndarray, radius: int, folder: Path) -> Iterator[Pairs]:
    """As `join.self_join`; hashes that were searched before are compared with the new ones alone.

    What is new is kept once all pairs have been taken; nothing of a search that is quick.

    Args:
        values: uint64 [N], sorted, no two the same.
        radius: bits.
        folder: where the cache lies.
    """
    if len(values) < 2 or plan.plan(values, radius).cost < WORTH:
        yield from join.self_join(values, radius)
        return
    path = folder / f"{code.version(__name__)}-{radius}"
    known = KnownPairs.read(path)
    new = values[~among(values, known.values)]
    gone = len(known.values) - (len(values) - len(new))
    if 2 * len(new) * gone > (len(values) - len(new)) ** 2:
        # comparing the new ones with what is gone would cost more than it spares
        known, new, gone = KnownPairs(values[:0], values[:0]), values, 0
    old = known.batches()
    yield from _both_among(old, values) if gone else old
    if not len(new):
        return
    tables = join.build_tables(known.values, radius, len(new))
    found: list[Pairs] = []
    count = len(known.pairs)
    for pairs in chain(join.cross_join(tables, new, radius), join.self_join(new, radius)):
        count += len(pairs[0])
        if count <= MOST:
            found.append(pairs)
        yield from _both_among([pairs], values) if gone else [pairs]
    if count <= MOST:
        known.with_more(new, found).write(path)
        expire(folder.glob(f"[!.]*-{radius}"), kept=path)
        sweep(folder)


def among(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which values are among others, uint64 [K] sorted: bool."""
    place = np.searchsorted(others, values)
    inside = place < len(others)
    inside[inside] = others[place[inside]] == values[inside]
    return inside


def _both_among(batches: Iterable[Pairs], values: np.ndarray) -> Iterator[Pairs]:
    for a, b in batches:
        both = among(a, values) & among(b, values)
        yield a[both], b[both]


def _packed(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a.astype(np.uint64) << np.uint64(32) | b.astype(np.uint64)


def _digest(words: np.ndarray) -> np.uint64:
    """64 bits of SHA-256, as one more word."""
    return np.frombuffer(hashlib.sha256(words.data).digest()[:8], dtype="<u8")[0]
