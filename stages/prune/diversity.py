"""How varied a set of images is."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.linalg import eigvalsh
from sklearn.metrics import pairwise_distances_argmin_min


def vendi_score(features: np.ndarray) -> float:
    """The effective number of different images (Friedman and Dieng, TMLR 2023).

    exp of the entropy of the eigenvalues of the cosine kernel over N: 1 if all are alike, N if
    all are orthogonal. Computed from the smaller of the two Gram matrices.

    Args:
        features: float [N, D], N at least 1.
    """
    unit = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
    gram = unit.astype(np.float64)
    gram = (gram @ gram.T if len(gram) <= gram.shape[1] else gram.T @ gram) / len(gram)
    eigenvalues = eigvalsh(gram)
    eigenvalues = eigenvalues[eigenvalues > 1e-12]
    return float(np.exp(-(eigenvalues * np.log(eigenvalues)).sum()))


def coverage_radius(features: np.ndarray, kept: np.ndarray) -> float:
    """The largest Euclidean distance from any image to its nearest kept one; smaller is better.

    Args:
        features: float [N, D].
        kept: bool [N], at least one True.
    """
    _, distance = pairwise_distances_argmin_min(features, features[kept])
    return float(distance.max())


def class_entropy(counts: Iterable[int]) -> float:
    """Entropy of the class proportions in bits: log2 of the number of classes if balanced."""
    share = np.array([count for count in counts if count], dtype=float)
    share /= share.sum()
    return float(abs((share * np.log2(share)).sum()))
