"""Perceptual hashes of many images at once, and what they are worth."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image

SIDE = 32  # px of the square that the transform sees
KEPT = 8  # lowest frequencies kept in each direction
PLACES = np.uint64(1) << np.arange(KEPT * KEPT - 1, -1, -1, dtype=np.uint64)


def _cosines() -> np.ndarray:
    """The lowest rows of the DCT-II matrix, as `scipy.fftpack.dct` scales it: [KEPT, SIDE]."""
    k, n = np.arange(KEPT)[:, None], np.arange(SIDE)[None, :]
    return 2 * np.cos(np.pi * k * (2 * n + 1) / (2 * SIDE))


COSINES = _cosines()

# One grey level of independent noise on every pixel moves a coefficient by this much (standard
# deviation): the norm of its basis image.
NOISE = np.outer(np.linalg.norm(COSINES, axis=1), np.linalg.norm(COSINES, axis=1)).ravel()


class PerceptualHashes(NamedTuple):
    """Per image: the hash, that of the image mirrored left to right, and the fragile bits."""

    phash: np.ndarray  # uint64 [N]
    phash_mirrored: np.ndarray  # uint64 [N]
    fragile: np.ndarray  # uint8 [N], 0 to 64


def exact_dct(grey: Image.Image) -> np.ndarray:
    """The lowest frequencies of an image as `imagehash.phash` sees it: float64 [KEPT, KEPT].

    Pillow shrinks the image to SIDE x SIDE, then comes the transform.
    """
    small = np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.LANCZOS))
    return COSINES @ small.astype(np.float64) @ COSINES.T


def fast_dct(pixels: np.ndarray) -> np.ndarray:
    """The same as `exact_dct` but for Pillow's rounding to whole levels, in a fifth of the time.

    Shrinking and transform are both linear, so they are one matrix for the rows and one for the
    columns.

    Args:
        pixels: uint8 [H, W].
    """
    height, width = pixels.shape
    return _shrunk_cosines(height) @ pixels.astype(np.float64) @ _shrunk_cosines(width).T


@lru_cache(maxsize=256)
def _shrunk_cosines(length: int) -> np.ndarray:
    """The transform behind a Lanczos filter from `length` px to SIDE px: [KEPT, length]."""
    scale = max(length / SIDE, 1.0)  # the filter is widened to shrink, never narrowed to enlarge
    centre = (np.arange(SIDE)[:, None] + 0.5) * length / SIDE
    apart = (np.arange(length) + 0.5 - centre) / scale
    weight = np.where(np.abs(apart) < 3, np.sinc(apart) * np.sinc(apart / 3), 0.0)
    return COSINES @ (weight / weight.sum(axis=1, keepdims=True))


def perceptual_hashes(terms: np.ndarray) -> PerceptualHashes:
    """64-bit perceptual hashes (as `imagehash.phash`) of many images.

    A bit is the sign of one of the 8 x 8 lowest DCT terms against their median; the first of the
    first row is the most significant. Mirroring a image left to right turns the sign of its odd
    horizontal frequencies, so the mirrored hash costs no second transform.

    A bit is fragile if its coefficient lies so near to the median that one grey level of noise in
    the 32 x 32 image may turn it. Flat and black frames have many and hash at random.

    Args:
        terms: float64 [N, KEPT, KEPT], of `exact_dct` or `fast_dct`; never of both in one index.
    """
    terms = terms.reshape(-1, KEPT * KEPT)
    signs = np.tile((-1.0) ** np.arange(KEPT), KEPT)
    phash, apart = _against_median(terms)
    mirrored, _ = _against_median(terms * signs)
    return PerceptualHashes(phash, mirrored, (np.abs(apart) < NOISE).sum(axis=1).astype(np.uint8))


def _against_median(terms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The bits of [N, 64] terms as uint64 [N], and how far each term is from the median."""
    apart = terms - np.median(terms, axis=1, keepdims=True)
    return ((apart > 0) * PLACES).sum(axis=1, dtype=np.uint64), apart


def pixel_digest(pixels: np.ndarray, width: int, height: int) -> str:
    """A hash of the decoded pixels: equal for files whose bytes differ in metadata alone.

    128 bits of SHA-256 over the size of the image and the grey image, hexadecimal.

    Args:
        pixels: uint8 [H, W], which may be smaller than the image.
        width: of the image, px.
        height: likewise.
    """
    digest = hashlib.sha256(f"{width}x{height}:{pixels.shape}".encode())
    digest.update(pixels.data)
    return digest.hexdigest()[:32]
