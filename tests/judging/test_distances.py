from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from argus.judging import distances
from argus.judging.distances import blocks, by_content, fewest_outside, kth_nearest, nearest

SETS = {"seed": st.integers(0, 2**16), "n": st.integers(1, 30), "m": st.integers(1, 30)}


def joined(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    found = np.full((len(a), len(b)), np.nan)
    for rows, apart in blocks(a, b):
        found[rows] = apart
    return found


@given(**SETS, far=st.floats(-1e3, 1e3), held=st.integers(1, 200))
def test_distances_are_those_of_scipy_however_few_are_held(
    seed: int, n: int, m: int, far: float, held: int
) -> None:
    rng = np.random.default_rng(seed)
    a, b = (rng.normal(size=(k, 7)).astype(np.float32) + np.float32(far) for k in (n, m))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distances, "BLOCK", held)
        found = joined(a, b)
    assert np.allclose(found, cdist(a.astype(float), b.astype(float)), rtol=1e-6, atol=1e-9)


@given(**SETS)
def test_equal_vectors_are_exactly_0_apart_and_nearly_equal_ones_are_told_apart(
    seed: int, n: int, m: int
) -> None:
    rng = np.random.default_rng(seed)
    b = 100 + rng.normal(size=(m, 600))
    rows = rng.integers(0, m, n)
    near = nearest(b[rows], b)
    assert np.array_equal(near.row, rows)
    assert (near.distance == 0).all()
    moved = b[rows].copy()
    moved[:, 0] += 1e-5
    assert nearest(moved, b).distance == pytest.approx(1e-5, rel=1e-3)


def test_of_equally_near_ones_the_first_is_taken() -> None:
    found = nearest(np.array([[0.0], [5.0]]), np.array([[1.0], [-1.0], [5.0], [5.0]]))
    assert found.row.tolist() == [0, 2]
    assert found.distance.tolist() == [1, 0]


def test_kth_nearest_by_hand() -> None:
    points = np.array([[0.0], [1.0], [3.0], [7.0], [7.5]])
    assert kth_nearest(points, 1, list("abcde")).tolist() == [1, 1, 2, 0.5, 0.5]
    assert kth_nearest(points, 2, list("abcde")).tolist() == [3, 2, 3, 4, 4.5]
    # of another drive alone
    assert kth_nearest(points, 1, list("aabcc")).tolist() == [3, 2, 2, 4, 4.5]


def test_how_many_are_outside_of_a_unit_at_least() -> None:
    assert fewest_outside(list("abbbc")) == 2
    assert fewest_outside(list("aaa")) == 0
    assert fewest_outside([]) == 0


def test_results_are_kept_by_what_arrays_hold() -> None:
    asked = []

    @by_content(2)
    def total(values: np.ndarray, names: tuple[str, ...]) -> float:
        asked.append(names)
        return float(values.sum())

    values = np.arange(6.0)
    assert total(values, ("a", "b")) == total(values.copy(), ["a", "b"]) == 15
    assert len(asked) == 1
    values[0] = 5  # the very array, but other values
    assert total(values, ("a", "b")) == 20
    total(values.reshape(2, 3), ("a", "b"))
    total(values.astype(np.float32), ("a", "b"))
    total(values[::-1], ("a", "b"))  # not in one piece
    assert len(asked) == 5
    assert total(values, ("ab",)) == 20
    assert len(asked) == 6
