"""Is one model better than another, beyond chance? Drives, not frames, are the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Comparison:
    """The score of a challenger less that of its rival, its standard error, and how sure it is to
    be below zero.

    `difference` is negative if the challenger is nearer to the reals. `confidence`, 0 to 1, is
    one minus the one-sided p-value. `drives` is how many there were to tell from; a single one
    gives no standard error.
    """

    difference: float
    standard_error: float | None
    confidence: float
    drives: int


def over_groups(h: np.ndarray, groups: Sequence[str]) -> Comparison:
    """A U-statistic of degree two that compares two models, with its standard error over drives.

    That is the jackknife that leaves out one drive at a time (frames of one drive are no
    independent evidence; leaving out single frames would make the test far too sure); Student's t
    with one degree of freedom less than there are drives turns it into a confidence.

    Args:
        h: float64 [N, N], symmetric, 0 on its diagonal: what each pair of images adds to the
            difference.
        groups: N drive names.
    """
    from scipy.stats import t  # a second to import, and readers of reports need it not

    names, member = np.unique(np.asarray(groups), return_inverse=True)
    inside = np.eye(len(names))[member]  # [N, G], which drive an image is of
    between = inside.T @ h @ inside  # [G, G] sums of h over pairs of drives
    size = inside.sum(axis=0)
    n, g = len(h), len(names)

    difference = h.sum() / (n * (n - 1))
    sums = h.sum() - 2 * between.sum(axis=1) + np.diag(between)
    rest = n - size
    if g < 2 or rest.min() < 2:
        return Comparison(float(difference), None, 0.5, g)
    without = sums / (rest * (rest - 1))
    error = float(np.sqrt((g - 1) / g * ((without - without.mean()) ** 2).sum()))
    if error == 0:
        sure = 0.5 if difference == 0 else float(difference < 0)
        return Comparison(float(difference), 0.0, sure, g)
    return Comparison(float(difference), error, float(t.sf(difference / error, df=g - 1)), g)
