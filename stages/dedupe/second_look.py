"""A second look within a drive or clip: frames whose hashes are apart may show the same moment.

A perceptual hash counts a car's own motion as change: at 10 frames a second the coarse shape of a
street has moved on by the third frame, though nothing that matters has. Features see that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from argus.core.progress import track
from argus.features.leaders import leaders

AT_ONCE = 1 << 16  # images whose vectors are held at a time, 0.3 GB; a longer drive is held whole
MANY = 1 << 14  # so many images show a bar

Vectors = Callable[[np.ndarray], np.ndarray]
"""Feature vectors of some rows: int64 [n] to float32 [n, D]."""


def regrouped(
    centre: np.ndarray, sequence: np.ndarray, distance: float, vectors: Vectors
) -> np.ndarray:
    """Stars by hash, joined where the centres are frames of one sequence that look alike.

    Of each sequence the centres are gone through in order: one that is near an earlier one that
    stays goes to it (the earliest), and takes its star along. So an image is still dropped only
    for one that is kept and counts before it; what was taken along is within the hash radius of a
    image within the distance, and no further. Going through all images, and not the centres
    alone, would keep 51 in place of 48 of 173 frames of clips at 10 a second, and take many rounds:
    each frame that goes sets others free, which have to be embedded, too.

    Prefix-stable, as `stars` is.

    Args:
        centre: int64 [N], of each image the row of the kept one that it belongs to, as `stars`
            gives it: in the order in which they count.
        sequence: int64 [N], the drive or clip of each; below 0: none, and it is not looked at.
        distance: between feature vectors of length 1, 0 to 1; at most this is the same image.
        vectors: asked for the centres of sequences that have several, each once.

    Returns:
        int64 [N], as `centre`.
    """
    kept = np.flatnonzero((centre == np.arange(len(centre))) & (sequence >= 0))
    leader = np.arange(len(centre))
    several = [rows for rows in _by_sequence(kept, sequence) if len(rows) > 1]
    for group in _groups(several):
        matrix = vectors(np.concatenate(group))
        matrix = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)
        ends = np.cumsum([len(rows) for rows in group])
        parts = zip(group, np.split(matrix, ends[:-1]), strict=True)
        shown = track(parts, "comparing features", len(group), "drives")
        for rows, part in shown if len(matrix) >= MANY else parts:
            leader[rows] = rows[leaders(part, distance)]
    return leader[centre]


def _by_sequence(rows: np.ndarray, sequence: np.ndarray) -> list[np.ndarray]:
    """The rows of each sequence, in order."""
    order = rows[np.argsort(sequence[rows], kind="stable")]
    return np.split(order, np.flatnonzero(np.diff(sequence[order])) + 1)


def _groups(runs: list[np.ndarray]) -> Iterator[list[np.ndarray]]:
    """Consecutive runs with at most `AT_ONCE` rows together, or one that is longer."""
    group: list[np.ndarray] = []
    held = 0
    for rows in runs:
        if group and held + len(rows) > AT_ONCE:
            yield group
            group, held = [], 0
        group.append(rows)
        held += len(rows)
    if group:
        yield group
