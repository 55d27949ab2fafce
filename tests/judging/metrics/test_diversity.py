from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus.judging.metrics.diversity import diversity, spread


def test_spread_by_hand() -> None:
    # class a: 0, 3, 9 have mean distance (3 + 9 + 6) / 3 = 6; class b: 20, 24 have 4; c is alone
    points = np.array([[0.0], [3.0], [9.0], [20.0], [24.0], [500.0]])
    assert spread(points, list("aaabbc")) == pytest.approx({"a": 6, "b": 4})


def test_one_image_for_each_class_is_no_spread_however_unlike_the_classes_are() -> None:
    classes = np.random.default_rng(0).normal(size=(4, 16))
    labels = [name for name in "abcd" for _ in range(5)]
    assert spread(np.repeat(classes, 5, axis=0), labels) == dict.fromkeys("abcd", 0)
    assert spread(classes, list("abcd")) == {}  # nothing to pair an image with


def test_spread_does_not_depend_on_the_number_of_images() -> None:
    rng = np.random.default_rng(1)

    def drawn(n: int) -> float:
        return float(
            np.mean([spread(rng.normal(size=(n, 6)), ["a"] * n)["a"] for _ in range(2000)])
        )

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
    larger = {name: value * factor for name, value in found.items()}
    assert spread(points * factor + 7, labels) == pytest.approx(larger)


def test_diversity_is_a_share_of_that_of_the_reals_class_by_class() -> None:
    # a: 3 reals, 6 apart; b: 2 reals, 10 apart; of the model's, a: 1 apart, b: 5 apart
    reals, labels = np.array([[0.0], [3.0], [9.0], [10.0], [20.0]]), list("aaabb")
    points, requested = np.array([[0.0], [500.0], [1.0], [505.0]]), list("abab")
    wanted = (3 * 1 + 2 * 5) / (3 * 6 + 2 * 10)
    assert diversity(points, reals, labels, requested) == pytest.approx(wanted)
    assert diversity(reals, reals, labels, labels) == 1.0


def test_a_class_that_is_not_asked_for_or_once_only_says_nothing() -> None:
    reals, points = np.array([[0.0], [4.0], [10.0], [20.0]]), np.array([[0.0], [1.0], [500.0]])
    assert diversity(points[:2], reals, list("aabb"), list("aa")) == pytest.approx(1 / 4)
    assert diversity(points, reals, list("aabb"), list("aab")) == pytest.approx(1 / 4)
    assert diversity(points, reals[[0, 0, 1, 1]], list("aabb"), list("aab")) == 1.0


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 2**16), times=st.integers(2, 4))
def test_answers_may_be_more_than_reals(seed: int, times: int) -> None:
    """On average twice as many draws from the same distribution have the same diversity."""
    rng = np.random.default_rng(seed)
    reals, labels = rng.normal(size=(20, 64)), list("ab") * 10
    points, more = (rng.normal(size=(20 * n, 64)) for n in (1, times))
    few = diversity(points, reals, labels, labels)
    assert diversity(more, reals, labels, labels * times) == pytest.approx(few, rel=0.15)
