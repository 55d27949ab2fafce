"""Is one model better than another, beyond chance? Drives, not frames, are the evidence."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import NamedTuple, TypeVar

import numpy as np

ROWS = 512  # of a kernel's matrix that are held at once
FAR = 1e-9  # a chance as good as none
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

    Attributes:
        difference: negative if the challenger is nearer to the reals.
        standard_error: None where a population has too few units to tell.
        confidence: 0 to 1, one minus the one-sided p-value; 0.5 where nothing can be told.
        units: how many there were to tell from, by population: {"target drives": 7, ...}.
        errors: the part of the standard error that comes from each population. Their squares add.
            Empty where nothing can be told.
    """

    difference: float
    standard_error: float | None
    confidence: float
    units: dict[str, int]
    errors: dict[str, float] = field(default_factory=dict)

    def margin(self, tail: float) -> float:
        """How far to one side the truth may lie from the difference, but for a probability of
        `tail`, above 0 and at most 0.5; infinite where nothing can be told."""
        return _margin(self.errors, self.units, tail) if self.errors else math.inf


Units = Mapping[str, Mapping[str, int]]
"""The place of each unit among those of its population: `units_of`."""


@dataclass(frozen=True)
class Estimate:
    """A mean over pairs of units, and what each unit and each pair does to it.

    Attributes:
        value: the number.
        changes: by population, how much it changes when a unit is left out: float64 [G]; NaN where
            nothing is left to compute it from.
        pairs: by two populations (or one twice), what each pair adds to it: float64 [G, H].
    """

    value: float
    changes: Mapping[str, np.ndarray]
    pairs: Mapping[tuple[str, str], np.ndarray]

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(
            self.value + other.value,
            _sum(self.changes, other.changes),
            _sum(self.pairs, other.pairs),
        )

    def __sub__(self, other: Estimate) -> Estimate:
        return self + -1 * other

    def __rmul__(self, factor: float) -> Estimate:
        return Estimate(
            factor * self.value,
            {population: factor * each for population, each in self.changes.items()},
            {both: factor * each for both, each in self.pairs.items()},
        )

    def errors(self) -> dict[str, float]:
        """The standard error that comes from each population; empty if one has too few units.

        The jackknife (Efron and Stein, Annals of Statistics 1981) leaves out one unit of one
        population at a time, and the variances of independent populations add: those of
        Hoeffding's projections of a U-statistic of several samples. It counts twice what two units
        do only together (their interaction), once with each; where there are units enough to tell
        how much that is, it is taken off once, though never more than half of all.
        """
        together = self._interactions()
        found = {}
        for population, change in self.changes.items():
            n = len(change)
            if n < 2 or not np.isfinite(change).all():
                return {}
            variance = (n - 1) / n * float(((change - change.mean()) ** 2).sum())
            found[population] = math.sqrt(
                max(variance / 2, variance - together.get(population, 0.0))
            )
        return found

    def _interactions(self) -> dict[str, float]:
        """The variance that comes from pairs of units as such, by population, half of what is
        between two populations with either."""
        found: dict[str, float] = defaultdict(float)
        for (one, other), pairs in self.pairs.items():
            g, h = pairs.shape
            if one == other and g > 3:
                share = pairs.sum(axis=0) / (g - 2) - pairs.sum() / (2 * (g - 1) * (g - 2))
                rest = pairs - share - share[:, None]
                np.fill_diagonal(rest, 0)
                found[one] += 2 * (g - 1) / (g - 3) * float((rest**2).sum())
            elif one != other and min(g, h) > 1:
                rest = pairs - pairs.mean(axis=0) - pairs.mean(axis=1)[:, None] + pairs.mean()
                half = g * h / ((g - 1) * (h - 1)) * float((rest**2).sum()) / 2
                found[one] += half
                found[other] += half
        return found

    def counts(self) -> dict[str, int]:
        """How many units there are of each population."""
        return {population: len(change) for population, change in self.changes.items()}


Key = TypeVar("Key")


def _sum(one: Mapping[Key, np.ndarray], other: Mapping[Key, np.ndarray]) -> dict[Key, np.ndarray]:
    both = {key: one[key] + other[key] for key in one if key in other}
    return {**one, **other, **both}


def below_zero(estimate: Estimate) -> Comparison:
    """How sure a difference is to be below zero."""
    errors, units = estimate.errors(), estimate.counts()
    if not errors:
        return Comparison(estimate.value, None, 0.5, units)
    chance = _tail(abs(estimate.value), errors, units)
    sure = 1 - chance if estimate.value < 0 else chance
    return Comparison(estimate.value, math.hypot(*errors.values()), sure, units, errors)


def interval_of(estimate: Estimate, confidence: float = 0.9) -> tuple[float, float]:
    """The central interval of so much confidence; where nothing can be told, the value twice."""
    half = _margin(estimate.errors(), estimate.counts(), (1 - confidence) / 2)
    return estimate.value - half, estimate.value + half


