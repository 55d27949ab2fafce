"""Outliers: images far from all others are either very rare, or do not belong.

A person looks at them; what the person decides stands under `prune.exclude` in `params.yaml`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from argus.core.errors import ArgusError
from argus.features.vectors import BLOCK, Vectors, chord

SAMPLE = 1000  # images by which the usual distance to the nearest other is known
NORMAL = 1.4826  # makes the median absolute deviation of a normal distribution its standard one

SHOWN = ["image_id", "source", "delivery", "path", "member", "label"]
"""Columns by which a person finds an image again."""


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
        deviations: scaled ones, above 0.
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


def for_review(
    candidates: pl.DataFrame, vectors: Vectors, kept: np.ndarray, beyond: float
) -> pl.DataFrame:
    """The chosen images that are further than `beyond` from all other candidates, the most isolated
    first.

    `image_id`, `source`, `delivery`, `path`, `member`, `label`, the `nearest` other candidate and
    the `distance` to it.
    """
    rows, distance, nearest = isolated(vectors, np.flatnonzero(kept), beyond)
    return candidates[rows].select(
        *SHOWN,
        candidates["image_id"].gather(nearest).alias("nearest"),
        pl.Series("distance", distance, dtype=pl.Float32),
    )


def excluded(ids: pl.Series, exclude: Sequence[str]) -> np.ndarray:
    """Which candidates are taken out: bool [N].

    Args:
        ids: string [N] image ids of the candidates for training.
        exclude: image ids, or the beginnings of them.

    Raises:
        ArgusError: an entry fits no candidate, or several: a person meant something by it, and
            that it has no effect must not go unseen.
    """
    out = np.zeros(len(ids), dtype=bool)
    for entry in exclude:
        fits = ids.str.starts_with(entry).to_numpy()
        if fits.sum() != 1:
            many = "several candidates" if fits.any() else "no candidate"
            raise ArgusError(
                f"params.yaml: '{entry}' in `prune.exclude` fits {many} for training: write the id "
                "under the image in reports/prune/isolated.png, or take the entry off the list "
                "if the image is not in use any more"
            )
        out |= fits
    return out
