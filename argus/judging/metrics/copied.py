"""Copied: the share of a model's images that are training images, but for what a hash overlooks."""

from __future__ import annotations

import numpy as np

from argus.judging.metric import Metric

SURE = 0.9  # that the share lies in the interval


def copied(images: np.ndarray, training_images: np.ndarray, radius: int) -> float:
    """The share of images within a Hamming radius of a training image, mirrored or not.

    From 0 to 1. An image whose hash says nothing, as of thick fog, is no copy (`copies`).

    Args:
        images: uint8 [M, H, W, 3].
        training_images: uint8 [K, H, W, 3].
        radius: bits of the 64-bit perceptual hash, that of `dedupe`.
    """
    return float(_near(images, training_images, radius).mean())


def interval(images: np.ndarray, training_images: np.ndarray, radius: int) -> tuple[float, float]:
    """Clopper and Pearson's interval (Biometrika 1934) of the share among more images of the model.

    Exact for independent draws; translations of one drive are not quite.
    """
    from scipy.stats import beta  # a second to import, and readers of reports need it not

    near = _near(images, training_images, radius)
    m, k, tail = len(near), int(near.sum()), (1 - SURE) / 2
    low = beta.ppf(tail, k, m - k + 1) if k else 0.0
    high = beta.ppf(1 - tail, k + 1, m - k) if k < m else 1.0
    return float(low), float(high)


def _near(images: np.ndarray, training_images: np.ndarray, radius: int) -> np.ndarray:
    from argus.judging.copies import nearest_by_hash  # needs Pillow, and readers of reports do not

    return nearest_by_hash(images, training_images).distance <= radius


METRIC = Metric(
    "copied", "copies", ("images", "training_images", "radius"), copied, interval, digits=2
)
