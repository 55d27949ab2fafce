from __future__ import annotations

import numpy as np
import pytest
from pytorch_fid.fid_score import calculate_frechet_distance

from argus.judging.metrics.frechet_distance import frechet_distance
from tests.judging.metrics.sets import features


def reference(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.astype(np.float64), b.astype(np.float64)
    return float(
        calculate_frechet_distance(
            a.mean(axis=0), np.cov(a, rowvar=False), b.mean(axis=0), np.cov(b, rowvar=False)
        )
    )


@pytest.mark.parametrize(("n", "m", "d"), [(400, 300, 32), (150, 200, 64), (500, 500, 8)])
def test_frechet_agrees_with_pytorch_fid(n: int, m: int, d: int) -> None:
    a, b = features(n, d, 1), features(m, d, 2, shift=0.3)
    assert frechet_distance(a, b) == pytest.approx(reference(a, b), rel=1e-4)


def test_frechet_agrees_with_pytorch_fid_with_fewer_images_than_dimensions() -> None:
    a, b = features(40, 96, 3), features(60, 96, 4, shift=0.2)
    assert frechet_distance(a, b) == pytest.approx(reference(a, b), rel=1e-4)


def test_frechet_of_one_dimension_in_closed_form() -> None:
    a = np.array([[0.0], [2.0], [4.0]])  # mean 2, variance 4
    b = np.array([[9.0], [10.0], [11.0]])  # mean 10, variance 1
    assert frechet_distance(a, b) == pytest.approx(8**2 + (2 - 1) ** 2)


def test_frechet_of_a_set_with_itself_is_zero_and_of_a_shift_its_square() -> None:
    a = features(100, 20, 5)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-8)
    assert frechet_distance(a, a + 0.5) == pytest.approx(20 * 0.25, rel=1e-4)
