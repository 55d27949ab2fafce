from __future__ import annotations

import numpy as np
import pytest
from pytorch_fid.fid_score import calculate_frechet_distance

from argus.judging.metrics.frechet_distance import estimate, frechet_distance, interval
from argus.judging.statistics import Sample, units_of
from tests.judging.metrics.sets import drives, features, sample


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


def test_the_estimate_has_the_distance_and_changes_as_leaving_units_out_would() -> None:
    # many frames a drive and few drives: first order is what leaving one out does, nearly
    images, reals = drives(25, 40, 6, seed=6), drives(20, 50, 6, seed=7, within=0.5)
    images = Sample(0.8 * images.features + 0.3, "source drives", images.units)
    found = estimate(images, reals)
    assert found.value == pytest.approx(frechet_distance(images.features, reals.features))
    assert found.counts() == {"source drives": 25, "target drives": 20}
    for population, judged in (("source drives", images), ("target drives", reals)):
        units = np.array(judged.units)
        without = {
            unit: frechet_distance(
                judged.features[units != unit],
                (reals if judged is images else images).features,
            )
            for unit in set(judged.units)
        }
        places = units_of([images, reals])[population]
        changes = found.changes[population]
        expected = [without[unit] - found.value for unit in places]
        assert np.corrcoef(changes, expected)[0, 1] > 0.98
        assert np.std(changes) == pytest.approx(np.std(expected), rel=0.15)


def test_the_influence_of_an_image_is_the_derivative_by_its_weight() -> None:
    # in one dimension: (m1 - m2)^2 + (s1 - s2)^2, variances with n - 1
    a, b = np.array([0.0, 2.0, 7.0]), np.array([9.0, 10.0, 11.0, 12.0])
    found = estimate(sample(a[:, None], "a"), sample(b[:, None], "b"))
    shift, s, t = a.mean() - b.mean(), a.std(ddof=1), b.std(ddof=1)
    assert found.value == pytest.approx(shift**2 + (s - t) ** 2)
    c = a - a.mean()
    influence = 2 * shift * c + (c**2) * (1 - t / s)  # of (s - t)^2: 2 (s - t) / (2 s) by s^2
    influence -= influence.mean()
    assert found.changes["a"].tolist() == pytest.approx((-influence / 2).tolist())


def test_one_population_on_both_sides_is_left_out_together() -> None:
    reals = drives(8, 3, 5, seed=8)
    other = Sample(reals.features + 0.01, reals.population, reals.units)
    apart = Sample(other.features, "another", reals.units)
    together, independent = (
        np.hypot.reduce(list(estimate(each, reals).errors().values())) for each in (other, apart)
    )
    assert 0 < together < 0.1 * independent  # what a drive adds on one side it takes on the other
    assert estimate(other, reals).counts() == {"target drives": 8}


def test_the_interval_holds_the_value_and_needs_two_units() -> None:
    images, reals = drives(12, 4, 6, seed=9), drives(3, 9, 6, seed=10)
    images = images._replace(population="source drives")
    ends = interval(images, reals)
    assert ends is not None
    assert 0 <= ends[0] <= frechet_distance(images.features, reals.features) <= ends[1]
    assert interval(images, reals._replace(units=("a",) * 27)) is None
    same = sample(np.ones((5, 6)), "draws of m")
    assert interval(same, sample(np.ones((5, 6)), "reals")) == (0, 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("of_images", "of_reals", "shift", "scale"),
    [((200, 1), (19, 7), 0.5, 0.9), ((5, 7), (5, 8), 0.5, 0.8), ((12, 10), (20, 6), 0.0, 1.0)],
)
def test_the_interval_holds_the_mean_as_often_as_it_says(
    of_images: tuple[int, int], of_reals: tuple[int, int], shift: float, scale: float
) -> None:
    rng = np.random.default_rng(11)
    deviation = np.arange(1, 301) ** -0.5  # of the principal components of frames, about

    def drawn(count: int, frames: int, population: str) -> Sample:
        points = rng.normal(size=(count, 1, 300)) + 0.8 * rng.normal(size=(count, frames, 300))
        units = np.repeat(np.arange(count), frames)
        return sample((points * deviation).reshape(-1, 300), population, units)

    values, ends = [], []
    for _ in range(200):
        images, reals = drawn(*of_images, "draws of m"), drawn(*of_reals, "target drives")
        images = images._replace(features=scale * images.features + shift * deviation)
        values.append(frechet_distance(images.features, reals.features))
        ends.append(interval(images, reals))
    low, high = np.array(ends).T
    assert 0.86 <= ((low <= np.mean(values)) & (np.mean(values) <= high)).mean() <= 0.99
    assert np.mean(high - low) < 5 * np.std(values)  # and not by promising nothing
