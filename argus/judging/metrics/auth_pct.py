"""AuthPct: the share of a model's images that no training image stands out as the original of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from argus.judging.distances import by_content, fewest_outside, kth_nearest, nearest
from argus.judging.metric import Metric


def auth_pct(
    features: np.ndarray, training_features: np.ndarray, training_drives: Sequence[str]
) -> float | None:
    """The share of authentic images (Alaa et al., ICML 2022, section 2.3).

    An image is authentic if the training image that it is nearest to has another training image
    that is nearer to it. From 0, all copied, to 1, poor images too; held-out reals have .66 (the
    demo) to .83 (frames of 400 trips).

    The other one has to be of another drive: the next frame of its own is so near that a copy that
    was blurred by .7 px at 32x48 would be authentic in 76 of 100 cases, in place of 14.

    Args:
        features: float [M, D].
        training_features: float [K, D].
        training_drives: K names; None if they are not two different ones at least.
    """
    if fewest_outside(training_drives) < 1:
        return None
    closest = nearest(features, training_features)
    to_others = _to_others(training_features, training_drives)
    return float((closest.distance > to_others[closest.row]).mean())


@by_content(8)
def _to_others(features: np.ndarray, drives: Sequence[str]) -> np.ndarray:
    return kth_nearest(features, 1, drives)


METRIC = Metric(
    "auth_pct",
    "authentic images",
    ("features", "training_features", "training_drives"),
    auth_pct,
    better="larger",
    digits=3,
    table=False,
)
