"""Is one model nearer to the held-out reals than another, beyond chance?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from argus.judging.metrics.kid import kernel


@dataclass(frozen=True)
class Verdict:
    """KID(challenger) - KID(rival), its standard error, and how sure it is to be below zero.

    `difference` is negative if the challenger is nearer to the reals. `confidence`, 0 to 1, is
    one minus the one-sided p-value. `drives` is how many there were to tell from; a single one
    gives no standard error.
    """

    difference: float
    standard_error: float | None
    confidence: float
    drives: int


def compare(
    challenger: np.ndarray, rival: np.ndarray, reals: np.ndarray, groups: Sequence[str]
) -> Verdict:
    """The relative similarity test of Bounliphone et al. (ICLR 2016), over drives.

    Both models answer the same tasks, so image i of either and real i form a triple, and the
    difference of their unbiased squared MMDs to the reals is one U-statistic over triples. Its
    standard error is the jackknife that leaves out one drive at a time (frames of one drive are no
    independent evidence; leaving out single frames would make the test far too sure); Student's t
    with one degree of freedom less than there are drives turns it into a confidence.

    Args:
        challenger: float [N, D] features.
        rival: float [N, D].
        reals: float [N, D].
        groups: N drive names, at least two different ones.
    """
    h = _terms(challenger, reals) - _terms(rival, reals)
    np.fill_diagonal(h, 0)

    names, member = np.unique(np.asarray(groups), return_inverse=True)
    inside = np.eye(len(names))[member]  # [N, G], which drive an image is of
    between = inside.T @ h @ inside  # [G, G] sums of h over pairs of drives
    size = inside.sum(axis=0)
    n, g = len(h), len(names)

    difference = h.sum() / (n * (n - 1))
    sums = h.sum() - 2 * between.sum(axis=1) + np.diag(between)
    rest = n - size
    if g < 2 or rest.min() < 2:
        return Verdict(float(difference), None, 0.5, g)
    without = sums / (rest * (rest - 1))
    error = float(np.sqrt((g - 1) / g * ((without - without.mean()) ** 2).sum()))
    if error == 0:
        sure = 0.5 if difference == 0 else float(difference < 0)
        return Verdict(float(difference), 0.0, sure, g)
    return Verdict(float(difference), error, float(t.sf(difference / error, df=g - 1)), g)


def _terms(model: np.ndarray, reals: np.ndarray) -> np.ndarray:
    """What each pair of triples adds to a model's squared MMD, but for the reals' own part."""
    cross = kernel(model, reals)
    return kernel(model, model) - (cross + cross.T)
