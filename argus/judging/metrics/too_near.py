"""Too near: the share of a model's images that are nearer to a training image than a real is."""

from __future__ import annotations

import numpy as np

from argus.judging.distances import nearest
from argus.judging.metric import Metric

SHARE = 0.85
"""Of the least distance of a held-out real. Of other reals at most .2 % came nearer than that,
where 19 to 130 of them were held out by drive; nearer than .95 of it, up to 2 %."""


def too_near(
    features: np.ndarray, reals: np.ndarray, training_features: np.ndarray
) -> float | None:
    """The share of images within `SHARE` of the least distance of a held-out real to training.

    From 0 to 1. So copies are found that the hash overlooks, being shifted (.99 of those by 3 px at
    32x48), cropped by 1 to 4 px (.96 to .14), turned by 3 degrees (.40) or mixed from two (.02 to
    .39); where features overlook them, as encoded again or blurred, `copied` finds them.

    Args:
        features: float [M, D].
        reals: float [N, D]; None if one of them is a training image.
        training_features: float [K, D]; None without any.
    """
    if not len(training_features):
        return None
    least = float(nearest(reals, training_features).distance.min())
    if least == 0:
        return None
    return float((nearest(features, training_features).distance < SHARE * least).mean())


METRIC = Metric(
    "too_near",
    "too near to training",
    ("features", "real_features", "training_features"),
    too_near,
    digits=2,
    table=False,
)
