"""C_T: whether a model's images lie nearer to training images than held-out reals do."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from argus.judging.distances import nearest
from argus.judging.metric import Metric

FEWEST = 8
"""Reals and images of a class from which on it counts: below, the normal approximation is poor."""


def c_t(
    features: np.ndarray,
    reals: np.ndarray,
    training_features: np.ndarray,
    requested: Sequence[str],
    labels: Sequence[str],
) -> float | None:
    """The data-copying statistic of Meehan et al. (AISTATS 2020), classes being its cells.

    In each class the Mann-Whitney U of the distances to the nearest training image, of images
    against reals, as a standard score; their mean weighted by the number of reals. Below 0 where
    images lie nearer (copies), above where they lie further off (poor images).

    Its scale takes reals for independent: of 400 trips the C_T of other reals had a standard
    deviation of 1.0, over drives of 7 frames of 1.9, over runs of 12 of 3.4. So it is no test.

    Args:
        features: float [M, D].
        reals: float [N, D].
        training_features: float [K, D].
        requested: M class names.
        labels: N class names; None if there are fewer than `FEWEST` of every class.
    """
    of_images = nearest(features, training_features).distance
    of_reals = nearest(reals, training_features).distance
    asked, known = np.asarray(requested, dtype=str), np.asarray(labels, dtype=str)
    scores, weights = [], []
    for name in np.unique(known):
        here, there = of_images[asked == name], of_reals[known == name]
        if min(len(here), len(there)) >= FEWEST:
            scores.append(_standard_score(here, there))
            weights.append(len(there))
    return float(np.average(scores, weights=weights)) if scores else None


def _standard_score(a: np.ndarray, b: np.ndarray) -> float:
    """Of the Mann-Whitney U of two samples, ties counting half; below 0 where `a` is smaller."""
    ordered = np.sort(b)
    smaller = np.searchsorted(ordered, a, "left") + np.searchsorted(ordered, a, "right")
    n, m = len(a), len(b)
    return (float(smaller.sum()) / 2 - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)


METRIC = Metric(
    "c_t",
    "C_T",
    ("features", "real_features", "training_features", "requested", "labels"),
    c_t,
    better="larger",
    digits=2,
    table=False,
)
