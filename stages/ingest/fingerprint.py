"""Perceptual hashes of many pictures at once, and what they are worth."""

from __future__ import annotations

import hashlib
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
# deviation): the norm of its basis picture.
NOISE = np.outer(np.linalg.norm(COSINES, axis=1), np.linalg.norm(COSINES, axis=1)).ravel()


class Hashes(NamedTuple):
    """Per picture: the hash, that of the picture mirrored left to right, and the fragile bits."""

    phash: np.ndarray  # uint64 [N]
    mirrored: np.ndarray  # uint64 [N]
    fragile: np.ndarray  # uint8 [N], 0 to 64


def small(grey: Image.Image) -> np.ndarray:
    """What the hash sees of a grey picture: uint8 [SIDE, SIDE]."""
    return np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def hashes(pictures: np.ndarray) -> Hashes:
    """64-bit perceptual hashes (`imagehash.phash`), by one matrix product for all.

    A bit is the sign of one of the 8 x 8 lowest DCT terms against their median; the first of the
    first row is the most significant. Mirroring a picture left to right turns the sign of its odd
    horizontal frequencies, so the mirrored hash costs no second transform.

    A bit is fragile if its coefficient lies so near to the median that one grey level of noise in
    the 32 x 32 picture may turn it. Flat and black frames have many and hash at random.

    Args:
        pictures: uint8 [N, 32, 32], as `small` makes them.
    """
    terms = (COSINES @ pictures.astype(np.float64) @ COSINES.T).reshape(-1, KEPT * KEPT)
    signs = np.tile((-1.0) ** np.arange(KEPT), KEPT)
    phash, apart = _against_median(terms)
    mirrored, _ = _against_median(terms * signs)
    return Hashes(phash, mirrored, (np.abs(apart) < NOISE).sum(axis=1).astype(np.uint8))


def _against_median(terms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The bits of [N, 64] terms as uint64 [N], and how far each term is from the median."""
    apart = terms - np.median(terms, axis=1, keepdims=True)
    return ((apart > 0) * PLACES).sum(axis=1, dtype=np.uint64), apart


def of_pixels(grey: Image.Image, width: int, height: int) -> str:
    """A hash of the decoded pixels: equal for files whose bytes differ in metadata alone.

    BLAKE2b of 128 bits over the size of the picture and the grey picture, hexadecimal.
    """
    digest = hashlib.blake2b(f"{width}x{height}:{grey.size}".encode(), digest_size=16)
    digest.update(grey.tobytes())
    return digest.hexdigest()
