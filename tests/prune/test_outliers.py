"""Which images have no neighbour."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.spatial.distance import cdist

from argus.core.errors import ArgusError
from argus.features.vectors import Vectors
from stages.prune import outliers as module
from stages.prune.outliers import NORMAL, excluded, isolated, limit, usual_distances


def nearest_other(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    apart = cdist(unit, unit)
    np.fill_diagonal(apart, np.inf)
    return apart.min(axis=1), apart.argmin(axis=1)


def crowd(n: int = 200, strangers: int = 3) -> np.ndarray:
    """Many directions close together, and the last few each on an axis of its own."""
    rows = np.random.default_rng(0).normal(size=(n, 8 + strangers)) * 0.05
    rows[:, :8] += 1
    for number in range(1, strangers + 1):
        rows[-number, :8], rows[-number, -number] = 0.1 * number, 3
    return rows.astype(np.float32)


@pytest.mark.parametrize("block", [4, 16, 4096])
def test_those_without_a_neighbour_are_found_with_their_nearest(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK", block)
    rows = crowd()
    distance, other = nearest_other(rows)
    chosen = np.arange(100, 200)
    beyond = float(np.median(distance[chosen])) + 1e-3  # on none of the distances
    found, apart, nearest = isolated(Vectors(rows), chosen, beyond)
    expected = chosen[distance[chosen] > beyond]
    assert set(found) == set(expected)
    assert (np.diff(apart) <= 0).all()
    assert set(found[:3]) == {197, 198, 199}
    np.testing.assert_allclose(apart, distance[found], atol=1e-3)
    assert (nearest == other[found]).all()


def test_a_copy_is_a_neighbour() -> None:
    rows = crowd()
    rows[0] = rows[199]
    found, _, _ = isolated(Vectors(rows), np.arange(200), 0.5)
    assert set(found) == {197, 198}


def test_the_limit_is_robust_deviations_above_the_median() -> None:
    rows = crowd()
    distance, _ = nearest_other(rows)
    middle = np.median(distance)
    deviation = NORMAL * np.median(np.abs(distance - middle))
    assert limit(usual_distances(Vectors(rows), seed=0), 2.5) == pytest.approx(
        middle + 2.5 * deviation, abs=1e-4
    )
    # however far the strangers are: with the standard deviation they would hide themselves
    assert limit(usual_distances(Vectors(rows), seed=0), 2.5) < 0.5 < distance[-3:].min()


def test_a_sample_tells_the_limit_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = crowd(1500, strangers=0)
    whole = limit(usual_distances(Vectors(rows), seed=0), 2.5)
    monkeypatch.setattr(module, "SAMPLE", 300)
    assert limit(usual_distances(Vectors(rows), seed=0), 2.5) == pytest.approx(whole, rel=0.1)


def test_one_image_alone_is_not_isolated() -> None:
    rows = crowd()[:1]
    beyond = limit(usual_distances(Vectors(rows), seed=0), 2.5)
    assert len(isolated(Vectors(rows), np.array([0]), beyond)[0]) == 0


IDS = pl.Series(["aa11" + "0" * 60, "aa12" + "0" * 60, "bb11" + "0" * 60])


def test_an_image_is_named_by_its_id_or_how_that_begins() -> None:
    assert excluded(IDS, []).tolist() == [False] * 3
    assert excluded(IDS, ["bb"]).tolist() == [False, False, True]
    assert excluded(IDS, ["aa12", IDS[0]]).tolist() == [True, True, False]


@pytest.mark.parametrize(("entry", "why"), [("cc", "no candidate"), ("aa", "several candidates")])
def test_an_entry_without_effect_or_with_too_much_is_an_error(entry: str, why: str) -> None:
    with pytest.raises(ArgusError, match=f"'{entry}'.*{why}"):
        excluded(IDS, ["bb11", entry])