def _margin(errors: Mapping[str, float], units: Mapping[str, int], tail: float) -> float:
    """How far a sum of independent errors reaches, each known from a few units.

    The square root of the sum of (Student's t times standard error) squared: never too short
    (Banerjee, Sankhya 1960). The degrees of Welch and Satterthwaite, which are usual, are right at
    a tail of .05, but at one of .001 they are too sure ten times as often as they say, where one
    population has three units and the others many.
    """
    from scipy.special import stdtrit  # slow to import, and readers of reports need it not

    return math.hypot(
        *(error * stdtrit(units[population] - 1, tail) for population, error in errors.items())
    )


def _tail(reach: float, errors: Mapping[str, float], units: Mapping[str, int]) -> float:
    """The reverse of `_margin`: the chance that the errors reach so far to one side."""
    from scipy.optimize import brentq

    if reach == 0 or _margin(errors, units, FAR) <= reach:
        return 0.5 if reach == 0 else 0.0
    log = brentq(
        lambda log: _margin(errors, units, math.exp(log)) - reach, math.log(FAR), math.log(0.5)
    )
    return math.exp(log)


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
    without = np.array([(mean.value - each.value) / len(others) for each in seeds])
    return mean + Estimate(0.0, {f"seeds of {whose}": without}, {})


Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Of float64 [n, D] and [m, D] the similarity of each with each, float64 [n, m]."""


def units_of(samples: Iterable[Sample]) -> Units:
    """All units of some samples, by population."""
    found: dict[str, dict[str, int]] = {}
    for sample in samples:
        units = found.setdefault(sample.population, {})
        for unit in sample.units:
            units.setdefault(unit, len(units))
    return found


def mean_kernel(a: Sample, b: Sample, kernel: Kernel, units: Units) -> Estimate:
    """The mean of a kernel over all pairs of different units, one of each sample.

    `b` may be `a` itself. Where the two have but one unit together, its images are paired after
    all, as nothing else is left, and nothing is known of the error. Of the matrix `ROWS` rows are
    held at once.

    Args:
        a: at least two images.
        b: at least two images.
        kernel: symmetric.
        units: of these and of all samples that they are compared with.
    """
    shared = a.population == b.population
    sums, size_a, size_b = _by_unit(a, b, kernel, units)
    weight = np.outer(size_a, size_b)
    if shared:
        np.fill_diagonal(sums, 0)
        np.fill_diagonal(weight, 0)
    total = weight.sum()
    if total == 0:
        single = a._replace(units=_numbers(a)), b._replace(units=_numbers(b))
        value = mean_kernel(*single, kernel, units_of(single)).value
        return Estimate(value, {a.population: np.full(len(size_a), math.nan)}, {})

    value = float(sums.sum() / total)
    if shared:
        sums, weight = (sums + sums.T) / 2, (weight + weight.T) / 2
        changes = {a.population: _without(sums, weight, 2) - value}
    else:
        changes = {
            a.population: _without(sums, weight, 1) - value,
            b.population: _without(sums.T, weight.T, 1) - value,
        }
    if a.population > b.population:
        sums = sums.T
    one, other = sorted((a.population, b.population))
    return Estimate(value, changes, {(one, other): sums / total})


def _by_unit(
    a: Sample, b: Sample, kernel: Kernel, units: Units
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted sums of a kernel over pairs of units, float64 [G, H], and the weight of each."""
    of_a, of_b = (
        np.array([units[each.population][unit] for unit in each.units]) for each in (a, b)
    )
    g, h = len(units[a.population]), len(units[b.population])
    weight_a, weight_b = _weights(a), _weights(b)
    order = np.argsort(of_b, kind="stable")
    present, starts = np.unique(of_b[order], return_index=True)
    left, right = a.features.astype(np.float64), b.features[order].astype(np.float64)
    sums = np.zeros((g, h))
    for start in range(0, len(left), ROWS):
        part = slice(start, start + ROWS)
        each = kernel(left[part], right) * weight_a[part, None] * weight_b[order]
        np.add.at(sums, np.ix_(of_a[part], present), np.add.reduceat(each, starts, axis=1))
    return sums, np.bincount(of_a, weight_a, g), np.bincount(of_b, weight_b, h)


def _without(sums: np.ndarray, weight: np.ndarray, times: int) -> np.ndarray:
    """The mean without each row, and `times` 2 also without the column of its number; NaN where
    nothing is left."""
    rest = weight.sum() - times * weight.sum(axis=1)
    left = sums.sum() - times * sums.sum(axis=1)
    enough = rest > TINY * weight.sum()
    return np.divide(left, rest, out=np.full(len(rest), math.nan), where=enough)


def _weights(sample: Sample) -> np.ndarray:
    """How much each image counts: float64 [M]."""
    if sample.weights is not None:
        return np.asarray(sample.weights, dtype=np.float64)
    size = Counter(sample.units)
    return np.array([1 / size[unit] for unit in sample.units])


def _numbers(sample: Sample) -> tuple[str, ...]:
    """A unit for each image."""
    return tuple(map(str, range(len(sample.units))))
