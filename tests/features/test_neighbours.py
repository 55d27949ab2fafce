"""Pairs by features: all that brute force finds, however the images are cut into blocks."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.spatial.distance import cdist

from argus.features import neighbours
from argus.features.neighbours import FeatureNeighbours
from argus.features.vectors import Vectors

Cut = dict[str, int | float]

CUTS: list[Cut] = [
    {},
    {"ROWS": 7, "COLUMNS": 11, "PAIRS": 3},
    {"ROWS": 16, "COLUMNS": 5, "COMPONENTS": 2, "DENSE": 0.0},
    {"COMPONENTS": 1, "DENSE": 2.0},
]


@pytest.fixture(params=CUTS, ids=["as it is", "small blocks", "dense", "one component"])
def cut(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in request.param.items():
        monkeypatch.setattr(neighbours, name, value)


RULE = (0.2, 0.5, 4)  # distance, further, radius


def crowd(n: int, seed: int) -> np.ndarray:
    """Images around a few centres, of any length: float32 [n, 24]."""
    rng = np.random.default_rng(seed)
    centres = rng.random((8, 24))
    near = centres[rng.integers(0, 8, n)] + rng.normal(0, 0.08, (n, 24))
    found: np.ndarray = (near * rng.uniform(0.5, 9, (n, 1))).astype(np.float32)
    return found


def some_hashes(n: int, seed: int) -> pl.Series:
    bits = np.random.default_rng(seed).integers(0, 2**12, n).tolist()
    return pl.Series([b if k % 5 else None for k, b in enumerate(bits)], dtype=pl.UInt64)


def alike_by(matrix: np.ndarray, hashes: pl.Series) -> np.ndarray:
    """Which images are alike by `RULE`, by comparing all: bool [n, n]."""
    distance, further, radius = RULE
    bits, hashed = hashes.fill_null(0).to_numpy(), hashes.is_not_null().to_numpy()
    near = np.bitwise_count(bits[:, None] ^ bits) <= radius
    near &= hashed & hashed[:, None] & (apart(matrix) <= further)
    found: np.ndarray = near | (apart(matrix) <= distance)
    return found


def apart(matrix: np.ndarray) -> np.ndarray:
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    found: np.ndarray = cdist(unit, unit)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_all_pairs_of_different_groups_are_found_and_no_others(seed: int, cut: None) -> None:
    matrix, hashes = crowd(90, seed), some_hashes(90, seed)
    group = np.random.default_rng(seed).integers(0, 12, 90)
    found = {
        (int(i), int(j))
        for a, b in FeatureNeighbours(Vectors(matrix), hashes, *RULE).across(group)
        for i, j in zip(a, b, strict=True)
    }
    near = alike_by(matrix, hashes) & (group[:, None] != group)
    wanted = set(zip(*(each.tolist() for each in np.nonzero(np.triu(near, 1))), strict=True))
    assert found == wanted
    assert len(wanted) > 20


def one_by_one(near: np.ndarray) -> list[int]:
    """Leaders as the definition says."""
    lead: list[int] = []
    for row in range(len(near)):
        leading = (other for other in range(row) if lead[other] == other and near[row, other])
        lead.append(next(leading, row))
    return lead


@pytest.mark.parametrize("seed", range(3))
def test_leaders_are_those_of_going_through_the_images_one_by_one(seed: int, cut: None) -> None:
    matrix, hashes = crowd(90, seed), some_hashes(90, seed)
    near = alike_by(matrix, hashes)
    found = FeatureNeighbours(Vectors(matrix), hashes, *RULE).leaders()
    assert found.tolist() == one_by_one(near)
    assert 5 < len(set(found.tolist())) < 60
    # what comes later changes nothing
    part = FeatureNeighbours(Vectors(matrix[:40]), hashes[:40], *RULE).leaders()
    assert part.tolist() == found[:40].tolist()


def test_a_vector_of_zeros_is_like_no_other() -> None:
    zeros = FeatureNeighbours(
        Vectors(np.zeros((3, 5), np.float32)), pl.Series([7] * 3, dtype=pl.UInt64), *RULE
    )
    assert all(len(i) == 0 for i, _ in zeros.across(np.arange(3)))


def test_no_images() -> None:
    none = FeatureNeighbours(
        Vectors(np.zeros((0, 5), np.float32)), pl.Series([], dtype=pl.UInt64), *RULE
    )
    assert list(none.across(np.arange(0))) == []
    assert none.leaders().tolist() == []
