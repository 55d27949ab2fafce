from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytorch_fid.fid_score import calculate_frechet_distance
from sklearn.metrics.pairwise import polynomial_kernel

from argus.judging.metrics.kid import frechet_distance, kernel, kid, spread


def features(n: int, d: int, seed: int, shift: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(d, d)) / np.sqrt(d)
    return (rng.normal(size=(n, d)) @ mixing + shift).astype(np.float32)


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


def test_spread_by_hand() -> None:
    # class a: 0, 3, 9 have mean distance (3 + 9 + 6) / 3 = 6; class b: 20, 24 have 4; c is alone
    points = np.array([[0.0], [3.0], [9.0], [20.0], [24.0], [500.0]])
    assert spread(points, list("aaabbc")) == pytest.approx((3 * 6 + 2 * 4) / 5)


def test_one_picture_for_each_class_is_no_spread_however_unlike_the_classes_are() -> None:
    classes = np.random.default_rng(0).normal(size=(4, 16))
    assert spread(np.repeat(classes, 5, axis=0), [name for name in "abcd" for _ in range(5)]) == 0
    assert spread(classes, list("abcd")) == 0  # nothing to pair an image with


def test_spread_does_not_depend_on_the_number_of_images() -> None:
    rng = np.random.default_rng(1)

    def drawn(n: int) -> float:
        return float(np.mean([spread(rng.normal(size=(n, 6)), ["a"] * n) for _ in range(2000)]))

    # of normals in d dimensions a pair is 2 Gamma((d + 1) / 2) / Gamma(d / 2) apart: 3.323 at d 6
    assert drawn(2) == pytest.approx(3.323, rel=0.02)
    assert drawn(9) == pytest.approx(3.323, rel=0.02)


@settings(deadline=None, max_examples=50)
@given(
    seed=st.integers(0, 2**16),
    labels=st.lists(st.sampled_from("abc"), min_size=2, max_size=12),
    factor=st.floats(0.1, 10),
)
def test_spread_ignores_order_and_place_and_grows_with_scale(
    seed: int, labels: list[str], factor: float
) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(len(labels), 4))
    found = spread(points, labels)
    order = rng.permutation(len(labels))
    assert spread(points[order], [labels[i] for i in order]) == pytest.approx(found)
    assert spread(points * factor + 7, labels) == pytest.approx(found * factor)
