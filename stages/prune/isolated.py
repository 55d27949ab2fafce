"""Images that are far from all others: either very rare, or something that does not belong."""

from __future__ import annotations

import numpy as np

from argus.features.vectors import BLOCK, Vectors, chord

SAMPLE = 1000  # images by which the usual distance to the nearest other is known
NORMAL = 1.4826  # makes the median absolute deviation of a normal distribution its standard one


def usual_distances(vectors: Vectors, seed: int) -> np.ndarray:
    """Distances to the nearest other image, of `SAMPLE` images drawn with `seed`: float32 [n]."""
    count = min(SAMPLE, len(vectors))
    drawn = np.random.default_rng(seed).choice(len(vectors), count, replace=False)
    _, distance, _ = isolated(vectors, drawn, beyond=-1.0)
    return distance


def limit(usual: np.ndarray, deviations: float) -> float:
    """The distance beyond which an image has no neighbour: median + deviations * MAD.

    The median absolute deviation is scaled to a standard deviation, and unlike it not swayed by the
    very images looked for (Leys et al., Journal of Experimental Social Psychology, 2013).

    Args:
        usual: float [n], n at least 1.
    """
    middle = np.median(usual)
    return float(middle + deviations * NORMAL * np.median(np.abs(usual - middle)))


def isolated(
    vectors: Vectors, chosen: np.ndarray, beyond: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which of the chosen rows have no other row, chosen or not, within a distance.

    Args:
        vectors: N rows.
        chosen: int64 [K] rows to look at.
        beyond: distance, 0 to 2.

    Returns:
        int64 [M] those rows, the most isolated first; float32 [M] the distance to the nearest
        other row; int64 [M] which row that is.
    """
    suspects, rows = np.asarray(chosen), vectors[chosen]
    highest = np.full(len(suspects), -1.0, dtype=np.float32)
    nearest = suspects.copy()
    parts = -(-len(vectors) // max(BLOCK**2 // max(len(suspects), BLOCK), 1))  # bounds the products
    for start in range(parts):
        # every parts-th row, a bit of everything: most suspects are cleared by the first block
        others = np.arange(start, len(vectors), parts)
        products = rows @ vectors[others].T
        products[suspects[:, None] == others] = -1
        best = products.argmax(axis=1)
        found = products[np.arange(len(products)), best]
        closer = found > highest
        highest[closer], nearest[closer] = found[closer], others[best[closer]]
        left = chord(highest) > beyond
        suspects, rows = suspects[left], rows[left]
        highest, nearest = highest[left], nearest[left]
        if not len(suspects):
            break
    order = np.argsort(highest, kind="stable")
    return suspects[order], chord(highest[order]), nearest[order]
