from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus.hamming import search
from argus.hamming.join import Pairs
from tests.dedupe.hard import HARD, Hashes, clustered, listed, near_pairs, small_parts

# in ten bits, so that many are near and some are the same
FEW = st.lists(st.integers(0, 2**10 - 1), max_size=40).map(lambda v: np.array(v, dtype=np.uint64))


def found(hashes: np.ndarray, radius: int) -> list[tuple[int, int, int]]:
    i, j, d = listed(hashes, radius)
    return list(zip(j.tolist(), i.tolist(), d.tolist(), strict=True))


def brute(hashes: np.ndarray, radius: int) -> list[tuple[int, int, int]]:
    """The later row, the earlier one and the distance of each pair, in order."""
    return sorted(
        (j, i, int(hashes[i] ^ hashes[j]).bit_count())
        for i, j in near_pairs(hashes, hashes, radius)
        if i < j
    )


@given(FEW, st.integers(0, 16))
def test_all_pairs_in_order(hashes: np.ndarray, radius: int) -> None:
    assert found(hashes, radius) == brute(hashes, radius)


@pytest.mark.parametrize("hashes", HARD)
@pytest.mark.parametrize("radius", [0, 4, 8, 16])
def test_many_parts_and_hashes_that_come_again(hashes: Hashes, radius: int) -> None:
    rng = np.random.default_rng(radius)
    several = rng.choice(hashes(rng, 300), 500)
    with small_parts():
        assert found(several, radius) == brute(several, radius)


@given(FEW, st.integers(0, 6), st.integers(0, 40))
def test_later_hashes_add_pairs_at_the_end(hashes: np.ndarray, radius: int, cut: int) -> None:
    fewer = found(hashes[:cut], radius)
    assert found(hashes, radius)[: len(fewer)] == fewer


@given(FEW, st.integers(0, 6), st.randoms(use_true_random=False))
def test_the_order_of_arrival_names_the_pairs_and_no_more(
    hashes: np.ndarray, radius: int, random: object
) -> None:
    order = list(range(len(hashes)))
    random.shuffle(order)  # type: ignore[attr-defined]
    moved = {frozenset((order[j], order[i])): d for j, i, d in found(hashes[order], radius)}
    assert moved == {frozenset((j, i)): d for j, i, d in found(hashes, radius)}


@given(FEW, FEW, st.integers(0, 6))
def test_pairs_between_two_sets(known: np.ndarray, new: np.ndarray, radius: int) -> None:
    with small_parts():
        batches = list(search.between(known, new, radius))
    pairs = [pair for a, b in batches for pair in zip(a.tolist(), b.tolist(), strict=True)]
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == near_pairs(known, new, radius)


@pytest.mark.parametrize("hashes", HARD)
def test_two_large_sets(hashes: Hashes) -> None:
    rng = np.random.default_rng(0)
    known, new = hashes(rng, 900), hashes(rng, 300)
    pairs = [
        pair
        for a, b in search.between(known, new, 8)
        for pair in zip(a.tolist(), b.tolist(), strict=True)
    ]
    assert sorted(pairs) == sorted(near_pairs(known, new, 8))


def test_the_same_hash_many_times_is_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def self_join(values: np.ndarray, radius: int) -> Iterator[Pairs]:
        compared.append(len(values))
        yield from ()

    monkeypatch.setattr(search, "self_join", self_join)
    i, j, d = listed(np.full(1000, 5, dtype=np.uint64), 4)
    assert compared == [1]
    assert len(i) == 1000 * 999 // 2
    assert (i < j).all()
    assert not d.any()


def test_no_batch_is_long_however_often_a_hash_comes() -> None:
    hashes = np.repeat(np.array([0, 1, 2**40], dtype=np.uint64), 200)  # 0 is near both others
    with small_parts():
        for pairs, count in (
            (list(search.within(hashes, 1)), 3 * (200 * 199 // 2) + 2 * 200 * 200),
            (list(search.between(hashes, hashes[:300], 1)), 600 * 200 + 400 * 100),
        ):
            assert sum(len(a) for a, _ in pairs) == count
            assert max(len(a) for a, _ in pairs) <= 64


def test_hashes_from_a_table_that_cannot_be_written_to() -> None:
    hashes = clustered(np.random.default_rng(0), 300)
    truth = brute(hashes, 4)
    hashes.setflags(write=False)
    assert found(hashes, 4) == truth
