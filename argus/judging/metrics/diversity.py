"""How unlike each other a model's images are within a class; training watches it for collapse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from argus.judging.metric import Metric


def spread(features: np.ndarray, labels: Sequence[str]) -> float:
    """How far an image lies from the others of its class, on average: 0 where all are alike.

    The mean over images of the mean Euclidean distance to the others of the class. No image is
    paired with itself, so the mean over many draws does not depend on how many images there are;
    an image that is alone in its class says nothing and is left out (0 if all are).

    Distances between classes do not count: a generator that draws one image for each class has
    no spread, however unlike the classes are.

    Args:
        features: float [N, D].
        labels: N class names.
    """
    from scipy.spatial.distance import pdist  # half a second that a reader of reports can spare

    names, counts = np.unique(np.asarray(labels, dtype=str), return_counts=True)
    several = counts > 1
    if not several.any():
        return 0.0
    by_class = [features[np.asarray(labels) == name] for name in names[several]]
    means = [pdist(of_class).mean() for of_class in by_class]
    return float(np.average(means, weights=counts[several]))


def diversity(
    features: np.ndarray, reals: np.ndarray, labels: Sequence[str], requested: Sequence[str]
) -> float:
    """The spread of a model's images as a share of that of the reals.

    Over the classes that the model knows; 1 where the reals leave nothing to compare with (a single
    image in each class, or copies).

    Args:
        features: float [N, D], of the model's images.
        reals: float [N, D].
        labels: N class names, of the reals.
        requested: N class names; another one than the real's where the model does not know that.
    """
    names = np.array(labels)
    known = names == np.array(requested)
    of_reals = spread(reals[known], names[known])
    return spread(features[known], names[known]) / of_reals if of_reals else 1.0


METRIC = Metric(
    "diversity",
    "diversity",
    ("features", "real_features", "labels", "requested"),
    diversity,
    better="larger",
    evaluated=False,
)
