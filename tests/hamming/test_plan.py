import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus.hamming.plan import BITS, Table, cut, information, plan, tables
from tests.dedupe.hard import HARD, Hashes, random_bits, small_parts, uniform

WEIGHTS = st.lists(st.sampled_from([0.0, 0.01, 0.3, 1.0]), min_size=BITS, max_size=BITS)
HASH = st.integers(0, 2**64 - 1)


def meet(table: Table, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Which pairs of arranged values agree on the table's bits."""
    differ = a ^ b
    return np.array([int(d) >> (BITS - table.agreed) == 0 for d in differ])


@given(WEIGHTS, st.integers(0, 12), st.integers(0, 3), HASH, st.data())
def test_a_pair_within_the_radius_is_owned_by_exactly_one_table(
    weights: list[float], radius: int, agreed: int, value: int, data: st.DataObject
) -> None:
    turned = data.draw(st.sets(st.integers(0, BITS - 1), max_size=radius))
    a = np.array([value], dtype=np.uint64)
    b = a ^ np.uint64(sum(1 << bit for bit in turned))
    owners = 0
    for table in tables(cut(np.array(weights), radius + agreed), agreed):
        there, here = table.arrange(a), table.arrange(b)
        owners += (meet(table, there, here) & table.owned(there, here)).sum()
    assert owners == 1


@given(WEIGHTS, st.integers(0, 6), st.integers(0, 3), st.lists(HASH, min_size=1))
def test_to_arrange_is_to_move_bits_about(
    weights: list[float], radius: int, agreed: int, values: list[int]
) -> None:
    hashes = np.array(values, dtype=np.uint64)
    for table in tables(cut(np.array(weights), radius + agreed), agreed):
        with small_parts():
            arranged = table.arrange(hashes)
            assert (table.restore(arranged) == hashes).all()
        assert (np.bitwise_count(arranged) == np.bitwise_count(hashes)).all()


@given(st.lists(st.integers(0, 2**6 - 1), min_size=2, max_size=6))
def test_a_run_is_left_only_if_all_its_pairs_are(values: list[int]) -> None:
    # all bits but six are the same, so that runs are often left
    for table in tables(cut(np.ones(BITS), 5), 2):
        run = table.arrange(np.array(values, dtype=np.uint64) << np.uint64(20))
        i, j = np.triu_indices(len(run), k=1)
        if table.leaves(run):
            assert not table.owned(run[i], run[j]).any()
        assert table.leaves(run[:2]) == (not table.owned(run[:1], run[1:2]))


def test_how_much_a_bit_tells() -> None:
    # the lowest is 1 in half of all, the next in a quarter, the others never
    told = information(np.array([0, 1, 2, 1], dtype=np.uint64))
    assert told[0] == pytest.approx(1)
    assert told[1] == pytest.approx(-np.log2(1 / 16 + 9 / 16))
    assert not told[2:].any()


@given(WEIGHTS, st.integers(1, 64))
def test_blocks_cover_all_bits_and_each_has_weight(weights: list[float], blocks: int) -> None:
    weight = np.array(weights)
    ranges = cut(weight, blocks)
    assert [bit for start, end in ranges for bit in range(start, end)] == list(range(BITS))
    if blocks <= weight.sum() * (1 - 1e-9):
        assert all(weight[start:end].sum() > 0 for start, end in ranges)


def test_blocks_have_about_the_same_weight() -> None:
    weight = np.r_[np.zeros(10), np.ones(24), np.full(30, 0.2)]
    shares = [weight[start:end].sum() for start, end in cut(weight, 5)]
    assert max(shares) - min(shares) <= 1.01


def test_more_hashes_agree_on_more_bits() -> None:
    rng = np.random.default_rng(0)
    agreed = [
        {table.agreed for table in plan(uniform(rng, n), 4).tables} for n in (100, 10_000, 10**6)
    ]
    assert agreed == [{0}, {12, 13}, {20, 21, 22}]  # all with all; one block of five; two of six


def test_bits_that_are_always_the_same_carry_no_block() -> None:
    # 24 fair bits on top of 40 that never change: equal blocks of bits would leave most hashes
    # together in every table
    rng = np.random.default_rng(0)
    hashes = np.unique(random_bits(rng, 50_000, np.r_[np.ones(40), np.full(24, 0.5)]))
    for table in plan(hashes, 4).tables:
        agreed = table.arrange(hashes) >> np.uint64(BITS - table.agreed)
        _, counts = np.unique(agreed, return_counts=True)
        assert counts.max() < len(hashes) / 8


@pytest.mark.parametrize("hashes", HARD)
@pytest.mark.parametrize("against", [None, 0, 1, 10**6])
def test_the_plan_of_two_hashes(hashes: Hashes, against: int | None) -> None:
    few = np.unique(hashes(np.random.default_rng(0), 2))
    assert [table.agreed for table in plan(few, 16, against).tables] == [0]
