"""The answers that a person should see first are those furthest from every real."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.spatial.distance import cdist

from argus.data.contact_sheets import CAPTION, MARGIN
from argus.judging.worst import COLUMNS, SHOWN, WIDTH, furthest, sheet

FEATURES = arrays.arrays(
    np.float32, (7, 3), elements=st.floats(-100, 100, width=32, allow_subnormal=False)
)


def test_the_furthest_comes_first_and_of_equals_the_earlier() -> None:
    answers = np.array([[0, 1], [0, 9], [4, 0], [0, -4], [3, 0]], np.float32)
    reals = np.array([[0, 0], [3, 0]], np.float32)
    order, distances = furthest(answers, reals, 4)
    assert order.tolist() == [1, 3, 0, 2]
    np.testing.assert_allclose(distances, [9, 4, 1, 1])


@given(FEATURES, FEATURES)
def test_distances_are_those_to_the_nearest_real(answers: np.ndarray, reals: np.ndarray) -> None:
    order, distances = furthest(answers, reals, 7)
    expected = cdist(answers, reals).min(1)
    assert sorted(order.tolist()) == list(range(7))
    np.testing.assert_allclose(distances, expected[order], atol=1e-4)


def test_the_sheet_shows_the_worst_alone() -> None:
    """Each image is of one grey, its number; those with the highest numbers are furthest away."""
    count = SHOWN + 6
    images = np.full((count, 8, 12, 3), np.arange(count, dtype=np.uint8)[:, None, None, None] + 60)
    answers = np.arange(count, dtype=np.float32)[:, None]
    shown = np.asarray(sheet(images, answers, np.zeros((1, 1), np.float32)))
    wide, high = 12 * round(WIDTH / 12), 8 * round(WIDTH / 12)
    middles = [
        shown[
            MARGIN + at // COLUMNS * (high + MARGIN + CAPTION) + high // 2,
            MARGIN + at % COLUMNS * (wide + MARGIN) + wide // 2,
            0,
        ]
        for at in range(SHOWN)
    ]
    assert middles == [60 + number for number in range(count - 1, 5, -1)]
