"""Exact search for pairs of 64-bit hashes within a Hamming radius, without comparing all pairs.

The pigeonhole join: cut the 64 bits into k blocks. Two hashes that differ in at most r bits
differ in at most r blocks, so they agree on some choice of k - r blocks. For every such choice,
hashes are sorted by the bits chosen and only those that agree there are compared. Nothing is
missed and nothing is approximate (Manku, Jain and Das Sarma, WWW 2007, section 3).
"""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np

BITS = 64
SMALL = 2048  # below this, comparing all pairs in numpy is as quick as any plan
BATCH = 1 << 22  # candidate pairs checked at a time; bounds memory


def hamming(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Number of differing bits of uint64 arrays, elementwise: uint8, 0 to 64."""
    return np.bitwise_count(a ^ b)


def pairs_within(hashes: np.ndarray, radius: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All pairs of hashes at most `radius` bits apart.

    Args:
        hashes: uint64 [N].
        radius: bits, 0 to 16.

    Returns:
        i, j: int64 [P] with i < j, ordered by j and then i. distance: uint8 [P], bits.
    """
    unique, inverse = np.unique(hashes, return_inverse=True)
    i, j = _distinct_pairs(unique, radius)
    left, right = _expand(i, j, inverse)
    order = np.lexsort((left, right))
    left, right = left[order], right[order]
    return left, right, hamming(hashes[left], hashes[right])


def _distinct_pairs(unique: np.ndarray, radius: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (i < j) of distinct hashes within the radius, each once."""
    if len(unique) <= SMALL:
        near = np.triu(hamming(unique[:, None], unique[None, :]) <= radius, k=1)
        return tuple(axis.astype(np.int64) for axis in np.nonzero(near))  # type: ignore[return-value]
    found = [_agreeing(unique, mask, radius) for mask in masks(len(unique), radius)]
    keys = np.unique(np.concatenate(found))
    return keys // len(unique), keys % len(unique)


def masks(n: int, radius: int) -> list[np.uint64]:
    """The bits that each table of the join agrees on, for `n` hashes.

    With t blocks agreeing out of k = radius + t, there are C(k, t) tables of about n^2 / 2^(64 t/k)
    candidates each: more blocks mean more sorting and fewer comparisons. The plan with the least
    estimated work wins.
    """

    def cost(agree: int) -> float:
        k = radius + agree
        tables = len(list(combinations(range(k), agree)))
        # a candidate costs about as much as one element's share of the sort
        return tables * (n * np.log2(n) + n * n / 2.0 ** (BITS * agree / k + 1))

    agree = min(range(1, 5), key=cost)
    edges = np.linspace(0, BITS, radius + agree + 1).round().astype(int)
    blocks = [sum(1 << bit for bit in range(a, b)) for a, b in pairwise(edges)]
    return [np.uint64(sum(chosen)) for chosen in combinations(blocks, agree)]


def _agreeing(unique: np.ndarray, mask: np.uint64, radius: int) -> np.ndarray:
    """Pairs within the radius that agree on the masked bits, as keys i * N + j with i < j."""
    n = len(unique)
    masked = unique & mask
    order = np.argsort(masked, kind="stable")
    in_run = masked[order]
    starts = np.flatnonzero(np.r_[True, in_run[1:] != in_run[:-1]])
    lengths = np.diff(np.r_[starts, n])
    # each element is paired with those after it in its run
    after = np.repeat(starts + lengths, lengths) - np.arange(n) - 1
    keys = []
    for begin, end in _batches(after):
        left = np.repeat(np.arange(begin, end), after[begin:end])
        offset = np.arange(len(left)) - np.repeat(
            np.cumsum(after[begin:end]) - after[begin:end], after[begin:end]
        )
        a, b = order[left], order[left + 1 + offset]
        close = hamming(unique[a], unique[b]) <= radius
        a, b = a[close], b[close]
        keys.append(np.minimum(a, b) * n + np.maximum(a, b))
    return np.concatenate(keys) if keys else np.empty(0, dtype=np.int64)


def _batches(counts: np.ndarray) -> list[tuple[int, int]]:
    """Cut elements into ranges of about `BATCH` candidates each."""
    total = np.cumsum(counts)
    cuts = np.searchsorted(total, np.arange(BATCH, int(total[-1]) + 1, BATCH))
    edges = np.unique(np.r_[0, cuts + 1, len(counts)])
    return [(int(a), int(b)) for a, b in pairwise(edges)]


def _expand(i: np.ndarray, j: np.ndarray, inverse: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From pairs of distinct hashes to pairs of rows, with the pairs of equal hashes added."""
    order = np.argsort(inverse, kind="stable")
    lengths = np.bincount(inverse)
    starts = np.cumsum(lengths) - lengths
    pairs = lengths[i] * lengths[j]
    which = np.repeat(np.arange(len(i)), pairs)
    rank = np.arange(len(which)) - np.repeat(np.cumsum(pairs) - pairs, pairs)
    a = order[starts[i[which]] + rank // lengths[j[which]]]
    b = order[starts[j[which]] + rank % lengths[j[which]]]
    same = [
        np.stack(np.triu_indices(length, k=1)) + start
        for start, length in zip(starts[lengths > 1], lengths[lengths > 1], strict=True)
    ]
    if same:
        equal = order[np.concatenate(same, axis=1)]
        a, b = np.r_[a, equal[0]], np.r_[b, equal[1]]
    return np.minimum(a, b), np.maximum(a, b)
