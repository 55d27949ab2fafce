"""Nearest training image: how far off it is by features, as a share of what held-out reals have."""

from __future__ import annotations

import numpy as np

from argus.judging.distances import nearest
from argus.judging.metric import Metric


def nearest_training(
    features: np.ndarray, reals: np.ndarray, training_features: np.ndarray
) -> float | None:
    """The median distance to the nearest training image, over that of the held-out reals.

    From 0, copies; 1 where the images are as new as other reals are; above it they are further
    from anything real. Of other reals it was 1 with a standard deviation of .02 (400 trips) to .04
    (20 drives). Copies that were re-encoded at 32x48 have 1 as well: see `copied`.

    Args:
        features: float [M, D].
        reals: float [N, D]; None if half of them are training images.
        training_features: float [K, D].
    """
    of_reals = float(np.median(nearest(reals, training_features).distance))
    if of_reals == 0:
        return None
    return float(np.median(nearest(features, training_features).distance)) / of_reals


METRIC = Metric(
    "nearest_training",
    "distance to training",
    ("features", "real_features", "training_features"),
    nearest_training,
    better="larger",
    digits=3,
    table=False,
)
