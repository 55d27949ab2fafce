from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus.hamming import join
from argus.hamming.join import Pairs, build_tables, cross_join, self_join, spread
from argus.hamming.plan import plan
from tests.dedupe.hard import HARD, Hashes, clustered, near_pairs, one_bucket, small_parts, uniform


def rows(batches: Iterable[Pairs], a: np.ndarray, b: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of values as rows of two sorted arrays, in order."""
    found: list[tuple[int, int]] = []
    for left, right in batches:
        i, j = np.searchsorted(a, left), np.searchsorted(b, right)
        assert (a[i] == left).all()
        assert (b[j] == right).all()
        found += zip(i.tolist(), j.tolist(), strict=True)
    return sorted(found)


def within(values: np.ndarray, radius: int) -> list[tuple[int, int]]:
    return sorted(
        (min(i, j), max(i, j)) for i, j in rows(self_join(values, radius), values, values)
    )


def expected(values: np.ndarray, radius: int) -> list[tuple[int, int]]:
    return sorted((i, j) for i, j in near_pairs(values, values, radius) if i < j)


@pytest.mark.parametrize("hashes", HARD)
@pytest.mark.parametrize("radius", [0, 1, 4, 7, 10, 16])
def test_all_pairs_each_once(hashes: Hashes, radius: int) -> None:
    values = np.unique(hashes(np.random.default_rng(radius), 400))
    truth = expected(values, radius)
    assert within(values, radius) == truth
    with small_parts():
        assert within(values, radius) == truth


@pytest.mark.parametrize("long", [2, 30, 4096])
@pytest.mark.parametrize("hashes", HARD)
def test_runs_of_any_length(hashes: Hashes, long: int) -> None:
    values = np.unique(hashes(np.random.default_rng(0), 400))
    with small_parts(long):
        assert within(values, 4) == expected(values, 4)


@given(st.sets(st.integers(0, 2**64 - 1), max_size=20), st.integers(0, 20))
def test_few_hashes(values: set[int], radius: int) -> None:
    hashes = np.sort(np.array(list(values), dtype=np.uint64))
    with small_parts():
        assert within(hashes, radius) == expected(hashes, radius)


@settings(max_examples=50)
@given(
    st.sets(st.integers(0, 2**10 - 1), min_size=2, max_size=80),
    st.lists(st.integers(0, 53), min_size=10, max_size=10, unique=True),
    st.integers(0, 3),
)
def test_hashes_in_a_few_bits(values: set[int], places: list[int], radius: int) -> None:
    # ten bits somewhere among 64 that are the same for all: crowded runs within crowded runs
    bits = np.array([[value >> k & 1 for k in range(10)] for value in values], dtype=np.uint64)
    hashes = np.sort((bits << np.array(places, dtype=np.uint64)).sum(axis=1, dtype=np.uint64))
    with small_parts(long=2):
        assert within(hashes, radius) == expected(hashes, radius)


@pytest.mark.parametrize("hashes", [clustered, one_bucket])
def test_the_order_of_the_hashes_is_no_matter(hashes: Hashes) -> None:
    rng = np.random.default_rng(0)
    values = np.unique(hashes(rng, 3000))
    pairs = {
        frozenset(pair) for pair in rows(self_join(rng.permutation(values), 5), values, values)
    }
    assert pairs == {frozenset(pair) for pair in within(values, 5)}
    assert pairs


def test_a_plan_made_for_many_finds_what_comparing_all_finds() -> None:
    # as many as need tables without being made to, compared row by row in numpy
    values = np.unique(clustered(np.random.default_rng(0), 6000))
    assert plan(values, 4).tables[0].agreed > 0
    truth = [
        (i, int(j) + i + 1)
        for i in range(len(values))
        for j in np.flatnonzero(np.bitwise_count(values[i + 1 :] ^ values[i]) <= 4)
    ]
    assert len(truth) > 1000
    assert within(values, 4) == truth


@pytest.mark.parametrize("hashes", HARD)
@pytest.mark.parametrize("radius", [0, 4, 10])
@pytest.mark.parametrize("long", [4, 4096])
def test_the_join_finds_all_pairs_query_after_query(hashes: Hashes, radius: int, long: int) -> None:
    rng = np.random.default_rng(radius)
    values = hashes(rng, 300)
    known = np.unique(values[:250])
    with small_parts(long):
        at_hand = list(build_tables(known, radius, new=100))
        for new in (np.unique(values[220:]), np.unique(values[270:]), known[:1], known[:0]):
            truth = sorted(near_pairs(known, new, radius))
            assert rows(cross_join(at_hand, new, radius), known, new) == truth


def test_nothing_known_and_nothing_new() -> None:
    some, none = np.arange(5, dtype=np.uint64), np.empty(0, dtype=np.uint64)
    assert not list(build_tables(none, 4, new=5))
    assert not list(cross_join(build_tables(none, 4, new=5), some, 4))
    assert not list(cross_join(build_tables(some, 4, new=0), none, 4))
    assert not list(self_join(none, 4))
    assert not list(self_join(some[:1], 4))


@pytest.mark.parametrize("hashes", HARD)
def test_tables_for_more_new_than_known(hashes: Hashes) -> None:
    rng = np.random.default_rng(1)
    known, new = np.unique(hashes(rng, 3)), np.unique(hashes(rng, 800))
    with small_parts():
        found = rows(cross_join(build_tables(known, 6, len(new)), new, 6), known, new)
        assert found == sorted(near_pairs(known, new, 6))


def test_pairs_come_in_bounded_batches() -> None:
    values = np.arange(512, dtype=np.uint64)  # all of them within 9 bits of each other
    with small_parts():
        batches = list(self_join(values, 9))
        assert sum(len(a) for a, _ in batches) == 512 * 511 // 2
        assert max(len(a) for a, _ in batches) <= 100 + len(values)
        batches = list(cross_join(build_tables(values, 9, 512), values, 9))
        assert sum(len(a) for a, _ in batches) == 512**2
        assert max(len(a) for a, _ in batches) < 100 + 64


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 30)), max_size=20))
def test_numbers_spread_in_batches(ranges: list[tuple[int, int]]) -> None:
    first = np.array([start for start, _ in ranges], dtype=np.int64)
    count = np.array([length for _, length in ranges], dtype=np.int64)
    with small_parts():
        batches = list(spread(first, count))
    assert all(len(which) == 64 for which, _ in batches[:-1])
    found = [pair for which, number in batches for pair in zip(which, number, strict=True)]
    assert found == [
        (k, start + step) for k, (start, length) in enumerate(ranges) for step in range(length)
    ]


def test_a_bar_is_shown_for_many(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = np.unique(uniform(np.random.default_rng(0), 50))
    list(self_join(values, 4))
    assert not capsys.readouterr().err
    monkeypatch.setattr(join, "MANY", 10)
    list(self_join(values, 4))
    assert "pairs within 4 bits: 1/1 tables" in capsys.readouterr().err
