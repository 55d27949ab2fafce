"""How unlike each other a model's images are within a class; training watches it for collapse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from argus.judging.metric import Metric


def spread(features: np.ndarray, labels: Sequence[str]) -> dict[str, float]:
    """How far two images of a class lie from each other, on average: 0 where all are alike.

    The mean Euclidean distance over pairs of different images, so that the mean over many draws
    does not depend on how many images there are. A class of a single image is left out.

    Args:
        features: float [N, D].
        labels: N class names.

    Returns:
        By class, in order of the names.
    """
    from scipy.spatial.distance import pdist  # half a second that a reader of reports can spare

    names, counts = np.unique(np.asarray(labels, dtype=str), return_counts=True)
    of_class = {name: features[np.asarray(labels) == name] for name in names[counts > 1].tolist()}
    return {name: float(pdist(images).mean()) for name, images in of_class.items()}


def diversity(
    features: np.ndarray, reals: np.ndarray, labels: Sequence[str], requested: Sequence[str]
) -> float:
    """The spread of a model's images as a share of that of the reals.

    Distances between classes do not count: a generator that draws one image for each class has
    none, however unlike the classes are. A class counts as often as the reals have it, and not at
    all if there are not several images of it on both sides. 1 where the reals leave nothing to
    compare with (a single image in each class, or copies).

    Args:
        features: float [M, D], of the model's images.
        reals: float [N, D].
        labels: N class names, of the reals.
        requested: M class names, those that the model was given.
    """
    ours, theirs = spread(features, requested), spread(reals, labels)
    weights = {name: list(labels).count(name) for name in theirs if name in ours}
    of_reals = sum(weight * theirs[name] for name, weight in weights.items())
    return sum(weights[name] * ours[name] for name in weights) / of_reals if of_reals else 1.0


METRIC = Metric(
    "diversity",
    "diversity",
    ("features", "real_features", "labels", "requested"),
    diversity,
    better="larger",
    evaluated=False,
)
