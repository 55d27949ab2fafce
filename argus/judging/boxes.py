"""Boxes of things in images, and how many of them are found again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

OVERLAP = 0.5
"""Intersection over union from which two boxes are of one thing."""

Boxes = np.ndarray
"""Float64 [K, 5], highest score first: left, top, right, bottom in shares of the image's width and
height, and the score."""


def recall(boxes: Sequence[Boxes], source_boxes: Sequence[Boxes]) -> float:
    """Share of the vehicles in the sources that are found in the translations, at the same place.

    Each box answers for one vehicle at most, the surest first, from an overlap of .5 on.

    Args:
        boxes: of M translations.
        source_boxes: of the sources, row by row.

    Returns:
        0 to 1; 1 where no source has a vehicle.
    """
    wanted = sum(map(len, source_boxes))
    again = sum(_matches(*pair) for pair in zip(boxes, source_boxes, strict=True))
    return again / wanted if wanted else 1.0


def overlaps(a: Boxes, b: Boxes) -> np.ndarray:
    """Intersection over union of every two boxes: float64 [len(a), len(b)]."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:4], b[None, :, 2:4])
    both = np.clip(high - low, 0, None).prod(axis=2)
    area_a, area_b = ((each[:, 2:4] - each[:, :2]).prod(axis=1) for each in (a, b))
    share: np.ndarray = both / np.maximum(area_a[:, None] + area_b[None] - both, 1e-12)
    return share


def unrivalled(boxes: Boxes) -> Boxes:
    """Boxes without those that overlap a surer one (non-maximum suppression)."""
    boxes = boxes[np.argsort(-boxes[:, 4], kind="stable")]
    kept: list[int] = []
    shares = overlaps(boxes, boxes)
    for row in range(len(boxes)):
        if not (shares[row, kept] >= OVERLAP).any():
            kept.append(row)
    return boxes[kept]


def _matches(boxes: Boxes, wanted: Boxes) -> int:
    free = overlaps(boxes, wanted) >= OVERLAP
    count = 0
    for row in range(len(boxes)):
        hits = np.flatnonzero(free[row])
        if len(hits):
            free[:, hits[0]] = False
            count += 1
    return count
