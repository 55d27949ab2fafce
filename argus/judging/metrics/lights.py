"""Whether red stays red and green stays green: a translator may swap the colours of lights."""

from __future__ import annotations

import numpy as np

from argus.judging.metric import Metric

SPOT = 0.06
"""By how much a spot is redder or greener than what is around it, as a share of its light."""
RADIUS = 0.1
"""Of the surroundings, as a share of the image's height."""


def redness(images: np.ndarray) -> np.ndarray:
    """How much redder than green each place is than its surroundings: float64 [M, H, W].

    (R - G) / (R + G + B), less its local mean: a tint that lies over all moves neither.
    """
    from scipy.ndimage import gaussian_filter

    levels = images.astype(np.float64)
    opponent = (levels[..., 0] - levels[..., 1]) / (levels.sum(axis=3) + 30)  # dark noise is none
    radius = RADIUS * images.shape[1]
    return np.asarray(opponent - gaussian_filter(opponent, (0, radius, radius)))


def swapped(images: np.ndarray, sources: np.ndarray) -> float:
    """Share of red and green spots of the sources that took on the other colour, of those that kept
    any.

    Tail lamps, traffic lights and signs are such spots, and so are cars and trees; CycleGAN's cycle
    does not mind if red and green change places, as long as they change back.

    Args:
        images: uint8 [M, H, W, 3].
        sources: uint8 [M, H, W, 3], what each was translated from.

    Returns:
        0 to 1: 0 where none is swapped, or no spot has a colour any more.
    """
    before, after = redness(sources), redness(images)
    spots = (np.abs(before) > SPOT) & (np.abs(after) > SPOT / 2)
    return float((before * after < 0)[spots].mean()) if spots.any() else 0.0


METRIC = Metric("swapped", "colours swapped", ("images", "sources"), swapped, digits=2, table=False)
