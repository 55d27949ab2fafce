"""Distances between and within sets of images, in a backbone's feature space."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial.distance import pdist


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


def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The cubic polynomial kernel of KID, (x.y / D + 1)^3: float64 [n, m]."""
    product: np.ndarray = a.astype(np.float64) @ b.astype(np.float64).T
    return (product / a.shape[1] + 1) ** 3


def kid(a: np.ndarray, b: np.ndarray) -> float:
    """Kernel Inception Distance: unbiased squared MMD (Binkowski et al., ICLR 2018).

    Over all images at once, not over random subsets.

    Its mean over many draws does not depend on how many images there are; it may be negative where
    the two sets are alike.

    Args:
        a: float [n, D], n at least 2.
        b: float [m, D], m at least 2.
    """
    n, m = len(a), len(b)
    aa, bb = kernel(a, a), kernel(b, b)
    within = (aa.sum() - np.trace(aa)) / (n * (n - 1)) + (bb.sum() - np.trace(bb)) / (m * (m - 1))
    return float(within - 2 * kernel(a, b).mean())


def spread(features: np.ndarray, labels: Sequence[str]) -> float:
    """How far an image lies from the others of its class, on average: 0 where all are alike.

    The mean over images of the mean Euclidean distance to the others of the class. No image is
    paired with itself, so the mean over many draws does not depend on how many images there are;
    an image that is alone in its class says nothing and is left out (0 if all are).

    Distances between classes do not count: a generator that draws one picture for each class has
    no spread, however unlike the classes are.

    Args:
        features: float [N, D].
        labels: N class names.
    """
    names, counts = np.unique(np.asarray(labels, dtype=str), return_counts=True)
    several = counts > 1
    if not several.any():
        return 0.0
    by_class = [features[np.asarray(labels) == name] for name in names[several]]
    means = [pdist(of_class).mean() for of_class in by_class]
    return float(np.average(means, weights=counts[several]))
