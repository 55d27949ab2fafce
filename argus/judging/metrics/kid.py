"""Kernel Inception Distance: how far a model's images are from the held-out reals (the deciding
metric)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from argus.judging.metric import Metric
from argus.judging.statistics import (
    Comparison,
    Estimate,
    Sample,
    below_zero,
    interval_of,
    mean_kernel,
    mean_of_seeds,
)


def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The cubic polynomial kernel of KID, (x.y / D + 1)^3: float64 [n, m]."""
    product: np.ndarray = a.astype(np.float64) @ b.astype(np.float64).T
    product = product / a.shape[1] + 1
    return product * product * product


def squared_mmd(sample: Sample, reals: Sample) -> Estimate:
    """The unbiased squared MMD of a sample to the reals, with what each unit adds to it."""
    within = mean_kernel(sample, sample, kernel) + mean_kernel(reals, reals, kernel)
    return within - 2 * mean_kernel(sample, reals, kernel)


def kid(sample: Sample, reals: Sample) -> float:
    """Kernel Inception Distance: unbiased squared MMD (Binkowski et al., ICLR 2018, section 4).

    Over all images at once, not over random subsets, and never over two images of one unit: two
    frames of a drive are more alike than two drives are, and such pairs make the distance of real
    drives to real drives larger than it is, the more so the fewer drives there are.

    Assumed is that units (drives) are drawn independently, those of the sample as those of the
    reals; each counts alike unless `Sample.weights` says otherwise. Then the mean over many draws
    of units depends neither on how many units there are nor on how many images they have; it may
    be negative where the two sets are alike. Where there is a single drive its images are taken
    for independent, and the value is biased upwards.

    Args:
        sample: at least two images.
        reals: at least two images.
    """
    return squared_mmd(sample, reals).value


def interval(sample: Sample, reals: Sample) -> tuple[float, float]:
    """The central 90 % of where the distance may lie, by the jackknife over units.

    With too few units to tell both ends are the value itself.
    """
    return interval_of(squared_mmd(sample, reals))


def compare(challengers: Sequence[Sample], rivals: Sequence[Sample], reals: Sample) -> Comparison:
    """Whether a challenger is nearer to the reals than its rival is: their KIDs' difference.

    The relative similarity test of Bounliphone et al. (ICLR 2016), with units in place of images:
    drives of the reals, drives of the sources (the same for both where they translate the same),
    single draws of generators. The reals' own part of the distance drops out.

    With one sample of a side the claim is about those very weights: another seed of the same
    recipe may be worse. Several samples of a side are seeds of one recipe; then the claim is about
    the mean of what the recipe gives, and what seeds differ by enters the error.

    Args:
        challengers: one sample for each seed of the challenger, at least one.
        rivals: the same of its rival.
        reals: the held-out reals.
    """
    ours = mean_of_seeds([_to_reals(each, reals) for each in challengers], "the challenger")
    theirs = mean_of_seeds([_to_reals(each, reals) for each in rivals], "the rival")
    return below_zero(ours - theirs)


def _to_reals(sample: Sample, reals: Sample) -> Estimate:
    """The squared MMD but for the reals' own part."""
    return mean_kernel(sample, sample, kernel) - 2 * mean_kernel(sample, reals, kernel)


METRIC = Metric("kid", "KID", ("sample", "real_sample"), kid, interval=interval, compare=compare)
