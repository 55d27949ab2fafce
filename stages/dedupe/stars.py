"""Star clustering (Aslam, Pelekhov and Rus, 2004), in order of arrival.

An image is dropped only for one that is kept, never for one that was dropped.

Connected components would chain (docs/adr/0002-stars.md); a star has its kept image at the centre
and nothing further away than the radius.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from argus.hamming.search import Hashes, Pairs

MOST = 1 << 23  # pairs held at a time; a row of cars at a red light may have thousands each
NONE: Pairs = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))


def stars(hashes: Hashes, radius: int) -> np.ndarray:
    """Group images in order: the first of a star is its centre and is kept.

    Prefix-stable: what is decided of the first n images does not depend on those after them.

    Args:
        hashes: of N images, in the order in which they count.
        radius: bits.

    Returns:
        int64 [N], the row of the kept image that each row belongs to (its own if kept): the
        nearest one kept before the first image with this hash, the earlier of two as near.
    """
    first = first_seen(hashes)
    rows = np.flatnonzero(first == np.arange(len(first)))
    covered = np.zeros(len(hashes), dtype=bool)
    _settle(hashes, rows, radius, covered)
    centre = np.arange(len(hashes), dtype=np.int64)
    dropped = rows[covered[rows]]
    kept = rows[~covered[rows]]
    centre[dropped] = _nearest(hashes, kept, dropped, radius)
    return centre[first]


def first_seen(hashes: Hashes) -> np.ndarray:
    """Of each image the first row with the same hash: int64 [N]."""
    columns = {"plain": hashes.plain}
    if hashes.mirrored is not None:
        columns["mirrored"] = hashes.mirrored
    numbered = pl.DataFrame(columns).with_row_index("row")
    first = numbered.select(pl.col("row").first().over(list(columns)))
    return first.to_series().to_numpy().astype(np.int64)


def _settle(hashes: Hashes, rows: np.ndarray, radius: int, covered: np.ndarray) -> None:
    """Mark all images that a kept one of these rows covers, going through the rows in order.

    Where there are too many pairs, the first half is settled first, and what it covers of the
    second half needs no comparing with the rest of it.

    Args:
        hashes: of N images.
        rows: int64 [R], in order.
        radius: bits.
        covered: bool [N], changed: by now, what the kept images before these rows cover.
    """
    rows = rows[~covered[rows]]
    pairs = _at_most(MOST, hashes[rows].within(radius))
    if pairs is None:
        first, second = rows[: len(rows) // 2], rows[len(rows) // 2 :]
        _settle(hashes, first, radius, covered)
        kept = first[~covered[first]]
        for _, near in hashes[kept].between(hashes[second], radius):
            covered[second[near]] = True
        _settle(hashes, second, radius, covered)
        return
    left, right = rows[pairs[0]], rows[pairs[1]]
    order = np.argsort(left, kind="stable")
    left, right = left[order], right[order]
    starts = np.flatnonzero(np.r_[True, left[1:] != left[:-1]][: len(left)])
    ends = np.r_[starts[1:], len(left)]
    for row, start, end in zip(left[starts].tolist(), starts.tolist(), ends.tolist(), strict=False):
        if not covered[row]:
            covered[right[start:end]] = True


def _at_most(limit: int, batches: Iterator[Pairs]) -> Pairs | None:
    """All pairs, or None if there are more than `limit`."""
    held, count = [NONE], 0
    for pairs in batches:
        held.append(pairs)
        count += len(pairs[0])
        if count > limit:
            return None
    return np.concatenate([i for i, _ in held]), np.concatenate([j for _, j in held])


def _nearest(hashes: Hashes, kept: np.ndarray, dropped: np.ndarray, radius: int) -> np.ndarray:
    """Of each dropped row the nearest kept row before it, the earlier of two as near: int64 [D]."""
    n = np.int64(len(hashes))
    best = np.full(len(dropped), np.iinfo(np.int64).max)
    for a, b in hashes[kept].between(hashes[dropped], radius):
        before = kept[a] < dropped[b]
        a, b = kept[a[before]], b[before]
        np.minimum.at(best, b, hashes.apart(a, dropped[b]) * n + a)
    return best % n if len(dropped) else dropped
