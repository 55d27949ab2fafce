"""Where images lie among reals: what precision, recall, density and coverage are read from.

A set of images is thought of as the union of balls, one around each image's features, that reaches
to its k-th nearest neighbour (Kynkaanniemi et al., NeurIPS 2019; Naeem et al., ICML 2020).

Neighbours are counted among images of *other units* (drives; draws), where the papers take frames
for independent. The frames of one drive are near each other, so balls by them are so small that
not even other drives lie in them: on the demo training images would have density .13 and coverage
.19; so they have 1.19 and .82, and independent images 1 and .97. Where every image is a unit of its
own, this is what the papers say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from argus.judging.distances import blocks, by_content, fewest_outside, kth_nearest

K = 5
"""Neighbours that a ball reaches to, as Naeem et al. recommend."""
FEWEST = 2 * K
"""Images outside of each unit, from which on a set has balls: with fewer, a ball would reach over
more than half of them, and whatever lies anywhere near would be in it."""


@dataclass(frozen=True)
class Inside:
    """Of N points in a union of M balls: `balls` int64 [N], in how many of them each point lies;
    `holds` bool [M], whether each ball holds a point."""

    balls: np.ndarray
    holds: np.ndarray


@by_content(8)
def inside(points: np.ndarray, centres: np.ndarray, units: Sequence[str]) -> Inside | None:
    """In which balls around other images some images lie; None where these are too few for balls.

    What lies on the edge lies in the ball, so copies of an image lie in its ball of radius 0.

    Args:
        points: float [N, D], features.
        centres: float [M, D].
        units: of the centres, M names; see `FEWEST`.
    """
    if fewest_outside(units) < FEWEST:
        return None
    radii = kth_nearest(centres, K, units)
    balls, holds = np.empty(len(points), dtype=np.int64), np.zeros(len(centres), dtype=bool)
    for rows, apart in blocks(points, centres):
        within = apart <= radii
        balls[rows] = within.sum(axis=1)
        holds |= within.any(axis=0)
    return Inside(balls, holds)
