"""Which bits the tables of a pigeonhole join agree on, and which plan costs the least.

Cut the 64 bits into k blocks. Two hashes that differ in at most r bits differ in at most r blocks,
so they agree on k - r = t of them at least. A plan has a table for every choice of t blocks; hashes
that agree on the chosen ones meet in its table, and nothing is missed (Manku, Jain and Das Sarma,
WWW 2007, section 3). A pair that agrees on more than t blocks meets in several tables: it belongs
to the one of its first t, so that no table needs to know what another found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import comb, log2
from typing import NamedTuple

import numpy as np

BITS = 64
SAMPLE = 1 << 16  # hashes from which it is seen how often a bit agrees
MOST_AGREED = 5
TRIED = 6  # tables of a plan in which the sample is laid out
AT_ONCE = 1 << 15  # values moved at a time, to stay in the processor's cache

# Nanoseconds, of which the proportions matter most: a table costs each hash the moving of its bits
# and a place in the sorted order, and each pair that meets a comparison. Pairs of one set are
# compared as long rows, pairs of two sets one by one.
TABLE, MOVED, SORTED, COMPARED, LOOKED_UP = 1e5, 16.0, 0.35, 1.0, 3.5


@dataclass(frozen=True)
class Table:
    """One table of a plan: how bits move so that those that must agree come first.

    `moves` are (from, width, to) in bits, the least significant bit being 0; `agreed` counts the
    leading bits that must agree after the move; `earlier` are masks, after the move, of the blocks
    before the last chosen one that were not chosen: a pair that agrees on one of these belongs to
    an earlier table.
    """

    moves: tuple[tuple[int, int, int], ...]
    agreed: int
    earlier: tuple[np.uint64, ...]

    def arrange(self, values: np.ndarray) -> np.ndarray:
        """The values with the bits that must agree in front: uint64 [N]."""
        return _moved(values, self.moves)

    def restore(self, values: np.ndarray) -> np.ndarray:
        """The values as they were before `arrange`: uint64 [N]."""
        return _moved(values, [(to, width, start) for start, width, to in self.moves])

    def leaves(self, run: np.ndarray) -> bool:
        """Whether an earlier table has all pairs of these arranged values."""
        differ = np.bitwise_or.reduce(run) ^ np.bitwise_and.reduce(run)
        return any(differ & mask == 0 for mask in self.earlier)

    def owned(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Which pairs of arranged values, agreeing as they must, no earlier table has: bool [P]."""
        differ = a ^ b
        own = np.ones(len(differ), dtype=bool)
        for mask in self.earlier:
            own &= (differ & mask) != 0
        return own


class Plan(NamedTuple):
    """The tables of a join and about how long it takes, CPU nanoseconds."""

    tables: list[Table]
    cost: float


def plan(values: np.ndarray, radius: int, against: int | None = None) -> Plan:
    """The cheapest plan, as far as a sample of the hashes tells.

    For few hashes, comparing all with all is the cheapest: one table that agrees on nothing.

    Args:
        values: uint64 [N], what is searched, no two the same.
        radius: bits, 0 to 32.
        against: with how many other hashes they are compared; with each other if None.
    """
    n = len(values)
    sample = _sample(values)
    weights = information(sample)
    compared, others = (COMPARED, n / 2) if against is None else (LOOKED_UP, float(against))
    once = (n + (against or 0)) * (MOVED + SORTED * log2(n + 2)) + TABLE
    best, cheapest = 0, n * others * compared
    for agreed in range(1, MOST_AGREED + 1):
        blocks = cut(weights, radius + agreed)
        count = comb(len(blocks), agreed)
        if len(blocks) > weights.sum() or count * once >= cheapest:
            break
        meet = float(np.mean([_meeting(sample, t) for t in tables(blocks, agreed, TRIED)]))
        cost = count * (once + meet * n * others * compared)
        if cost < cheapest:
            best, cheapest = agreed, cost
    return Plan(tables(cut(weights, radius + best), best), cheapest)


