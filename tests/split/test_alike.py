"""Pairs by features: all that brute force finds, however the pictures are cut into blocks."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.spatial.distance import cdist

from stages.common.vectors import Vectors
from stages.split import alike
from stages.split.alike import Alike

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
        monkeypatch.setattr(alike, name, value)


def crowd(n: int, seed: int) -> np.ndarray:
    """Pictures around a few centres, of any length: float32 [n, 24]."""
    rng = np.random.default_rng(seed)
    centres = rng.random((8, 24))
    near = centres[rng.integers(0, 8, n)] + rng.normal(0, 0.08, (n, 24))
    found: np.ndarray = (near * rng.uniform(0.5, 9, (n, 1))).astype(np.float32)
    return found


def apart(matrix: np.ndarray) -> np.ndarray:
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    found: np.ndarray = cdist(unit, unit)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_all_pairs_of_different_groups_are_found_and_no_others(seed: int, cut: None) -> None:
    matrix, group = crowd(90, seed), np.random.default_rng(seed).integers(0, 12, 90)
    found = {
        (int(i), int(j))
        for a, b in Alike(Vectors(matrix)).across(group, 0.3)
        for i, j in zip(a, b, strict=True)
    }
    near = (apart(matrix) <= 0.3) & (group[:, None] != group)
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
def test_leaders_are_those_of_going_through_the_pictures_one_by_one(seed: int, cut: None) -> None:
    rng = np.random.default_rng(seed)
    matrix = crowd(90, seed)
    bits = rng.integers(0, 2**12, 90).astype(np.uint64)
    hashes = pl.Series([int(b) if k % 5 else None for k, b in enumerate(bits)], dtype=pl.UInt64)
    hashed = hashes.is_not_null().to_numpy()
    near = np.bitwise_count(bits[:, None] ^ bits) <= 4
    near &= hashed & hashed[:, None] & (apart(matrix) <= 0.5)
    near |= apart(matrix) <= 0.2
    found = Alike(Vectors(matrix)).leaders(hashes, 0.2, 0.5, 4)
    assert found.tolist() == one_by_one(near)
    assert 5 < len(set(found.tolist())) < 60
    # what comes later changes nothing
    part = Alike(Vectors(matrix[:40])).leaders(hashes[:40], 0.2, 0.5, 4)
    assert part.tolist() == found[:40].tolist()


def test_a_vector_of_zeros_is_like_no_other() -> None:
    found = list(Alike(Vectors(np.zeros((3, 5), np.float32))).across(np.arange(3), 0.9))
    assert all(len(i) == 0 for i, _ in found)


def test_no_pictures() -> None:
    none = Alike(Vectors(np.zeros((0, 5), np.float32)))
    assert list(none.across(np.arange(0), 0.4)) == []
    assert none.leaders(pl.Series([], dtype=pl.UInt64), 0.4, 0.5, 4).tolist() == []
