"""Precision: the share of a model's images that look real."""

from __future__ import annotations

from argus.judging.manifold import inside
from argus.judging.metric import Metric
from argus.judging.statistics import Sample


def precision(images: Sample, reals: Sample) -> float | None:
    """The share of images that lie in the ball of a real (Kynkaanniemi et al., NeurIPS 2019).

    From 0 to 1. One odd real with a large ball may hold many images: `density` is not fooled by it.

    Args:
        images: M of them.
        reals: N of them; None with too few for balls (`manifold.FEWEST`).
    """
    found = inside(images.features, reals.features, reals.units)
    return None if found is None else float((found.balls > 0).mean())


METRIC = Metric(
    "precision",
    "precision",
    ("sample", "real_sample"),
    precision,
    better="larger",
    digits=3,
    table=False,
)
