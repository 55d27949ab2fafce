"""Is one model better than another, beyond chance? Drives, not frames, are the evidence."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import NamedTuple

import numpy as np

ROWS = 512  # of a kernel's matrix that are held at once
LEAST = 3  # units of a population; leaving out one of two leaves no pair
TINY = 1e-9  # of all weight: what rounding leaves of none


class Sample(NamedTuple):
    """Images, as features, and what they were drawn from.

    Images of one unit (frames of a drive) are no independent evidence and never paired, neither
    within a sample nor across two samples of one population (a blurred real with its own drive).
    """

    features: np.ndarray
    """Float [M, D]."""
    population: str
    """What its units are drawn from: "target drives", "source drives", "draws of cut"."""
    units: tuple[str, ...]
    """The drive of each image; of a generator's a name of its own for each. M names."""
    weights: np.ndarray | None = None
    """How much each image counts, float [M], above 0. By default each unit counts alike, whatever
    its number of images; where a generator answers each real, that of the real it answers."""


def taken(sample: Sample, rows: np.ndarray) -> Sample:
    """Some images of a sample, by their rows, int64 [m]."""
    return Sample(
        sample.features[rows],
        sample.population,
        tuple(sample.units[row] for row in rows),
        None if sample.weights is None else sample.weights[rows],
    )


@dataclass(frozen=True)
class Comparison:
    """The score of a challenger less that of its rival, its standard error, and how sure it is to
    be below zero.

    `difference` is negative if the challenger is nearer to the reals. `confidence`, 0 to 1, is
    one minus the one-sided p-value, by Student's t with so many `degrees` of freedom. `units` tells
    how many there were to tell from, by population ({"target drives": 7, "source drives": 5});
    where one of these is too small there is no standard error, no degrees, and the confidence is
    0.5.
    """

    difference: float
    standard_error: float | None
    confidence: float
    degrees: float | None
    units: dict[str, int]


@dataclass(frozen=True)
class Estimate:
    """A number, and by how much it changes when one unit is left out.

    Attributes:
        value: the number.
        changes: by population and unit; NaN where nothing is left to compute it from.
    """

    value: float
    changes: Mapping[str, Mapping[str, float]]

    def __add__(self, other: Estimate) -> Estimate:
        changes = {population: dict(units) for population, units in self.changes.items()}
        for population, units in other.changes.items():
            mine = changes.setdefault(population, {})
            for unit, change in units.items():
                mine[unit] = mine.get(unit, 0.0) + change
        return Estimate(self.value + other.value, changes)

    def __sub__(self, other: Estimate) -> Estimate:
        return self + -1 * other

    def __rmul__(self, factor: float) -> Estimate:
        changes = {
            population: {unit: factor * change for unit, change in units.items()}
            for population, units in self.changes.items()
        }
        return Estimate(factor * self.value, changes)

    def error(self) -> tuple[float, float] | None:
        """Standard error, and its degrees of freedom; None if a population has too few units.

        The jackknife (Efron and Stein, Annals of Statistics 1981) leaves out one unit of one
        population at a time, and the variances of independent populations add: to first order
        (Hoeffding's projections) that is the variance of a U-statistic of several samples, and
        what interactions there are are counted more than once, so that it errs to the safe side.
        The degrees of the sum are those of Welch and Satterthwaite (Biometrics 1946).
        """
        variances, degrees = [], []
        for units in self.changes.values():
            change = np.array(list(units.values()))
            if len(change) < LEAST or not np.isfinite(change).all():
                return None
            free = len(change) - 1
            variances.append(free / len(change) * float(((change - change.mean()) ** 2).sum()))
            degrees.append(free)
        total = sum(variances)
        if total == 0:
            return 0.0, float(sum(degrees))
        squares = sum(each**2 / free for each, free in zip(variances, degrees, strict=True))
        return math.sqrt(total), total**2 / squares

    def counts(self) -> dict[str, int]:
        """How many units there are of each population."""
        return {population: len(units) for population, units in self.changes.items()}


def below_zero(estimate: Estimate) -> Comparison:
    """How sure a difference is to be below zero."""
    from scipy.stats import t  # a second to import, and readers of reports need it not

    error = estimate.error()
    if error is None:
        return Comparison(estimate.value, None, 0.5, None, estimate.counts())
    if error[0] == 0:
        sure = 0.5 if estimate.value == 0 else float(estimate.value < 0)
    else:
        sure = float(t.sf(estimate.value / error[0], df=error[1]))
    return Comparison(estimate.value, error[0], sure, error[1], estimate.counts())


