from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.dedupe import search


def brute(hashes: np.ndarray, radius: int) -> list[tuple[int, int, int]]:
    apart = [
        (i, j, int(hashes[i] ^ hashes[j]).bit_count())
        for i, j in combinations(range(len(hashes)), 2)
    ]
    return sorted((j, i, d) for i, j, d in apart if d <= radius)


def found(hashes: np.ndarray, radius: int) -> list[tuple[int, int, int]]:
    i, j, d = search.pairs_within(hashes, radius)
    return [(int(b), int(a), int(c)) for a, b, c in zip(i, j, d, strict=True)]


def clustered(n: int, seed: int) -> np.ndarray:
    """Random hashes with few bits flipped between some of them, so that there are near pairs."""
    rng = np.random.default_rng(seed)
    centres = rng.integers(0, 2**64, n // 4 + 1, dtype=np.uint64)
    hashes = centres[rng.integers(0, len(centres), n)]
    for _ in range(6):
        flips = np.uint64(1) << rng.integers(0, 64, n, dtype=np.uint64)
        hashes = np.where(rng.random(n) < 0.3, hashes ^ flips, hashes)
    return hashes


@given(st.lists(st.integers(0, 2**64 - 1), max_size=30), st.integers(0, 16))
def test_all_pairs_and_only_those(values: list[int], radius: int) -> None:
    hashes = np.array(values, dtype=np.uint64)
    assert found(hashes, radius) == brute(hashes, radius)


@pytest.mark.parametrize("radius", [0, 1, 4, 5, 8, 11])
def test_the_join_agrees_with_brute_force(radius: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SMALL", 0)  # the join even for few
    monkeypatch.setattr(search, "BATCH", 100)  # in many batches
    hashes = clustered(500, seed=radius)
    expected = brute(hashes, radius)
    assert len(expected) > 10
    assert found(hashes, radius) == expected


@settings(max_examples=25)
@given(st.integers(0, 12), st.integers(10, 10**8))
def test_two_hashes_within_the_radius_agree_on_some_mask(radius: int, n: int) -> None:
    rng = np.random.default_rng(radius)
    masks = search.masks(n, radius)
    for _ in range(50):
        bits = rng.choice(64, radius, replace=False)
        difference = np.uint64(sum(1 << int(bit) for bit in bits))
        assert any(difference & mask == 0 for mask in masks)


def test_many_equal_hashes_cost_no_comparisons() -> None:
    i, j, d = search.pairs_within(np.full(1000, 5, dtype=np.uint64), 4)
    assert len(i) == 1000 * 999 // 2
    assert (i < j).all()
    assert not d.any()
