"""Density: how thick the reals lie where a model's images are."""

from __future__ import annotations

from argus.judging.manifold import K, inside
from argus.judging.metric import Metric
from argus.judging.statistics import Sample


def density(images: Sample, reals: Sample) -> float | None:
    """In how many balls of reals an image lies, as a share of `K` (Naeem et al., ICML 2020).

    From 0 on; 1 where the images are more of the reals. Above it they crowd where reals are thick:
    one typical image drawn again and again has a high density, and hardly any coverage.

    Args:
        images: M of them.
        reals: N of them; None with too few for balls (`manifold.FEWEST`).
    """
    found = inside(images.features, reals.features, reals.units)
    return None if found is None else float(found.balls.mean()) / K


METRIC = Metric(
    "density",
    "density",
    ("sample", "real_sample"),
    density,
    better="larger",
    digits=3,
    table=False,
)
