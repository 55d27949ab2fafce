"""A second look within a drive or clip: frames whose hashes are apart may show the same moment.

A perceptual hash counts a car's own motion as change: at 10 frames a second the coarse shape of a
street has moved on by the third frame, though nothing that matters has. Features see that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from stages.common.leaders import leaders
from stages.common.progress import track
from stages.dedupe.neighbours import Hashes, Pairs
from stages.dedupe.stars import NONE, stars

AT_ONCE = 1 << 16  # pictures whose vectors are held at a time, 0.3 GB; a longer drive is held whole
MANY = 1 << 14  # so many pictures show a bar

Vectors = Callable[[np.ndarray], np.ndarray]
"""Feature vectors of some rows: int64 [n] to float32 [n, D]."""


def alike(
    hashes: Hashes, radius: int, sequence: np.ndarray, distance: float, vectors: Vectors
) -> Pairs:
    """Pairs of one sequence that count as the same picture by their features.

    `stars` with these pairs decides as if all near pairs of a sequence were among them, though only
    pictures are looked at that are kept so far. Round by round a picture that turns out to be the
    same as a kept one before it may set free what was dropped for it. At the end no two kept ones
    are the same and every dropped one has a kept one before it, and only one set of pictures is
    like that.

    Args:
        hashes: of N pictures, in the order in which they count.
        radius: bits within which two are the same picture anyway.
        sequence: int64 [N], the drive or clip of each; below 0: none, and it is not looked at.
        distance: between feature vectors of length 1, 0 to 1; at most this is the same picture.
        vectors: asked for the pictures that are kept so far of sequences with several such.

    Returns:
        i, j: int64 [P] with i < j; at most N - 1 for each round.
    """
    found = NONE
    apart: dict[int, np.ndarray] = {}  # by sequence, pictures that are known to differ
    while True:
        centre, _ = stars(hashes, radius, found)
        kept = np.flatnonzero((centre == np.arange(len(hashes))) & (sequence >= 0))
        new = [
            rows
            for rows in _by_sequence(kept, sequence)
            if len(rows) > 1 and not np.isin(rows, apart.get(int(sequence[rows[0]]), [])).all()
        ]
        if not new:
            return found
        pairs = [found]
        for rows, leader in _led(new, distance, vectors):
            apart[int(sequence[rows[0]])] = rows[leader == rows]
            same = leader != rows
            pairs.append((leader[same], rows[same]))
        found = np.concatenate([i for i, _ in pairs]), np.concatenate([j for _, j in pairs])


def _by_sequence(rows: np.ndarray, sequence: np.ndarray) -> list[np.ndarray]:
    """The rows of each sequence, in order."""
    order = rows[np.argsort(sequence[rows], kind="stable")]
    return np.split(order, np.flatnonzero(np.diff(sequence[order])) + 1) if len(order) else []


def _led(
    runs: list[np.ndarray], distance: float, vectors: Vectors
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Runs of rows with the leader of each row, int64 [n] both."""
    for group in _groups(runs):
        matrix = vectors(np.concatenate(group))
        matrix = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)
        ends = np.cumsum([len(rows) for rows in group])
        parts = zip(group, np.split(matrix, ends[:-1]), strict=True)
        shown = track(parts, "comparing features", len(group), "drives")
        for rows, part in shown if len(matrix) >= MANY else parts:
            yield rows, rows[leaders(part, distance)]


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
    yield group
