"""The pigeonhole join of 64-bit hashes, on their values alone: exact, and in bounded memory.

For each table of a plan (`plan.py`) the bits that must agree are moved to the front and the values
sorted: those that agree stand together as a run, and all of a run are compared with each other.
Where many agree, the run is joined by a plan of its own on the bits that are left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from argus.core.progress import track
from argus.hamming.plan import BITS, Table, plan

BATCH = 1 << 20  # pairs held at a time
MANY = 1 << 17  # so many hashes show a bar
AT_ONCE = 1 << 16  # hashes compared in one call of numpy: what fits in the processor's cache
LONG = 4096  # a run as long as that is joined by a plan of its own
FEW = 32  # runs of about the same length that are not worth laying out
HEIGHTS = np.array(
    [-(-n // step) * step for n in range(LONG + 1) for step in [1 << max(0, n.bit_length() - 4)]],
    dtype=np.uint16,
)
"""By the length of a run, with how many values it is laid out: at most an eighth more."""

Pairs = tuple[np.ndarray, np.ndarray]
FilledTable = tuple[Table, np.ndarray]
"""A table and the known hashes in it: uint64 [N], arranged and sorted."""


def hamming_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Number of differing bits of uint64 arrays, elementwise: uint8, 0 to 64."""
    return np.bitwise_count(a ^ b)


def self_join(values: np.ndarray, radius: int) -> Iterator[Pairs]:
    """All pairs of hashes within the radius, each once, batch by batch; a bar if they are many.

    Args:
        values: uint64 [N], no two the same, in any order.
        radius: bits.

    Yields:
        Two arrays uint64 [P]: the hashes of each pair, either first.
    """
    if len(values) < 2:
        return
    tables = plan(values, radius).tables
    shown = track(tables, f"pairs within {radius} bits", len(tables), "tables")
    yield from _self_join(shown if len(values) >= MANY else tables, values, radius)


def _self_join(tables: Iterable[Table], values: np.ndarray, radius: int) -> Iterator[Pairs]:
    for table in tables:
        for a, b in _batches(_in_runs(_sorted(table, values), table, radius)):
            own = table.owned(a, b)
            yield table.restore(a[own]), table.restore(b[own])


def build_tables(known: np.ndarray, radius: int, new: int) -> Iterator[FilledTable]:
    """The tables for comparing known hashes with new ones.

    They come one by one, so that a single pass needs the memory of one; a list of them is at hand
    for pass after pass.

    Args:
        known: uint64 [N], no two the same.
        radius: bits.
        new: how many hashes they will be compared with at a time.
    """
    if len(known):
        for table in plan(known, radius, against=new).tables:
            yield table, _sorted(table, known)


def cross_join(tables: Iterable[FilledTable], new: np.ndarray, radius: int) -> Iterator[Pairs]:
    """All pairs of a known and a new hash within the radius, each once, batch by batch.

    Args:
        tables: as `build_tables` gives them for this radius.
        new: uint64 [M], no two the same.
        radius: bits.

    Yields:
        Two arrays uint64 [P]: the known and the new hash of each pair. Equal ones are 0 bits apart.
    """
    if not len(new):
        return
    for table, known in tables:
        for a, b in _batches(_between_runs(known, _sorted(table, new), table, radius)):
            own = table.owned(a, b)
            yield table.restore(a[own]), table.restore(b[own])


def _sorted(table: Table, values: np.ndarray) -> np.ndarray:
    arranged = table.arrange(values)
    arranged.sort()
    return arranged


