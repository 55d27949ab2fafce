"""Comparisons against a loop over pairs, left out unit by unit, and their properties."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest, t

from argus.judging.metrics.kid import compare, interval, kernel, kid
from argus.judging.statistics import Comparison, Sample

TARGET, SOURCE = "target drives", "source drives"


def sample(seed: int, sizes: Sequence[int], shift: float = 0.0, population: str = TARGET) -> Sample:
    """Drives of so many frames, each with a middle of its own, around `shift`."""
    rng = np.random.default_rng(seed)
    middle = np.repeat(rng.normal(size=(len(sizes), 5)), sizes, axis=0)
    units = tuple(f"d{drive}" for drive, size in enumerate(sizes) for _ in range(size))
    features = shift + middle + 0.5 * rng.normal(size=(sum(sizes), 5))
    return Sample(features, population, units)


def draws(seed: int, n: int, shift: float = 0.0, name: str = "a") -> Sample:
    return sample(seed, [1] * n, shift, f"draws of {name}")


def by_loop(a: Sample, b: Sample, without: tuple[str, str] | None = None) -> float:
    """The mean of the kernel over pairs of drives, as the definition reads; a drive of one
    population may be left out."""
    shared, sums = a.population == b.population, []
    for unit in dict.fromkeys(a.units):
        for other in dict.fromkeys(b.units):
            if (shared and unit == other) or without in (
                (a.population, unit),
                (b.population, other),
            ):
                continue
            found = [
                float((np.dot(x, y) / len(x) + 1) ** 3)
                for x, of_x in zip(a.features, a.units, strict=True)
                for y, of_y in zip(b.features, b.units, strict=True)
                if (of_x, of_y) == (unit, other)
            ]
            sums.append(sum(found) / len(found))
    return sum(sums) / len(sums)


def jackknife(
    value: Callable[[tuple[str, str] | None], float], samples: Sequence[Sample]
) -> tuple[float, float, float]:
    """Value, standard error and degrees, leaving out each unit of each population in turn."""
    variances = {}
    for population in {each.population for each in samples}:
        units = {u for each in samples if each.population == population for u in each.units}
        left = [value((population, unit)) for unit in sorted(units)]
        variances[population] = ((len(left) - 1) * float(np.var(left)), len(left) - 1)
    total = sum(v for v, _ in variances.values())
    degrees = total**2 / sum(v**2 / free for v, free in variances.values())
    return value(None), math.sqrt(total), degrees


TRANSLATORS = (
    sample(1, [3, 1, 4, 2], 0.4, SOURCE),
    sample(2, [3, 1, 4, 2], 0.6, SOURCE),
    sample(3, [2, 5, 1]),
)
GENERATORS = (draws(4, 7, 0.3), draws(5, 6, 0.4, "b"), sample(6, [2, 3, 1, 2, 4]))
BLURRED = (draws(7, 5, 0.3), sample(8, [2, 3, 2], 0.5), sample(9, [2, 3, 2]))


@pytest.mark.parametrize("three", [TRANSLATORS, GENERATORS, BLURRED])
def test_the_comparison_is_that_of_a_loop_over_pairs_of_drives(
    three: tuple[Sample, Sample, Sample],
) -> None:
    challenger, rival, reals = three

    def distance(x: Sample, without: tuple[str, str] | None) -> float:
        return by_loop(x, x, without) - 2 * by_loop(x, reals, without)

    difference, error, degrees = jackknife(
        lambda without: distance(challenger, without) - distance(rival, without), three
    )
    found = compare([challenger], [rival], reals)
    assert found.difference == pytest.approx(difference)
    assert found.standard_error == pytest.approx(error)
    assert found.degrees == pytest.approx(degrees)
    assert found.confidence == pytest.approx(t.sf(difference / error, degrees))
    assert found.units == {each.population: len(set(each.units)) for each in three}
    assert found.difference == pytest.approx(kid(challenger, reals) - kid(rival, reals))


def test_weights_count_images_as_they_say() -> None:
    """Of weight 2 is twice there; by hand, in a loop over images."""
    a, reals = sample(1, [2, 3, 1], 0.3, SOURCE), sample(2, [2, 1, 2])
    weights = np.array([1.0, 2, 1, 1, 3, 2])
    twice = a._replace(
        features=np.repeat(a.features, weights.astype(int), axis=0),
        units=tuple(np.repeat(a.units, weights.astype(int))),
    )
    even = reals._replace(weights=np.ones(5))
    weighted = kid(a._replace(weights=weights), even)
    assert weighted == pytest.approx(kid(twice._replace(weights=np.ones(10)), even))
    pairs = [
        kernel(a.features[[i]], reals.features[[j]]).item() for i in range(6) for j in range(5)
    ]
    cross = np.average(pairs, weights=np.repeat(weights, 5))
    assert cross == pytest.approx(
        (
            sum(
                w * kernel(x[None], reals.features).mean()
                for w, x in zip(weights, a.features, strict=True)
            )
            / weights.sum()
        ).item()
    )


def test_large_samples_are_read_in_parts() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(1100, 4))
    one = Sample(features, "draws of a", tuple(map(str, range(1100))))
    reals = Sample(features[:40] + 1, TARGET, tuple("abcde" * 8))
    k = kernel(features, features)
    within = (k.sum() - np.trace(k)) / (1100 * 1099)
    found = compare([one], [one._replace(features=features + 0.1, population="b")], reals)
    assert found.units == {"draws of a": 1100, TARGET: 5, "b": 1100}
    cross, of_reals = kernel(features, reals.features).mean(), by_loop(reals, reals)
    assert kid(one, reals) == pytest.approx(within + of_reals - 2 * cross)


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_neither_order_nor_names_count(random: st.DataObject) -> None:
    challenger, rival, reals = TRANSLATORS
    expected = compare([challenger], [rival], reals)

    def shuffled(each: Sample) -> Sample:
        order = list(range(len(each.units)))
        random.shuffle(order)  # type: ignore[attr-defined]
        units = tuple(f"renamed {each.units[i]}" for i in order)
        return Sample(each.features[order], each.population, units)

    found = compare([shuffled(challenger)], [shuffled(rival)], shuffled(reals))
    assert found.difference == pytest.approx(expected.difference)
    assert found.standard_error == pytest.approx(expected.standard_error)
    assert found.units == expected.units


@given(st.lists(st.integers(1, 4), min_size=3, max_size=6), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_swapping_the_two_swaps_the_result(sizes: list[int], seed: int) -> None:
    a, b = sample(seed, sizes, 0.2, SOURCE), sample(seed + 1, sizes, 0.4, SOURCE)
    reals = sample(seed + 2, sizes[::-1])
    there, back = compare([a], [b], reals), compare([b], [a], reals)
    assert there.difference == pytest.approx(-back.difference)
    assert there.standard_error == pytest.approx(back.standard_error)
    assert there.confidence == pytest.approx(1 - back.confidence)


def test_a_model_against_itself_is_a_coin_toss() -> None:
    a, _, reals = TRANSLATORS
    found = compare([a], [a], reals)
    assert (found.difference, found.standard_error, found.confidence) == (0, 0, 0.5)
    twice = compare([a, a, a], [a], reals)
    assert (twice.difference, twice.standard_error, twice.confidence) == (0, 0, 0.5)


def test_a_clearly_better_model_wins_with_confidence() -> None:
    found = compare([draws(1, 60)], [draws(2, 60, 1.0, "b")], sample(3, [5] * 12))
    assert found.difference < 0
    assert found.confidence > 0.99


@pytest.mark.parametrize("sizes", [[20], [12, 8]])
def test_too_few_units_decide_nothing(sizes: list[int]) -> None:
    reals = sample(1, sizes)
    found = compare([draws(2, 20)], [draws(3, 20, 3.0, "b")], reals)
    assert found.difference < 0
    assert found == Comparison(
        found.difference, None, 0.5, None, {"draws of a": 20, TARGET: len(sizes), "draws of b": 20}
    )
    few = sample(4, sizes, 0.0, SOURCE)
    other = few._replace(features=few.features + 3)
    assert compare([few], [other], sample(5, [4] * 6)).confidence == 0.5


def test_of_a_single_drive_the_images_are_paired() -> None:
    rng = np.random.default_rng(0)
    a, reals = (Sample(rng.normal(size=(n, 3)), TARGET, ("one",) * n) for n in (6, 6))
    k = kernel(a.features, reals.features)
    within = sum(
        (kernel(x, x).sum() - np.trace(kernel(x, x))) / 30 for x in (a.features, reals.features)
    )
    assert kid(a, reals) == pytest.approx(within - 2 * (k.sum() - np.trace(k)) / 30)
    assert interval(a, reals) == (kid(a, reals), kid(a, reals))


def test_several_seeds_are_a_population() -> None:
    """The mean over seeds, with their own spread in the error."""
    reals = sample(0, [3] * 8)
    seeds = [sample(1, [2] * 6, shift, SOURCE) for shift in (0.2, 0.5, 0.9)]
    rival = sample(2, [2] * 6, 0.6, SOURCE)
    alone = [compare([each], [rival], reals) for each in seeds]
    found = compare(seeds, [rival], reals)
    differences = [each.difference for each in alone]
    assert found.difference == pytest.approx(np.mean(differences))
    assert found.units["seeds of the challenger"] == 3
    spread = np.std(differences, ddof=1) / math.sqrt(3)
    assert found.standard_error is not None
    assert found.standard_error > spread
    assert all(found.standard_error > (each.standard_error or 0) / 2 for each in alone)
    # of the same seed thrice nothing is added
    same = compare([seeds[0]] * 3, [rival], reals)
    assert same.standard_error == pytest.approx(alone[0].standard_error)


def test_the_interval_is_wider_with_fewer_drives() -> None:
    model = draws(0, 60, 0.5)
    widths = [np.subtract(*interval(model, sample(1, [4] * drives))[::-1]) for drives in (20, 8, 3)]
    assert all(few > many > 0 for many, few in pairwise(widths))


def test_frames_of_one_drive_are_no_independent_evidence() -> None:
    alone = grouped = 0
    for seed in range(0, 450, 3):
        a, b = draws(seed, 30, 0.5), draws(seed + 1, 30, 0.5, "b")
        a, b = (
            each._replace(features=each.features + np.eye(5)[axis])
            for axis, each in enumerate((a, b))
        )
        reals = sample(seed + 2, [12] * 6, 0.5)
        wrong = abs(compare([a], [b], reals).confidence - 0.5) > 0.45
        grouped += wrong
        frames = reals._replace(units=tuple(map(str, range(72))))
        alone += abs(compare([a], [b], frames).confidence - 0.5) > 0.45
    assert grouped / 150 < 0.15  # both tails: 10 %
    assert alone > 2 * grouped


def test_between_equals_the_confidence_is_uniform() -> None:
    confidences = []
    for seed in range(0, 1200, 3):
        a, b = draws(seed, 40), draws(seed + 1, 40, 0, "b")
        a, b = (
            each._replace(features=each.features + np.eye(5)[axis])
            for axis, each in enumerate((a, b))
        )
        confidences.append(compare([a], [b], sample(seed + 2, [1] * 40)).confidence)
    assert kstest(confidences, "uniform").pvalue > 0.01
