"""How varied a set of images is."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl
from scipy.linalg import eigvalsh

from argus.data import catalogue
from argus.features.vectors import Vectors, chord

CENTRES = 256  # compared at a time: few, so that most images are soon known to be well covered
FLOOR = 1e-3  # share of a set below which a direction hardly counts for the log-determinant


def spectrum(vectors: Vectors) -> np.ndarray:
    """Eigenvalues of the cosine kernel over N: float64 [min(N, D)], not negative, sum 1.

    Computed from the smaller of the two Gram matrices, block by block.
    """
    if len(vectors) <= vectors.dimensions:
        rows = vectors[:].astype(np.float64)
        gram = rows @ rows.T
    else:
        gram = np.zeros((vectors.dimensions, vectors.dimensions))
        for _, block in vectors.blocks():
            gram += block.T @ block
    eigenvalues: np.ndarray = np.maximum(eigvalsh(gram / len(vectors)), 0)
    return eigenvalues


def vendi_score(eigenvalues: np.ndarray) -> float:
    """The effective number of different images (Friedman and Dieng, TMLR 2023).

    exp of the entropy of the kernel's `spectrum`: 1 if all are alike, N if all are orthogonal.
    """
    positive = eigenvalues[eigenvalues > 1e-12]
    return float(np.exp(-(positive * np.log(positive)).sum()))


def log_determinant(eigenvalues: np.ndarray) -> float:
    """log det(I + K / (N * FLOOR)), K the cosine kernel with its `spectrum` over N; in nats.

    The volume that the images span. Over N, so that sets of different sizes compare (as in the
    coding rate of Yu et al., NeurIPS 2020): repeating every image changes nothing. log(1 + 1/FLOOR)
    if all are alike, D * log(1 + 1/(D * FLOOR)) if D directions are used alike.
    """
    return float(np.log1p(eigenvalues / FLOOR).sum())


def coverage_radius(vectors: Vectors, kept: np.ndarray) -> float:
    """The largest distance from any image to its nearest kept one, 0 to 2; smaller is better.

    Args:
        vectors: N rows.
        kept: bool [N], at least one True.
    """
    chosen = vectors.part(kept)
    centres = [chosen[start : start + CENTRES] for start in range(0, len(chosen), CENTRES)]
    lowest = 1.0  # cosine between the worst covered image so far and what is nearest to it
    for _, block in vectors.part(~kept).blocks():
        left, nearest = block, np.full(len(block), -1.0, dtype=np.float32)
        for some in centres:
            nearest = np.maximum(nearest, (left @ some.T).max(axis=1))
            worse = nearest < lowest  # the others cannot be the worst covered any more
            left, nearest = left[worse], nearest[worse]
        lowest = min(lowest, float(nearest.min(initial=lowest)))
    return float(chord(lowest))


def min_distance(vectors: Vectors) -> float:
    """The smallest distance between two different rows, 0 to 2; larger is better. 0 for one row."""
    highest = -1.0 if len(vectors) > 1 else 1.0
    for place, block in vectors.blocks():
        for other, rows in vectors.blocks():
            if other.start > place.start:
                break
            products = block @ rows.T
            if other == place:
                np.fill_diagonal(products, -1)
            highest = max(highest, float(products.max(initial=-1)))
    return float(chord(highest))


def class_entropy(counts: Iterable[int]) -> float:
    """Entropy of the class proportions in bits: log2 of the number of classes if balanced."""
    share = np.array([count for count in counts if count], dtype=float)
    share /= share.sum()
    return float(abs((share * np.log2(share)).sum()))


def at_random(n: int, k: int, seed: int) -> np.ndarray:
    """A random choice of k out of n rows, to measure the selection against: bool [n]."""
    kept = np.zeros(n, dtype=bool)
    kept[np.random.default_rng(seed).choice(n, k, replace=False)] = True
    return kept


def variety(
    vectors: Vectors, labels: pl.Series, kept: dict[str, np.ndarray]
) -> dict[str, dict[str, float]]:
    """Metrics of all candidates and of subsets of them, by metric and by the subset's name; all 0
    if there is no candidate.

    Args:
        vectors: N rows.
        labels: their classes.
        kept: bool [N] by name.
    """
    found: dict[str, dict[str, float]] = {
        name: {}
        for name in ("vendi", "log_determinant", "class_entropy", "coverage_radius", "min_distance")
    }
    if not len(vectors):
        return {metric: dict.fromkeys(("all", *kept), 0.0) for metric in found}
    for name, mask in {"all": np.ones(len(vectors), dtype=bool), **kept}.items():
        eigenvalues = spectrum(vectors.part(mask))
        found["vendi"][name] = vendi_score(eigenvalues)
        found["log_determinant"][name] = log_determinant(eigenvalues)
        counts = catalogue.counts(labels.filter(pl.Series(mask)))
        found["class_entropy"][name] = class_entropy(counts.values())
    for name, mask in kept.items():  # of all: 0, and as many products as pairs of images
        found["coverage_radius"][name] = coverage_radius(vectors, mask)
        found["min_distance"][name] = min_distance(vectors.part(mask))
    return found
