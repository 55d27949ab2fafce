"""Recall: the share of the reals that a model could have made."""

from __future__ import annotations

from argus.judging.manifold import inside
from argus.judging.metric import Metric
from argus.judging.statistics import Sample


def recall(images: Sample, reals: Sample) -> float | None:
    """The share of reals that lie in the ball of an image (Kynkaanniemi et al., NeurIPS 2019).

    From 0 to 1. Images that lie far apart have large balls, in which reals lie by chance:
    `coverage` is not fooled by it.

    Args:
        images: M of them; None with too few for balls (`manifold.FEWEST`).
        reals: N of them.
    """
    found = inside(reals.features, images.features, images.units)
    return None if found is None else float((found.balls > 0).mean())


METRIC = Metric(
    "recall",
    "recall",
    ("sample", "real_sample"),
    recall,
    better="larger",
    digits=3,
    table=False,
)
