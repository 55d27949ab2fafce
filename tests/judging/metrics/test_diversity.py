from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus.judging.metrics.diversity import diversity, spread


def test_spread_by_hand() -> None:
    # class a: 0, 3, 9 have mean distance (3 + 9 + 6) / 3 = 6; class b: 20, 24 have 4; c is alone
    points = np.array([[0.0], [3.0], [9.0], [20.0], [24.0], [500.0]])
    assert spread(points, list("aaabbc")) == pytest.approx((3 * 6 + 2 * 4) / 5)


def test_one_image_for_each_class_is_no_spread_however_unlike_the_classes_are() -> None:
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


def test_diversity_is_a_share_of_that_of_the_reals_over_the_classes_that_are_known() -> None:
    reals = np.array([[0.0], [4.0], [10.0], [20.0]])
    points = np.array([[0.0], [1.0], [0.0], [500.0]])
    assert diversity(points, reals, list("aabb"), list("aaaa")) == pytest.approx(1 / 4)
    assert diversity(points, reals[[0, 0, 1, 1]], list("aabb"), list("aabb")) == 1.0
