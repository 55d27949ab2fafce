from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import polynomial_kernel

from argus.judging.metrics.kid import interval, kernel, kid
from argus.judging.statistics import Sample
from tests.judging.metrics.sets import features


def test_the_kernel_is_that_of_kid() -> None:
    a, b = features(10, 12, 6), features(7, 12, 7)
    assert np.allclose(kernel(a, b), polynomial_kernel(a, b, degree=3, gamma=1 / 12, coef0=1))


def single(features: np.ndarray, population: str) -> Sample:
    """Every image a unit of its own."""
    return Sample(features, population, tuple(map(str, range(len(features)))))


def test_kid_by_hand() -> None:
    # in one dimension with images 0, 0 and 1, 1: k(0,.) = 1, k(1,1) = 8
    zero, one = single(np.zeros((2, 1)), "drives"), single(np.ones((2, 1)), "others")
    assert kid(zero, one) == pytest.approx(1 + 8 - 2 * 1)
    assert kid(zero, zero) == pytest.approx(0)


def test_kid_of_the_same_distribution_is_zero_on_average() -> None:
    draws = [
        kid(single(features(30, 8, seed)[:15], "a"), single(features(30, 8, seed)[15:], "b"))
        for seed in range(300)
    ]
    assert abs(np.mean(draws)) < 3 * np.std(draws) / np.sqrt(len(draws))


def of_drives(rng: np.random.Generator, drives: int, frames: int, population: str) -> Sample:
    middle = np.repeat(rng.normal(size=(drives, 4)), frames, axis=0)
    units = tuple(str(drive) for drive in range(drives) for _ in range(frames))
    return Sample(middle + 0.3 * rng.normal(size=middle.shape), population, units)


@pytest.mark.parametrize("drives", [3, 12])
def test_real_drives_are_at_no_distance_from_real_drives_however_few(drives: int) -> None:
    rng = np.random.default_rng(0)
    by_drive, by_image, covered = [], [], 0
    for _ in range(300):
        a, b = (of_drives(rng, drives, 6, name) for name in ("training drives", "target drives"))
        by_drive.append(kid(a, b))
        by_image.append(kid(single(a.features, "a"), single(b.features, "b")))
        low, high = interval(a, b)
        covered += low <= 0 <= high
    error = np.std(by_drive) / np.sqrt(300)
    assert abs(np.mean(by_drive)) < 3 * error
    assert np.mean(by_image) > 5 * error
    assert covered / 300 > 0.88  # of 90 %