def interval_of(estimate: Estimate, confidence: float = 0.9) -> tuple[float, float]:
    """The central interval of so much confidence; where nothing can be told, the value twice."""
    from scipy.stats import t

    error = estimate.error()
    half = 0.0 if error is None else float(t.ppf((1 + confidence) / 2, df=error[1])) * error[0]
    return estimate.value - half, estimate.value + half


def mean_of_seeds(seeds: Sequence[Estimate], whose: str) -> Estimate:
    """The mean over the seeds of a recipe, which are a population of their own if several.

    What seeds differ by holds some of what their images differ by, which is counted once more.

    Args:
        seeds: one estimate each.
        whose: "the challenger".
    """
    first, *others = seeds
    if not others:
        return first
    # so that equal seeds have no spread, not even by rounding
    mean = first + (1 / len(seeds)) * reduce(add, [each - first for each in others])
    rest = {
        str(seed): (mean.value - each.value) / (len(seeds) - 1) for seed, each in enumerate(seeds)
    }
    return mean + Estimate(0.0, {f"seeds of {whose}": rest})


Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Of float64 [n, D] and [m, D] the similarity of each with each, float64 [n, m]."""


def mean_kernel(a: Sample, b: Sample, kernel: Kernel) -> Estimate:
    """The mean of a kernel over all pairs of different units, one of each sample.

    `b` may be `a` itself. Where the two have but one unit together, its images are paired after
    all, as nothing else is left, and nothing is known of the error. Of the matrix `ROWS` rows are
    held at once.

    Args:
        a: at least two images.
        b: at least two images.
        kernel: symmetric.
    """
    names, of_a, of_b = _members(a, b)
    weight_a, weight_b = _weights(a), _weights(b)
    size_a, size_b = (
        np.bincount(of, weight, len(names)) for of, weight in ((of_a, weight_a), (of_b, weight_b))
    )
    both = size_a * size_b
    pairs = size_a.sum() * size_b.sum() - both.sum()
    if pairs < TINY * size_a.sum() * size_b.sum():
        single = mean_kernel(_by_image(a), _by_image(b), kernel)
        return Estimate(single.value, {a.population: dict.fromkeys(a.units, math.nan)})

    rows, columns, same = (np.zeros(len(names)) for _ in range(3))
    left, right = a.features.astype(np.float64), b.features.astype(np.float64)
    for start in range(0, len(left), ROWS):
        part = slice(start, start + ROWS)
        each = kernel(left[part], right) * weight_a[part, None] * weight_b
        alike = np.where(of_a[part, None] == of_b, each, 0)
        rows += np.bincount(of_a[part], each.sum(axis=1), len(names))
        columns += np.bincount(of_b, each.sum(axis=0), len(names))
        same += np.bincount(of_a[part], alike.sum(axis=1), len(names))

    value = (rows.sum() - same.sum()) / pairs
    rest = rows.sum() - same.sum() - (rows - same) - (columns - same)
    left_pairs = pairs - (size_a * size_b.sum() - both) - (size_b * size_a.sum() - both)
    enough = left_pairs > TINY * pairs
    without = np.divide(rest, left_pairs, out=np.full(len(names), math.nan), where=enough)
    changes: dict[str, dict[str, float]] = {}
    for (population, unit), change in zip(names, (without - value).tolist(), strict=True):
        changes.setdefault(population, {})[unit] = change
    return Estimate(float(value), changes)


def _members(a: Sample, b: Sample) -> tuple[list[tuple[str, str]], np.ndarray, np.ndarray]:
    """All units, with their populations, and which of them each image is of: int64 [M] twice."""
    place: dict[tuple[str, str], int] = {}
    of_a, of_b = (
        np.array([place.setdefault((each.population, unit), len(place)) for unit in each.units])
        for each in (a, b)
    )
    return list(place), of_a, of_b


def _weights(sample: Sample) -> np.ndarray:
    """How much each image counts: float64 [M]."""
    if sample.weights is not None:
        return np.asarray(sample.weights, dtype=np.float64)
    size = Counter(sample.units)
    return np.array([1 / size[unit] for unit in sample.units])


def _by_image(sample: Sample) -> Sample:
    """As if each image were evidence of its own."""
    return sample._replace(units=tuple(map(str, range(len(sample.units)))))
