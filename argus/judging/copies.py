"""Which training image each of a model's images is nearest to, by perceptual hash, and a sheet of
the closest pairs.

By the hash a copy is found though it was mirrored, re-encoded, blurred or made brighter or darker.
Features see crops of a few percent, too, but at 32x48 take a re-encoded copy for another image: so
both are asked (`metrics/copied.py`, `metrics/nearest_training.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from argus.data.contact_sheets import contact_sheet
from argus.data.measuring.perceptual_hash import PerceptualHashes, fast_dct, perceptual_hashes
from argus.data.measuring.quality import at_common_size
from argus.hamming.search import hamming_distance
from argus.judging.distances import Nearest, by_content

MOST_FRAGILE = 16
"""Bits of the hash that one grey level may turn: with more, thick fog perhaps, it is left out, as
in `ingest.quality.max_fragile`, since it comes near others by chance."""
UNKNOWN = 65  # bits, more than there are: the hash of one of the two says nothing
ROWS = 1 << 20  # pairs compared at a time
SHOWN = 144  # px, at least so wide is an image on the sheet


class Pair(NamedTuple):
    """An image, the training image that it is nearest to, and how near it is in words."""

    image: int
    training_image: int
    caption: str


@by_content(4)
def hashes(images: np.ndarray) -> PerceptualHashes:
    """The hashes of images, as `ingest` makes them in its mode `fast`.

    Args:
        images: uint8 [N, H, W, 3].
    """
    grey = [at_common_size(Image.fromarray(image).convert("L")) for image in images]
    return perceptual_hashes(np.stack([fast_dct(np.asarray(image)) for image in grey]))


def nearest_by_hash(images: np.ndarray, training_images: np.ndarray) -> Nearest:
    """The nearest training image of each image, either of them mirrored or not.

    Args:
        images: uint8 [M, H, W, 3].
        training_images: uint8 [K, h, w, 3], K at least 1.

    Returns:
        Rows of `training_images`, the first of equally near ones; and bits, 0 to 64, or `UNKNOWN`.
    """
    here, there = hashes(images), hashes(training_images)
    row = np.empty(len(images), dtype=np.int64)
    bits = np.empty(len(images), dtype=np.int64)
    step = max(1, ROWS // len(training_images))
    for start in range(0, len(images), step):
        rows = slice(start, start + step)
        plain, mirrored = here.phash[rows, None], here.phash_mirrored[rows, None]
        apart = hamming_distance(plain, there.phash)
        # which of the two is mirrored may matter, see `Hashes.apart`
        np.minimum(apart, hamming_distance(plain, there.phash_mirrored), out=apart)
        np.minimum(apart, hamming_distance(mirrored, there.phash), out=apart)
        apart[:, there.fragile > MOST_FRAGILE] = UNKNOWN
        apart[here.fragile[rows] > MOST_FRAGILE] = UNKNOWN
        row[rows], bits[rows] = apart.argmin(axis=1), apart.min(axis=1)
    return Nearest(row, bits)


def closest_pairs(by_hash: Nearest, by_features: Nearest, radius: int, count: int) -> list[Pair]:
    """The images that come nearest to a training image, with that one.

    First those within the radius by hash, the nearest first; then by features, which hashes say
    nothing of any more.

    Args:
        by_hash: as `nearest_by_hash` gives it, of M images.
        by_features: as `distances.nearest` gives it, of the same.
        radius: bits within which an image is a copy.
        count: pairs at most.
    """
    copied = by_hash.distance <= radius
    order = np.lexsort([by_features.distance, np.where(copied, by_hash.distance, UNKNOWN)])
    return [
        Pair(row, int(by_hash.row[row]), f"copy: {int(by_hash.distance[row])} of 64 bits differ")
        if copied[row]
        else Pair(row, int(by_features.row[row]), f"features {by_features.distance[row]:.3g} apart")
        for row in order[:count].tolist()
    ]


def pairs_sheet(
    images: np.ndarray, training_images: np.ndarray, pairs: Sequence[Pair], columns: int = 3
) -> Image.Image:
    """A contact sheet of pairs: on the left a model's image, on the right the training image.

    Args:
        images: uint8 [M, H, W, 3].
        training_images: uint8 [K, H, W, 3].
        pairs: at least one; rows of these.
        columns: pairs in a row.
    """
    shown = [side for pair in pairs for side in (images[pair.image], training_images[pair[1]])]
    captions = [text for pair in pairs for text in (f"image {pair.image}", pair.caption)]
    scale = -(-SHOWN // images.shape[2])
    return contact_sheet(np.stack(shown), 2 * columns, captions, scale)
