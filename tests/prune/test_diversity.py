"""Measures of variety beside closed forms and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist, pdist

from argus.features import vectors
from argus.features.vectors import Vectors
from stages.prune import diversity
from stages.prune.diversity import FLOOR


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks so small that even these sets have several."""
    monkeypatch.setattr(vectors, "BLOCK", 7)
    monkeypatch.setattr(diversity, "CENTRES", 3)


def unit(n: int, dimensions: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(n, dimensions)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def vendi(rows: np.ndarray) -> float:
    return diversity.vendi_score(diversity.spectrum(Vectors(rows)))


def log_determinant(rows: np.ndarray) -> float:
    return diversity.log_determinant(diversity.spectrum(Vectors(rows)))


def test_vendi_in_closed_form() -> None:
    assert vendi(np.eye(7)) == pytest.approx(7)
    assert vendi(np.ones((9, 4))) == pytest.approx(1)
    assert vendi(np.repeat(np.eye(3), 5, axis=0)) == pytest.approx(3)
    # two directions with shares p and 1 - p: exp of their entropy
    p = 0.25
    expected = np.exp(-p * np.log(p) - (1 - p) * np.log(1 - p))
    assert vendi(np.eye(2)[[0, 1, 1, 1]]) == pytest.approx(expected)


def test_log_determinant_in_closed_form() -> None:
    assert log_determinant(np.ones((9, 4))) == pytest.approx(np.log1p(1 / FLOOR))
    assert log_determinant(np.eye(6)) == pytest.approx(6 * np.log1p(1 / (6 * FLOOR)))


@pytest.mark.parametrize(("n", "dimensions"), [(10, 30), (30, 10)])
def test_the_spectrum_is_that_of_the_whole_kernel(n: int, dimensions: int) -> None:
    rows = unit(n, dimensions)
    kernel = rows.astype(np.float64) @ rows.astype(np.float64).T
    expected = np.linalg.eigvalsh(kernel / n)
    found = diversity.spectrum(Vectors(rows))
    assert found.sum() == pytest.approx(1)
    np.testing.assert_allclose(found[-10:], expected[-10:], atol=1e-6)
    _, whole = np.linalg.slogdet(np.eye(n) + kernel / (n * FLOOR))
    assert diversity.log_determinant(found) == pytest.approx(whole, rel=1e-4)


def test_repeating_every_image_changes_neither_score() -> None:
    rows = unit(12, 5)
    assert vendi(np.tile(rows, (3, 1))) == pytest.approx(vendi(rows), rel=1e-5)
    assert log_determinant(np.tile(rows, (3, 1))) == pytest.approx(log_determinant(rows), rel=1e-5)


@given(
    arrays(np.float32, (23, 4), elements=st.sampled_from([-1, -0.5, 0.25, 1, 2])),
    st.sets(st.integers(0, 22), min_size=1),
)
def test_distances_are_those_of_scipy(rows: np.ndarray, chosen: set[int]) -> None:
    kept = np.isin(np.arange(23), list(chosen))
    scaled = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    radius = diversity.coverage_radius(Vectors(rows), kept)
    # a distance of 0 comes out as the root of a rounding error
    assert radius == pytest.approx(cdist(scaled, scaled[kept]).min(axis=1).max(), abs=1e-3)
    smallest = pdist(scaled[kept]).min(initial=2) if len(chosen) > 1 else 0
    assert diversity.min_distance(Vectors(rows[kept])) == pytest.approx(smallest, abs=1e-3)


def test_who_keeps_all_covers_all() -> None:
    assert diversity.coverage_radius(Vectors(unit(20, 3)), np.ones(20, dtype=bool)) == 0


def test_class_entropy_in_closed_form() -> None:
    assert diversity.class_entropy([5, 5, 5, 5]) == pytest.approx(2)
    assert diversity.class_entropy([7, 0]) == 0
    assert diversity.class_entropy([3, 1]) == pytest.approx(2 - 0.75 * np.log2(3))
