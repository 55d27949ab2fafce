"""Hashes that are hard on a pigeonhole join, and the slow way to find their pairs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from argus.data.measuring import perceptual_hash
from argus.hamming import join, plan, search

Hashes = Callable[[np.random.Generator, int], np.ndarray]


def near_pairs(a: np.ndarray, b: np.ndarray, radius: int) -> set[tuple[int, int]]:
    """Rows of a and of b within the radius, by comparing all with all."""
    i, j = np.nonzero(np.bitwise_count(a[:, None] ^ b[None, :]) <= radius)
    return set(zip(i.tolist(), j.tolist(), strict=True))


def listed(
    hashes: np.ndarray, radius: int, pair_cache: Path | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The earlier and the later row of all pairs that are found, and the bits between them, ordered
    by the later one and then the earlier."""
    none = np.empty((2, 0), dtype=np.int64)
    i, j = np.concatenate([none, *map(np.stack, search.within(hashes, radius, pair_cache))], axis=1)
    order = np.lexsort((i, j))
    i, j = i[order], j[order]
    return i, j, search.hamming_distance(hashes[i], hashes[j])


def random_bits(rng: np.random.Generator, n: int, chance: np.ndarray | float) -> np.ndarray:
    """Hashes whose bits are 1 with these chances, the least significant first: uint64 [n]."""
    octets = np.packbits(rng.random((n, 64)) < chance, axis=1, bitorder="little")
    return octets.view("<u8").ravel()


def uniform(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.integers(0, 2**64, n, dtype=np.uint64)


def clustered(rng: np.random.Generator, n: int) -> np.ndarray:
    """Some hashes, each many times over with up to 16 bits turned."""
    centres = uniform(rng, n // 8 + 1)
    turned = random_bits(rng, n, rng.random((n, 1)) * 0.1)
    return centres[rng.integers(0, len(centres), n)] ^ turned


def one_bucket(rng: np.random.Generator, n: int) -> np.ndarray:
    """All agree on 44 bits, some in each block."""
    chance = np.where(np.arange(64) % 3 == 0, 0.5, 1.0)
    return random_bits(rng, n, chance)


def counting(rng: np.random.Generator, n: int) -> np.ndarray:
    """Sorted, one after the other, and all in the lowest bits."""
    return np.arange(n, dtype=np.uint64)


def biased(rng: np.random.Generator, n: int) -> np.ndarray:
    """Bits that are far from fair, some nearly always the same."""
    return random_bits(rng, n, np.linspace(0.001, 0.999, 64))


def tied(rng: np.random.Generator, n: int) -> np.ndarray:
    """Each bit twice, so that bits tell less than they seem to."""
    half = random_bits(rng, n, np.r_[np.full(32, 0.4), np.zeros(32)])
    return half | half << np.uint64(32)


def sparse(rng: np.random.Generator, n: int) -> np.ndarray:
    """Two bits in 64 are set: there is no telling them apart by blocks."""
    return random_bits(rng, n, 2 / 64)


def two_clumps(rng: np.random.Generator, n: int) -> np.ndarray:
    """Half lie within a few bits of one hash, half of another."""
    return np.where(rng.random(n) < 0.5, np.uint64(0), ~np.uint64(0)) ^ sparse(rng, n)


def images(rng: np.random.Generator, n: int) -> np.ndarray:
    """Perceptual hashes of images with a bright top and slow changes, as streets have."""
    terms = rng.standard_normal((n, 8, 8)) / (1 + np.add.outer(np.arange(8), np.arange(8)))
    terms[:, 1, 0] += 1
    return perceptual_hash.perceptual_hashes(terms).phash


HARD: list[Hashes] = [
    uniform,
    clustered,
    one_bucket,
    counting,
    biased,
    tied,
    sparse,
    two_clumps,
    images,
]


@contextmanager
def small_parts(long: int = 8) -> Iterator[None]:
    """Tables even for few hashes, and all that is done in parts done in many small ones."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("TABLE", "MOVED", "SORTED"):
            patch.setattr(plan, name, 1e-3)  # so cheap that tables are worth it
        patch.setattr(plan, "MOST_AGREED", 2)
        patch.setattr(plan, "AT_ONCE", 50)
        patch.setattr(join, "BATCH", 100)
        patch.setattr(join, "AT_ONCE", 64)
        patch.setattr(join, "LONG", long)
        patch.setattr(join, "FEW", 2)
        yield