def _sample(values: np.ndarray) -> np.ndarray:
    """Some of the values, the same every time."""
    if len(values) <= SAMPLE:
        return values
    rows = np.random.default_rng(0).integers(0, len(values), SAMPLE)
    return values[np.unique(rows)]


def _meeting(sample: np.ndarray, table: Table) -> float:
    """Which share of all pairs meets in a table: 0 to 1."""
    agreed = np.sort(table.arrange(sample) >> np.uint64(BITS - table.agreed))
    runs = np.diff(np.flatnonzero(np.r_[True, agreed[1:] != agreed[:-1], True])).astype(float)
    return float((runs * (runs - 1)).sum() / (len(sample) * (len(sample) - 1)))


def information(values: np.ndarray) -> np.ndarray:
    """How much each bit tells hashes apart, -log2 of how often two agree on it: float [64].

    1 for a fair bit, 0 for one that is always the same; the least significant first.
    """
    octets = values.astype("<u8").view(np.uint8).reshape(-1, BITS // 8)
    share = np.unpackbits(octets, axis=1, bitorder="little").mean(axis=0)
    return -np.log2(share**2 + (1 - share) ** 2)


def cut(weights: np.ndarray, blocks: int) -> list[tuple[int, int]]:
    """Ranges of bits, `blocks` of them, of about the same weight together.

    None is empty, nor without weight, if there are no more blocks than weight in all.
    """
    before = np.r_[0.0, np.cumsum(weights)]
    shares = before[-1] * np.arange(1, blocks) / blocks
    inner = np.abs(before[None, :] - shares[:, None]).argmin(axis=1)
    return list(pairwise([0, *inner.tolist(), BITS]))


def tables(blocks: Sequence[tuple[int, int]], agreed: int, most: int | None = None) -> list[Table]:
    """The tables for every choice of `agreed` blocks, or for `most` that are spread over them."""
    choices = list(combinations(range(len(blocks)), agreed))
    step = 1 if most is None else -(-len(choices) // most)
    return [_table(blocks, chosen) for chosen in choices[::step]]


def _table(blocks: Sequence[tuple[int, int]], chosen: Sequence[int]) -> Table:
    """The table that agrees on the chosen blocks: they move to the front, the rest behind."""
    front = [blocks[i] for i in chosen]
    behind = [blocks[i] for i in range(len(blocks)) if i not in chosen]
    moves: list[tuple[int, int, int]] = []
    place = BITS
    for start, end in front[::-1] + behind[::-1]:
        place -= end - start
        if moves and moves[-1][0] == end:  # neighbours move as one
            moves[-1] = (start, moves[-1][1] + end - start, place)
        else:
            moves.append((start, end - start, place))
    skipped = [blocks[i] for i in range(max(chosen, default=0)) if i not in chosen]
    masks = np.array([(1 << end) - (1 << start) for start, end in skipped], dtype=np.uint64)
    return Table(
        moves=tuple(moves),
        agreed=sum(end - start for start, end in front),
        earlier=tuple(_moved(masks, moves)),
    )


def _moved(values: np.ndarray, moves: Sequence[tuple[int, int, int]]) -> np.ndarray:
    """Bits moved range by range, in pieces that stay in the processor's cache."""
    out = np.zeros_like(values)
    part = np.empty(min(len(values), AT_ONCE), dtype=np.uint64)
    for begin in range(0, len(values), AT_ONCE):
        piece, made = values[begin : begin + AT_ONCE], out[begin : begin + AT_ONCE]
        part = part[: len(piece)]
        for start, width, to in moves:
            np.right_shift(piece, np.uint64(start), out=part)
            np.bitwise_and(part, np.uint64((1 << width) - 1), out=part)
            np.left_shift(part, np.uint64(to), out=part)
            np.bitwise_or(made, part, out=made)
    return out
