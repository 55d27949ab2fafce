"""The lazy greedy choice beside the plain one, and what either promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from argus.core.errors import ArgusError
from argus.features import vectors
from argus.features.vectors import Vectors
from stages.prune import coreset
from stages.prune.coreset import DPP, K_CENTRE, RIDGE, Rule

RULES = pytest.mark.parametrize("rule", [K_CENTRE, DPP], ids=["k_centre", "dpp"])
# unit vectors whose products are exact in floating point, and the zero vector: ties are true ties
HALVES = np.array(np.meshgrid(*[[0.5, -0.5]] * 4)).reshape(4, 16).T
EXACT = np.array([*np.eye(4), *-np.eye(4), *HALVES, np.zeros(4)], dtype=np.float32)


@contextmanager
def small_portions() -> Iterator[None]:
    """Pools, blocks and portions so small that a few rows already go through many of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coreset, "POOL", (3, 3))
        patch.setattr(coreset, "PROBES", 2)
        patch.setattr(vectors, "BLOCK", 5)
        yield


def gaussian(n: int, dimensions: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(n, dimensions)).astype(np.float32)
    rows[n // 2] = rows[0]  # a duplicate
    return rows


def blobs(centres: int, each: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    middle = rng.normal(size=(centres, 16)) * 20
    member = np.repeat(np.arange(centres), each)
    return (middle[member] + rng.normal(size=(len(member), 16))).astype(np.float32), member


def kernel(rows: np.ndarray) -> np.ndarray:
    """Cosines, and 1 on the diagonal even for a vector of zeros."""
    unit = rows.astype(np.float64)
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12)
    cosines: np.ndarray = unit @ unit.T
    np.fill_diagonal(cosines, 1)
    return cosines


def plain_k_centre(rows: np.ndarray, k: int, first: int) -> list[int]:
    """Gonzalez: the row furthest from those taken, the first of equals, again and again."""
    squares = 2 - 2 * kernel(rows)
    taken = [first]
    while len(taken) < k:
        nearest = squares[taken].min(axis=0)
        nearest[taken] = -1
        taken.append(int(nearest.argmax()))
    return taken


def largest_volume(rows: np.ndarray, taken: list[int]) -> np.ndarray:
    """log det of the kernel of what is taken and each other row in turn; -inf for those taken."""
    ridged = kernel(rows) + RIDGE * np.eye(len(rows))
    found = np.full(len(rows), -np.inf)
    for row in set(range(len(rows))) - set(taken):
        which = np.ix_([*taken, row], [*taken, row])
        found[row] = np.linalg.slogdet(ridged[which])[1]
    return found


@given(st.lists(st.integers(0, len(EXACT) - 1), min_size=1, max_size=40), st.integers(0, 40))
def test_lazy_k_centre_takes_exactly_what_the_plain_one_takes(numbers: list[int], k: int) -> None:
    rows, k = EXACT[numbers], min(k, len(numbers))
    with small_portions():
        taken = coreset.greedy(Vectors(rows), k, K_CENTRE).tolist()
    assert taken == (plain_k_centre(rows, k, taken[0]) if k else [])


@pytest.mark.parametrize("portions", [small_portions, pytest.MonkeyPatch.context])
def test_lazy_k_centre_takes_what_the_plain_one_takes_of_many(portions: Callable) -> None:
    rows = np.r_[blobs(30, 20)[0], gaussian(300, 16, seed=1) * 8]
    with portions():
        taken = coreset.greedy(Vectors(rows), 150, K_CENTRE).tolist()
    assert taken == plain_k_centre(rows, 150, taken[0])


@settings(max_examples=30)
@given(st.lists(st.integers(0, len(EXACT) - 1), min_size=1, max_size=14))
def test_each_choice_of_the_dpp_has_the_largest_determinant(numbers: list[int]) -> None:
    rows = EXACT[numbers]
    with small_portions():
        taken = coreset.greedy(Vectors(rows), len(rows), DPP).tolist()
    for count in range(1, len(rows)):
        volumes = largest_volume(rows, taken[:count])
        assert volumes[taken[count]] == pytest.approx(volumes.max(), abs=1e-3)


def test_the_dpp_takes_what_exhaustive_determinants_say() -> None:
    rows = gaussian(60, 8, seed=3)
    with small_portions():
        taken = coreset.greedy(Vectors(rows), 20, DPP).tolist()
    for count in range(1, 20):
        assert largest_volume(rows, taken[:count]).argmax() == taken[count]


@RULES
def test_the_first_is_the_most_typical(rule: Rule) -> None:
    rows = gaussian(50, 6, seed=5) + 1
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    assert coreset.greedy(Vectors(rows), 1, rule).tolist() == [(unit @ unit.mean(axis=0)).argmax()]


@pytest.mark.parametrize("k", [1, 3, 6])
@pytest.mark.parametrize("seed", range(3))
def test_k_centre_covers_within_twice_the_best(k: int, seed: int) -> None:
    rows = gaussian(14, 3, seed)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    apart = cdist(rows, rows)
    best = min(apart[:, list(some)].min(axis=1).max() for some in combinations(range(14), k))
    taken = coreset.greedy(Vectors(rows), k, K_CENTRE)
    assert apart[:, taken].min(axis=1).max() <= 2 * best + 1e-6


def test_rare_clusters_are_kept() -> None:
    common, member = blobs(40, 100)
    rare, _ = blobs(3, 2, seed=9)
    rows, member = np.r_[common, rare], np.r_[member, [40, 40, 41, 41, 42, 42]]
    with small_portions():
        taken = coreset.greedy(Vectors(rows), 43, K_CENTRE)
    assert set(member[taken]) == set(range(43))


@RULES
def test_all_and_none(rule: Rule) -> None:
    rows = gaussian(30, 4, seed=2)
    with small_portions():
        assert sorted(coreset.greedy(Vectors(rows), 30, rule)) == list(range(30))
    assert len(coreset.greedy(Vectors(rows), 0, rule)) == 0


@RULES
def test_equal_vectors_are_taken_once_each_in_order(rule: Rule) -> None:
    with small_portions():
        taken = coreset.greedy(Vectors(np.ones((11, 4), dtype=np.float32)), 9, rule)
    assert taken.tolist() == list(range(9))


@RULES
def test_lengths_do_not_matter(rule: Rule) -> None:
    rows = gaussian(40, 5, seed=4)
    longer = rows * 2.0 ** np.random.default_rng(0).integers(-3, 4, (40, 1)).astype(np.float32)
    taken = coreset.greedy(Vectors(rows), 20, rule)
    assert (coreset.greedy(Vectors(longer), 20, rule) == taken).all()


def test_a_vector_that_is_not_finite_is_refused() -> None:
    rows = gaussian(20, 4, seed=0)
    rows[7, 2] = np.nan
    with pytest.raises(ArgusError, match="not finite"):
        coreset.greedy(Vectors(rows), 5, K_CENTRE)


def test_progress_counts_every_choice() -> None:
    told: list[int] = []
    with small_portions():
        coreset.greedy(Vectors(gaussian(50, 4, seed=0)), 25, K_CENTRE, told.append)
    assert sum(told) == 25
    assert len(told) > 2


@RULES
def test_each_class_keeps_its_quota_of_its_own_most_distinct(rule: Rule) -> None:
    rows, member = blobs(4, 20)
    labels = np.where(member < 3, "day", "night")
    kept = coreset.distinct(Vectors(rows), labels.tolist(), {"day": 5, "night": 2}, rule)
    day = np.flatnonzero(labels == "day")
    assert set(np.flatnonzero(kept & (labels == "day"))) == set(
        day[coreset.greedy(Vectors(rows[day]), 5, rule)]
    )
    assert (kept & (labels == "night")).sum() == 2


def test_vectors_are_read_in_blocks_of_unit_length() -> None:
    rows = gaussian(13, 3, seed=0)
    rows[4] = 0
    with small_portions():
        blocks = list(Vectors(rows, np.arange(12, -1, -1)).blocks())
    assert [len(block) for _, block in blocks] == [5, 5, 3]
    together = np.concatenate([block for _, block in blocks])[::-1]
    lengths = np.linalg.norm(rows, axis=1)
    expected = rows / np.where(lengths > 0, lengths, 1)[:, None]
    np.testing.assert_allclose(together, expected, atol=1e-6)


@given(st.integers(1, 30), st.integers(1, 30), st.lists(st.integers(-2, 2), min_size=30))
def test_the_pool_is_the_first_of_the_highest(n: int, size: int, values: list[int]) -> None:
    bound = np.array(values[:n], dtype=np.float32)
    pool, rest, rival = coreset._highest(bound, size)
    ranked = np.argsort(-bound, kind="stable")
    assert pool.tolist() == sorted(ranked[:size])
    others = ranked[size:]
    assert (rest, rival) == ((bound[others[0]], others[0]) if len(others) else (-np.inf, n))
