"""Coverage: the share of the reals that a model has something near."""

from __future__ import annotations

from argus.judging.manifold import inside
from argus.judging.metric import Metric
from argus.judging.statistics import Sample


def coverage(images: Sample, reals: Sample) -> float | None:
    """The share of reals in whose ball an image lies (Naeem et al., ICML 2020).

    From 0 to 1, which a few images cannot reach, nor collapsed ones. It grows with the number of
    images: where they are as many as the reals, and more of the same, .97 is to be expected.

    Args:
        images: M of them.
        reals: N of them; None with too few for balls (`manifold.FEWEST`).
    """
    found = inside(images.features, reals.features, reals.units)
    return None if found is None else float(found.holds.mean())


METRIC = Metric(
    "coverage", "coverage", ("sample", "real_sample"), coverage, better="larger", digits=3
)
