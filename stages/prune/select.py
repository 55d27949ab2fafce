"""The k most distinct of N vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.cluster import MiniBatchKMeans

SHARD = 2500  # rows per k-means shard
OVERSELECT = 4  # candidates from the shards per image wanted


def k_centre(features: np.ndarray, k: int) -> np.ndarray:
    """Greedy k-centre (Gonzalez, 1985): each next image is the furthest from those taken.

    Within twice the best possible covering radius. Starts with the image nearest to the mean, the
    most typical one, so that there is no draw to seed.

    Args:
        features: float32 [N, D].
        k: 0 to N.

    Returns:
        int64 [k] rows in the order taken.
    """
    if k == 0:
        return np.empty(0, dtype=np.int64)
    squares = np.einsum("nd,nd->n", features, features)
    mean = features.mean(axis=0)
    first = int(np.argmin(squares - 2 * features @ mean))
    taken = np.empty(k, dtype=np.int64)
    nearest = np.full(len(features), np.inf, dtype=np.float32)
    for step in range(k):
        taken[step] = first if step == 0 else int(np.argmax(nearest))
        row = taken[step]
        distance = squares + squares[row] - 2 * (features @ features[row])
        np.minimum(nearest, distance, out=nearest)
        nearest[row] = -np.inf
    return taken


def hierarchical_k_centre(features: np.ndarray, k: int, seed: int) -> np.ndarray:
    """k-centre over k-means shards, then over their candidates: near the plain one, far quicker.

    Shards of about `SHARD` rows hand up candidates in proportion to the square root of their size,
    `OVERSELECT` for each image wanted, so that a small shard (a rare scene) is not drowned. With
    N within one shard, or k a large part of N, it is the plain k-centre.

    Args:
        features: float32 [N, D].
        k: 0 to N.
        seed: of the k-means.

    Returns:
        int64 [k] rows.
    """
    n = len(features)
    if n <= SHARD or OVERSELECT * k >= n:
        return k_centre(features, k)
    means = MiniBatchKMeans(-(-n // SHARD), random_state=seed, n_init=1, batch_size=4096)
    shard = means.fit_predict(features)
    members = [np.flatnonzero(shard == index) for index in np.unique(shard)]
    roots = np.sqrt([len(rows) for rows in members])
    wanted = np.ceil(OVERSELECT * k * roots / roots.sum()).astype(int)
    candidates = np.concatenate(
        [
            rows[k_centre(features[rows], min(int(count), len(rows)))]
            for rows, count in zip(members, wanted, strict=True)
        ]
    )
    return candidates[k_centre(features[candidates], k)]


def distinct(
    features: np.ndarray, labels: Sequence[str], wanted: dict[str, int], seed: int
) -> np.ndarray:
    """The most distinct images of each class: bool [N], True for those kept.

    Args:
        features: float32 [N, D].
        labels: N class names.
        wanted: how many to keep of each class.
        seed: of the k-means.
    """
    kept = np.zeros(len(features), dtype=bool)
    names = np.asarray(labels)
    for name, k in sorted(wanted.items()):
        rows = np.flatnonzero(names == name)
        kept[rows[hierarchical_k_centre(features[rows], k, seed)]] = True
    return kept
