"""AuthPct: the share of a model's images that no training image stands out as the original of."""

from __future__ import annotations

import numpy as np

from argus.judging.distances import by_content, kth_nearest, nearest
from argus.judging.metric import Metric


def auth_pct(features: np.ndarray, training_features: np.ndarray) -> float | None:
    """The share of authentic images (Alaa et al., ICML 2022, section 2.3).

    An image is authentic if the training image that it is nearest to has another training image
    that is nearer to it. From 0, all copied, to 1; held-out reals have less than 1 (.97 on the
    demo, .83 on frames of 400 trips). In a drive of many frames the next frame is near, and a copy
    that was blurred a little is called authentic.

    Args:
        features: float [M, D].
        training_features: float [K, D]; None with fewer than 2.
    """
    if len(training_features) < 2:
        return None
    closest = nearest(features, training_features)
    return float((closest.distance > _to_others(training_features)[closest.row]).mean())


@by_content(2)
def _to_others(features: np.ndarray) -> np.ndarray:
    return kth_nearest(features, 1, [str(row) for row in range(len(features))])


METRIC = Metric(
    "auth_pct",
    "authentic images",
    ("features", "training_features"),
    auth_pct,
    better="larger",
    digits=3,
    table=False,
)