def _in_runs(ordered: np.ndarray, table: Table, radius: int) -> Iterator[Pairs]:
    """Pairs within the radius of sorted values that agree on the table's bits."""
    if table.agreed == 0:
        yield from _in_run(ordered, radius)
        return
    starts, lengths = _runs(ordered, table.agreed)
    # runs of about the same length stand beside each other as columns; a shorter one is filled up
    # with what follows it, which does not count
    heights = HEIGHTS[np.minimum(lengths, LONG)]
    order = np.argsort(heights, kind="stable")
    starts, lengths = starts[order], lengths[order]
    begin = 0
    for height, count in enumerate(np.bincount(heights).tolist()):
        end = begin + count
        if count < FEW or height == LONG:
            for start, length in zip(
                starts[begin:end].tolist(), lengths[begin:end].tolist(), strict=True
            ):
                run = ordered[start : start + length]
                if length < LONG:
                    yield from _in_run(run, radius)
                elif not table.leaves(run):
                    yield from _self_join(plan(run, radius).tables, run, radius)
        else:
            width = max(1, AT_ONCE // height)
            for at in range(begin, end, width):
                columns = slice(at, min(at + width, end))
                places = starts[columns] + np.arange(height)[:, None]
                block = ordered.take(places, mode="clip")
                yield from _in_columns(block, lengths[columns], radius)
        begin = end


def _runs(ordered: np.ndarray, agreed: int) -> Pairs:
    """Starts and lengths of the runs of two values and more that agree on their leading bits."""
    same = np.zeros(len(ordered) + 1, dtype=bool)  # as the value before
    np.less(ordered[1:] ^ ordered[:-1], np.uint64(1 << (BITS - agreed)), out=same[1:-1])
    turns = np.flatnonzero(same[1:] != same[:-1])
    return turns[::2], turns[1::2] - turns[::2] + 1


def _in_columns(block: np.ndarray, lengths: np.ndarray, radius: int) -> Iterator[Pairs]:
    """Pairs within the radius in each column of [L, R]; a column counts up to its length."""
    flat, width = block.ravel(), block.shape[1]
    differ, bits = np.empty_like(flat), np.empty(len(flat), dtype=np.uint8)
    for down in range(1, len(block)):
        n = len(flat) - down * width
        np.bitwise_xor(flat[:n], flat[-n:], out=differ[:n])
        np.bitwise_count(differ[:n], out=bits[:n])
        found = (bits[:n] <= radius).nonzero()[0]
        if len(found):
            found = found[found // width + down < lengths[found % width]]
            yield flat[found], flat[found + down * width]


def _in_run(run: np.ndarray, radius: int) -> Iterator[Pairs]:
    """Pairs within the radius of all values: some rows at a time, with those from them on."""
    height = max(1, AT_ONCE // max(1, len(run)))
    for begin in range(0, len(run), height):
        upper, rest = run[begin : begin + height], run[begin:]
        close = hamming_distance(upper[:, None], rest) <= radius
        i, j = np.divmod(close.ravel().nonzero()[0], len(rest))
        later = j > i
        yield upper[i[later]], rest[j[later]]


def _between_runs(known: np.ndarray, new: np.ndarray, table: Table, radius: int) -> Iterator[Pairs]:
    """Pairs within the radius of sorted known and new values that agree on the table's bits."""
    rest = np.uint64((1 << (BITS - table.agreed)) - 1)
    first = np.searchsorted(known, new & ~rest)
    count = np.searchsorted(known, new | rest, side="right") - first
    if table.agreed:
        for begin, end in _crowds(first, count):
            there = known[first[begin] : first[begin] + count[begin]]
            here = new[begin:end]
            if not table.leaves(np.concatenate([here, there])):
                yield from cross_join(build_tables(there, radius, len(here)), here, radius)
            count[begin:end] = 0
    for which, place in spread(first, count):
        a, b = known[place], new[which]
        close = hamming_distance(a, b) <= radius
        yield a[close], b[close]


def _crowds(first: np.ndarray, count: np.ndarray) -> list[tuple[int, int]]:
    """Ranges of new values that meet the same known ones, where these are too many pairs."""
    edges = np.flatnonzero(np.r_[True, (first[1:] != first[:-1]) | (count[1:] != count[:-1]), True])
    begins, ends = edges[:-1], edges[1:]
    many = (ends - begins) * count[begins] > LONG * LONG
    return [(int(a), int(b)) for a, b in zip(begins[many], ends[many], strict=True)]


def spread(first: np.ndarray, count: np.ndarray) -> Iterator[Pairs]:
    """For each k the numbers from first[k] on, count[k] of them, `AT_ONCE` at a time.

    Yields:
        The k and the number of each: int64 [P].
    """
    total = np.cumsum(count)
    shift = first - (total - count)
    everything = int(count.sum())
    for low in range(0, everything, AT_ONCE):
        high = min(low + AT_ONCE, everything)
        begin, last = np.searchsorted(total, [low, high - 1], side="right")
        here = np.diff(np.minimum(total[begin : last + 1], high), prepend=low)
        which = np.repeat(np.arange(begin, last + 1), here)
        yield which, np.arange(low, high) + shift[which]


def _batches(parts: Iterable[Pairs]) -> Iterator[Pairs]:
    """The same pairs in parts of `BATCH` and a little more; the last may be smaller."""
    held: list[Pairs] = []
    count = 0
    for part in parts:
        held.append(part)
        count += len(part[0])
        if count >= BATCH:
            yield _joined(held)
            held, count = [], 0
    if count:
        yield _joined(held)


def _joined(parts: list[Pairs]) -> Pairs:
    return np.concatenate([a for a, _ in parts]), np.concatenate([b for _, b in parts])
