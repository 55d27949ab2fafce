"""Frechet distance of a model's images to the held-out reals."""

from __future__ import annotations

import numpy as np

from argus.judging.metric import Metric
from argus.judging.statistics import Estimate, Sample, Units, interval_of, units_of


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Frechet distance of Gaussians fitted to two sets (Heusel et al., NeurIPS 2017).

    |mean difference|^2 + tr A + tr B - 2 tr sqrt(A B), with unbiased covariances. The last trace
    is the nuclear norm of the product of the two centred sets over sqrt((n-1)(m-1)): exact, real,
    and of a matrix no larger than there are images or dimensions. Few images bias it upwards, so
    compare it only at equal numbers.

    Args:
        a: float [n, D], n at least 2.
        b: float [m, D], m at least 2.
    """
    shift, a, b = _centred(a, b)
    (_, less_a), (_, less_b) = _reduced(a), _reduced(b)
    cross = np.linalg.norm(less_a @ less_b.T, ord="nuc")
    return float(shift @ shift + (a**2).sum() + (b**2).sum() - 2 * cross)


def interval(images: Sample, reals: Sample) -> tuple[float, float] | None:
    """The central 90 % of where the mean of the distance at these numbers of images may lie.

    Of the distance of this many images of other drives, that is, with the bias of so few; not of
    the distance of the distributions. None with a single unit on either side.
    The bootstrap would not do: a resample repeats images, so there are still fewer in it, and in
    trials its distances lay 2 to 13 standard errors above the one that was found.

    Args:
        images: M of them, at least 2.
        reals: N of them, at least 2.
    """
    found = estimate(images, reals)
    if not found.errors():
        return None
    low, high = interval_of(found)
    return max(0.0, low), high


def estimate(images: Sample, reals: Sample) -> Estimate:
    """The distance, and to first order what leaving out a unit changes.

    That is the infinitesimal jackknife (Jaeckel 1972; Efron, SIAM 1982, chapter 6): with U S V^T
    the singular value decomposition of the product of the centred sets, whose nuclear norm has the
    gradient U V^T, image i of n has the influence 2 (shift . c) + |c|^2 - (n - 1) (U S U^T)_ii for
    its centred features c. One decomposition in place of one for each unit.

    Args:
        images: M of them, at least 2.
        reals: N of them, at least 2.
    """
    shift, a, b = _centred(images.features, reals.features)
    (basis_a, less_a), (basis_b, less_b) = _reduced(a), _reduced(b)
    left, values, right = np.linalg.svd(less_a @ less_b.T, full_matrices=False)
    left = left if basis_a is None else basis_a @ left
    right = right if basis_b is None else right @ basis_b.T
    distance = shift @ shift + (a**2).sum() + (b**2).sum() - 2 * values.sum()
    of_images = _influence(a, shift, left**2 @ values)
    of_reals = _influence(b, -shift, (right**2).T @ values)
    units = units_of([images, reals])
    found = Estimate(float(distance), {}, {})
    for sample, influence in ((images, of_images), (reals, of_reals)):
        found += _without(influence, sample, units)
    return found


def _centred(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The difference of the means, and both sets so that a.T @ a is the covariance: float64."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    middle_a, middle_b = a.mean(axis=0), b.mean(axis=0)
    a, b = (a - middle_a) / np.sqrt(len(a) - 1), (b - middle_b) / np.sqrt(len(b) - 1)
    return middle_a - middle_b, a, b


def _reduced(scaled: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
    """Of more images than dimensions an orthonormal basis [n, D], and the set in it [D, D]."""
    if len(scaled) <= scaled.shape[1]:
        return None, scaled
    basis, less = np.linalg.qr(scaled)
    return basis, less


def _influence(scaled: np.ndarray, shift: np.ndarray, cross: np.ndarray) -> np.ndarray:
    """How the distance changes as each image gains in weight: float64 [n], of mean 0."""
    free = len(scaled) - 1
    found = 2 * np.sqrt(free) * scaled @ shift + free * ((scaled**2).sum(axis=1) - cross)
    return found - found.mean()


def _without(influence: np.ndarray, sample: Sample, units: Units) -> Estimate:
    """What leaving out each unit changes, NaN where nothing would be left."""
    places = units[sample.population]
    unit = [places[each] for each in sample.units]
    sums, sizes = (np.bincount(unit, each, len(places)) for each in (influence, None))
    rest = len(influence) - sizes
    change = np.divide(-sums, rest, out=np.full(len(places), np.nan), where=rest > 0)
    return Estimate(0.0, {sample.population: change}, {})


METRIC = Metric(
    "fd",
    "Frechet distance",
    ("sample", "real_sample"),
    lambda images, reals: frechet_distance(images.features, reals.features),
    interval,
)
