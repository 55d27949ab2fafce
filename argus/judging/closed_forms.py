"""Images without a model: what a lookup table translates, and what a Gaussian draws.

Both are computed in one pass from the training images that a GAN would learn from. A network that
is no better than these has not earned its training; docs/adr/0023-closed-form-baselines.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from argus.data.packed import Packed
from argus.judging.evaluation_set import made_up

KNOTS = 33
"""Of a tone curve: the minimum, the maximum, and the quantiles between, evenly."""
MOST = 1000
"""Training images of a class behind its Gaussian; it has one principal component fewer."""
CELLS = 2**23
"""Float64 numbers held at a time, 64 MiB, whatever the size and the number of images."""


def histograms(images: Iterable[np.ndarray]) -> np.ndarray:
    """How often each channel has each level: int64 [3, 256].

    Args:
        images: uint8 [H, W, 3] each, taken one at a time, so that mapped ones are never all in
            memory.
    """
    counts = np.zeros((3, 256), np.int64)
    for image in images:
        for channel in range(3):
            counts[channel] += np.bincount(image[..., channel].ravel(), minlength=256)
    return counts


def quantiles(counts: np.ndarray) -> np.ndarray:
    """The `KNOTS` quantiles of levels, from how often each occurs (int64 [256], not all zero).

    Returns:
        float64 [KNOTS], those of `np.quantile` over the levels one by one.
    """
    upto = np.cumsum(counts)
    position = np.linspace(0, 1, KNOTS) * (upto[-1] - 1)
    low = np.floor(position)
    ends = [np.searchsorted(upto, at, side="right") for at in (low, np.ceil(position))]
    return ends[0] + (position - low) * (ends[1] - ends[0])


def tone_curve(sources: Iterable[np.ndarray], targets: Iterable[np.ndarray]) -> np.ndarray:
    """One curve a channel that gives images of one condition the levels of another.

    The source's quantiles go to the target's, straight lines lie between (histogram matching at
    `KNOTS` knots; Gonzalez and Woods, Digital Image Processing, section 3.3). Source quantiles that
    coincide go to the mean of theirs, levels beyond all of the source to the ends of the target.

    Args:
        sources: uint8 [H, W, 3] each, one at least, of the condition to translate from.
        targets: likewise, of that to translate to.

    Returns:
        uint8 [256, 3], the new level of each, by channel; it never falls.
    """
    curve = np.empty((256, 3), np.uint8)
    for channel, (source, target) in enumerate(
        zip(histograms(sources), histograms(targets), strict=True)
    ):
        knots, tied = np.unique(quantiles(source), return_inverse=True)
        levels = np.bincount(tied, weights=quantiles(target)) / np.bincount(tied)
        curve[:, channel] = np.rint(np.interp(np.arange(256), knots, levels))
    return curve


def translated(images: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """Images through a tone curve.

    Args:
        images: uint8 [S, H, W, 3].
        curve: uint8 [256, 3].

    Returns:
        uint8 [S, H, W, 3].
    """
    found = np.empty_like(images)
    for channel in range(3):
        np.take(curve[:, channel], images[..., channel], out=found[..., channel])
    return found


def gaussian_draws(train: Packed, labels: Sequence[str], seed: int) -> np.ndarray:
    """Draws from one Gaussian a class, in the principal components of its pixels (probabilistic PCA
    without a noise term: Tipping and Bishop, 1999), rounded and clipped to the levels that exist.

    Mean and covariance are those of the class's training images, at most the first `MOST` by hash,
    in as many components as they have, one fewer than images. They are never computed: with w
    standard normal, mean + (x - mean)^T w / sqrt(n - 1) has both, so that a draw is a mix of the
    images, whose shares add up to 1. Of a single image all draws are that image.

    Args:
        train: what to draw like.
        labels: the classes asked for, M names; one without training images is made up from the
            others, as it is for a model (`evaluation_set.made_up`).
        seed: of w.

    Returns:
        uint8 [M, H, W, 3].
    """
    by_hash = np.argsort(train.image_ids)
    seen = train.labels[by_hash]
    names = [name for number, name in enumerate(train.classes) if (seen == number).any()]
    asked = np.array(made_up(labels, names), dtype=object)
    found = np.empty((len(labels), *train.images.shape[1:]), np.uint8)
    for name in names:
        number, wanted = train.classes.index(name), np.flatnonzero(asked == name)
        rows = by_hash[seen == number][:MOST]
        shares = _shares(len(wanted), len(rows), seed=[seed, number])
        _mix(train.images, rows, shares, found, wanted)
    return found


def _shares(draws: int, images: int, seed: Sequence[int]) -> np.ndarray:
    """How much of each image is in each draw: float64 [draws, images], rows adding up to 1."""
    w = np.random.default_rng(seed).standard_normal((draws, images))
    centred = w - w.mean(axis=1, keepdims=True)
    return 1 / images + centred / np.sqrt(max(images - 1, 1))


def _mix(
    images: np.ndarray, rows: np.ndarray, shares: np.ndarray, found: np.ndarray, wanted: np.ndarray
) -> None:
    """Fill `found[wanted]` with `shares @ images[rows]`, a strip of all images at a time."""
    height, width = images.shape[1:3]
    step = max(1, CELLS // ((len(rows) + len(wanted)) * width * 3))
    for top in range(0, height, step):
        strip = images[rows, top : top + step]
        mixed = shares @ strip.reshape(len(rows), -1).astype(np.float64)
        levels = np.rint(mixed).clip(0, 255).astype(np.uint8)
        found[wanted, top : top + step] = levels.reshape(len(wanted), *strip.shape[1:])
