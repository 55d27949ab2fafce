"""Kernel Inception Distance: how far a model's images are from the held-out reals (the deciding
metric)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from argus.judging.metric import Metric
from argus.judging.statistics import Comparison, over_groups


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


def compare(
    challenger: np.ndarray, rival: np.ndarray, reals: np.ndarray, groups: Sequence[str]
) -> Comparison:
    """The relative similarity test of Bounliphone et al. (ICLR 2016), over drives.

    Both models answer the same tasks, so image i of either and real i form a triple, and the
    difference of their unbiased squared MMDs to the reals is one U-statistic over triples.

    Args:
        challenger: float [N, D] features.
        rival: float [N, D].
        reals: float [N, D].
        groups: N drive names, at least two different ones.
    """
    h = _terms(challenger, reals) - _terms(rival, reals)
    np.fill_diagonal(h, 0)
    return over_groups(h, groups)


def _terms(model: np.ndarray, reals: np.ndarray) -> np.ndarray:
    """What each pair of triples adds to a model's squared MMD, but for the reals' own part."""
    cross = kernel(model, reals)
    return kernel(model, model) - (cross + cross.T)


METRIC = Metric("kid", "KID", ("features", "real_features"), kid, compare=compare)
