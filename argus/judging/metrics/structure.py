"""Content kept: the parts of a translation must be as alike, and as unlike, as in its source."""

from __future__ import annotations

import numpy as np

from argus.judging.metric import Metric

WORST = 0.1
"""Share of the places of an image that decides: what is lost is mostly lost in one part of it."""


def kept(maps: np.ndarray, source_maps: np.ndarray) -> np.ndarray:
    """How much of the structure of each source its translation keeps, where it keeps least.

    The self-similarity of an image is the cosine similarity of the features at every two places in
    it. It tells what belongs together and where that is, and nothing of how it looks: a street that
    went dark has the same (Shechtman and Irani, CVPR 2007; of deep features, Kolkin et al., Style
    Transfer by Relaxed Optimal Transport and Self-Similarity, CVPR 2019). The mean feature of the
    image is taken off before. Two images are compared by the correlation of what a place is
    similar to, over places; of these correlations the lowest tenth counts, since a car that was
    erased or a road that was painted over changes few.

    Args:
        maps: float32 [M, C, h, w], of translations.
        source_maps: float32 [M, C, h, w], of their sources, row by row.

    Returns:
        float64 [M], -1 to 1 (the same structure).
    """
    lowest = max(1, round(WORST * maps.shape[2] * maps.shape[3]))
    found = np.empty(len(maps))
    for row, pair in enumerate(zip(maps, source_maps, strict=True)):
        one, other = (_centred(self_similarity(each)) for each in pair)
        length = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
        places = (one * other).sum(axis=1) / np.maximum(length, 1e-12)
        found[row] = np.sort(places)[:lowest].mean()
    return found


def structure(maps: np.ndarray, source_maps: np.ndarray) -> float:
    """The structure kept by translations, above what they share with other sources.

    Args:
        maps: float32 [M, C, h, w], M at least 2.
        source_maps: float32 [M, C, h, w].

    Returns:
        1 where it is that of the source, 0 where another source, half the set away, is as near.
        The true answer is well below 1, since light moves too: docs/adr/0021-content-kept.md.
    """
    own = kept(maps, source_maps).mean()
    other = kept(maps, np.roll(source_maps, len(maps) // 2, axis=0)).mean()
    return float((own - other) / (1 - other)) if other < 1 else 0.0


def self_similarity(features: np.ndarray) -> np.ndarray:
    """Cosine similarity of all places of a feature map [C, h, w], float64 [h * w, h * w]."""
    places = features.reshape(len(features), -1).astype(np.float64).T
    places = places - places.mean(axis=0)
    places /= np.maximum(np.linalg.norm(places, axis=1, keepdims=True), 1e-12)
    similarity: np.ndarray = places @ places.T
    return similarity


def _centred(rows: np.ndarray) -> np.ndarray:
    centred: np.ndarray = rows - rows.mean(axis=1, keepdims=True)
    return centred


METRIC = Metric(
    "structure", "structure kept", ("maps", "source_maps"), structure, better="larger", digits=3
)
