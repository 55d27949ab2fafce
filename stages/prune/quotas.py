"""How many images each class may keep."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def ideal_shares(counts: Mapping[str, int], tau: float) -> dict[str, float]:
    """Shares in proportion to count^tau, as if every class had images without end; sum 1.

    Args:
        counts: images per class, each at least 1.
        tau: 0 to 1.
    """
    weight = {name: float(count) ** tau for name, count in counts.items()}
    return {name: weight[name] / sum(weight.values()) for name in sorted(weight)}


def quotas(counts: Mapping[str, int], budget: int, tau: float) -> dict[str, int]:
    """Share a budget over classes in proportion to count^tau.

    tau = 1 keeps the proportions as they come, tau = 0 gives every class the same; in between,
    rare classes are lifted. No class gets more than it has: what it cannot use goes to the others
    by the same rule. Fractions are settled by largest remainder, so the quotas add up to
    min(budget, all images).

    Args:
        counts: images per class, each at least 1.
        budget: images in all.
        tau: 0 to 1.
    """
    names = sorted(counts)
    available = np.array([counts[name] for name in names], dtype=np.int64)
    weight = available.astype(float) ** tau
    full = np.zeros(len(names), dtype=bool)
    share = np.zeros(len(names))
    left = min(budget, int(available.sum()))
    total = left
    while True:
        open_ = ~full
        share[open_] = left * weight[open_] / max(weight[open_].sum(), 1e-300)
        over = open_ & (share >= available)
        if not over.any():
            break
        share[over] = available[over]
        full |= over
        left = total - int(available[full].sum())
    quota = np.floor(share + 1e-9).astype(np.int64)
    # ties in the remainder go by name, so the result does not depend on the order of the mapping
    for index in np.argsort(-(share - quota), kind="stable")[: total - int(quota.sum())]:
        quota[index] += 1
    return dict(zip(names, quota.tolist(), strict=True))
