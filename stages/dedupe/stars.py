"""Star grouping: an image is dropped only for one that is kept, never for one that was dropped.

Connected components chain: along a drive each frame is near the next, and the whole drive becomes
one group with one image kept. A star has its kept image at the centre and nothing further away
than the radius.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from stages.dedupe.search import pairs_within


def stars(hashes: np.ndarray, radius: int) -> tuple[np.ndarray, np.ndarray]:
    """Group hashes in order: the first seen of a star is its centre and is kept.

    Prefix-stable: what is decided of the first n hashes does not depend on those after them.

    Args:
        hashes: uint64 [N], in order of arrival.
        radius: bits.

    Returns:
        centre: int64 [N], the row of the kept hash that each row belongs to (its own if kept);
            the nearest kept one within the radius, the earlier of two as near.
        distance: uint8 [N], bits to that centre.
    """
    left, right, apart = pairs_within(hashes, radius)
    centre = np.arange(len(hashes), dtype=np.int64)
    distance = np.zeros(len(hashes), dtype=np.uint8)
    rows, starts = np.unique(right, return_index=True)
    for row, (a, b) in zip(rows, pairwise(np.r_[starts, len(right)]), strict=True):
        earlier, bits = left[a:b], apart[a:b]
        kept = centre[earlier] == earlier
        if kept.any():
            best = np.argmin(np.where(kept, bits, np.uint8(255)))  # the first of equals: earliest
            centre[row], distance[row] = earlier[best], bits[best]
    return centre, distance
