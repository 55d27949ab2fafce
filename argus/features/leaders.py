"""Leader clustering (Hartigan, 1975): one pass in order, each row goes to the earliest leader near
it or becomes one. What is decided of the first rows does not depend on those after them."""

from __future__ import annotations

import numpy as np

ROWS, LEADERS = 512, 4096  # compared at a time: 8 MB of distances
ROUNDING = 1e-5  # of squared distances by float32 products; nearer to the line is compared anew


def leaders(vectors: np.ndarray, distance: float) -> np.ndarray:
    """The leader of every row: the earliest row at most `distance` away that is its own leader.

    Args:
        vectors: float32 [N, D] of length 1, in the order in which they count. One that is NaN is
            near to none.
        distance: Euclidean, 0 to 2.

    Returns:
        int64 [N]; a leader's own row for itself.
    """
    leader = np.arange(len(vectors))
    found = np.empty(0, dtype=np.int64)
    for start in range(0, len(vectors), ROWS):
        rows = np.arange(start, min(start + ROWS, len(vectors)))
        for known in range(0, len(found), LEADERS):
            some = found[known : known + LEADERS]
            near = _near(vectors[rows], vectors[some], distance)
            covered = near.any(axis=1)
            leader[rows[covered]] = some[near[covered].argmax(axis=1)]
            rows = rows[~covered]
        near = _near(vectors[rows], vectors[rows], distance)
        open_ = np.ones(len(rows), dtype=bool)
        for k in range(len(rows)):
            if open_[k]:
                open_[k] = False
                followers = open_ & near[k]
                leader[rows[followers]] = rows[k]
                open_ &= ~followers
        found = np.concatenate([found, rows[leader[rows] == rows]])
    return leader


def _near(a: np.ndarray, b: np.ndarray, distance: float) -> np.ndarray:
    """Which of a [n, D] and b [m, D] are at most `distance` apart: bool [n, m].

    The product of two matrices rounds by their sizes, so pairs on the line are compared one by one.
    """
    beyond = 2 - 2 * (a @ b.T) - distance**2
    near: np.ndarray = beyond <= 0
    i, j = np.nonzero(np.abs(beyond) < ROUNDING)
    near[i, j] = np.linalg.norm(a[i] - b[j], axis=1) <= distance
    return near
