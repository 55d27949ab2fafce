"""Precision, recall, density and coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prdc import compute_prdc

from argus.judging.manifold import FEWEST, K
from argus.judging.metrics.coverage import coverage
from argus.judging.metrics.density import density
from argus.judging.metrics.precision import precision
from argus.judging.metrics.recall import recall
from argus.judging.statistics import Sample
from tests.judging.metrics.sets import drives, features, sample

ALL = {"precision": precision, "recall": recall, "density": density, "coverage": coverage}


def all_four(images: Sample, reals: Sample) -> dict[str, float]:
    found = {name: of(images, reals) for name, of in ALL.items()}
    return {name: value for name, value in found.items() if value is not None}


@pytest.mark.parametrize(
    ("m", "n", "d", "shift"),
    [(60, 25, 8, 0.4), (30, 90, 4, 0.2), (40, 40, 64, 0.0), (11, 11, 2, 1)],
)
def test_all_four_are_those_of_prdc_where_every_image_is_a_unit(
    m: int, n: int, d: int, shift: float
) -> None:
    images, reals = features(m, d, 1, shift), features(n, d, 2)
    expected = compute_prdc(reals, images, nearest_k=K)
    judged = sample(images, "draws of m"), sample(reals, "target drives")
    assert all_four(*judged) == pytest.approx(expected)


def line(points: list[float], units: str = "") -> Sample:
    return sample(
        np.array(points)[:, None], "target drives", np.array(list(units)) if units else None
    )


def test_by_hand_with_drives() -> None:
    # eleven reals at 0 and eleven at 10, of two drives: the 5th neighbour of the other drive is 10
    # away, so every ball reaches from one heap to the other, edge included
    reals = line([0.0] * 11 + [10.0] * 11, "a" * 11 + "b" * 11)
    images = line([-10.0, 0.0, 5.0, 20.5])
    assert precision(images, reals) == 3 / 4  # 20.5 is 10.5 from the nearest
    assert density(images, reals) == (11 + 22 + 22 + 0) / 4 / K
    assert coverage(images, reals) == 1
    # were frames taken for independent, all balls had radius 0, and only the image on a real counts
    frames = line([0.0] * 11 + [10.0] * 11)
    assert precision(images, frames) == 1 / 4
    assert density(images, frames) == 11 / 4 / K
    assert coverage(images, frames) == 1 / 2


@given(seed=st.integers(0, 2**16), m=st.integers(11, 30), copies=st.integers(0, 30))
def test_ranges_and_copies(seed: int, m: int, copies: int) -> None:
    rng = np.random.default_rng(seed)
    reals = sample(rng.normal(size=(30, 5)), "target drives")
    images = rng.normal(size=(m, 5)) + rng.normal()
    images[:copies] = reals.features[:m][:copies]
    found = all_four(sample(images, "draws of m"), reals)
    assert found.keys() == ALL.keys()
    assert all(0 <= value <= (np.inf if name == "density" else 1) for name, value in found.items())
    assert found["precision"] >= min(copies, m) / m  # what is a real lies in its ball
    order = rng.permutation(m)
    moved = sample(3 * images[order] + 7, "draws of m"), sample(3 * reals.features + 7, "reals")
    assert all_four(*moved) == pytest.approx(found)


def test_other_drives_of_one_world_are_covered_though_frames_are_near_each_other() -> None:
    reals, others = drives(30, 6, 8, seed=1), drives(30, 6, 8, seed=2)
    found = all_four(others, reals)
    assert min(found["precision"], found["recall"], found["coverage"]) > 0.6
    assert 0.7 < found["density"] < 2
    alone = sample(reals.features, "target drives")
    assert (
        all_four(others, alone)["coverage"] < 0.05
    )  # by the nearest frames, which are of one drive


def test_what_each_sees_and_does_not_see() -> None:
    reals = drives(40, 3, 6, seed=3)
    one = sample(np.repeat(np.zeros((1, 6)), 60, axis=0), "draws of m")  # the very middle
    found = all_four(one, reals)
    assert found["precision"] == 1
    assert found["density"] > 1
    assert found["coverage"] < 0.4
    assert found["recall"] == 0
    half = drives(40, 3, 6, seed=4)
    found = all_four(half._replace(features=np.abs(half.features)), reals)
    assert found["coverage"] < 0.5 < found["precision"]


def test_far_from_all_reals_nothing_is_left() -> None:
    images, reals = sample(features(20, 4, 5, shift=50), "draws of m"), drives(10, 3, 4, seed=6)
    assert all_four(images, reals) == dict.fromkeys(ALL, 0)


def test_too_few_images_have_no_balls() -> None:
    many, few = drives(12, 2, 4, seed=7), line([*range(FEWEST)])
    few = few._replace(features=np.random.default_rng(8).normal(size=(FEWEST, 4)))
    assert [of(many, few) for of in (precision, density, coverage)] == [None] * 3
    assert recall(many, few) is not None
    assert recall(few, many) is None
    assert precision(few, many) is not None
    one_drive = many._replace(units=("a",) * len(many.units))
    assert coverage(few, one_drive) is None
