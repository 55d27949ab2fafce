from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import polynomial_kernel

from argus.judging.metrics.kid import kernel, kid
from tests.judging.metrics.sets import features


def test_the_kernel_is_that_of_kid() -> None:
    a, b = features(10, 12, 6), features(7, 12, 7)
    assert np.allclose(kernel(a, b), polynomial_kernel(a, b, degree=3, gamma=1 / 12, coef0=1))


def test_kid_by_hand() -> None:
    # in one dimension with images 0, 0 and 1, 1: k(0,.) = 1, k(1,1) = 8
    zero, one = np.zeros((2, 1)), np.ones((2, 1))
    assert kid(zero, one) == pytest.approx(1 + 8 - 2 * 1)
    assert kid(zero, zero) == pytest.approx(0)


def test_kid_of_the_same_distribution_is_zero_on_average() -> None:
    draws = [kid(features(30, 8, seed)[:15], features(30, 8, seed)[15:]) for seed in range(300)]
    assert abs(np.mean(draws)) < 3 * np.std(draws) / np.sqrt(len(draws))
