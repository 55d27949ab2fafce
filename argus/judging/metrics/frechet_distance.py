"""Frechet distance of a model's images to the held-out reals."""

from __future__ import annotations

import numpy as np

from argus.judging.metric import Metric


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Frechet distance of Gaussians fitted to two sets (Heusel et al., NeurIPS 2017).

    |mean difference|^2 + tr A + tr B - 2 tr sqrt(A B), with unbiased covariances. The last trace
    is the nuclear norm of the product of the two centred sets over sqrt((n-1)(m-1)): exact, real,
    and quick where there are fewer images than dimensions. Few images bias it upwards, so compare
    it only at equal numbers.

    Args:
        a: float [n, D], n at least 2.
        b: float [m, D], m at least 2.
    """
    a, b = a.astype(np.float64), b.astype(np.float64)
    shift = a.mean(axis=0) - b.mean(axis=0)
    # scaled so that a.T @ a is the covariance
    a = (a - a.mean(axis=0)) / np.sqrt(len(a) - 1)
    b = (b - b.mean(axis=0)) / np.sqrt(len(b) - 1)
    cross = np.linalg.norm(a @ b.T, ord="nuc")
    return float(shift @ shift + (a**2).sum() + (b**2).sum() - 2 * cross)


METRIC = Metric("fd", "Frechet distance", ("features", "real_features"), frechet_distance)
