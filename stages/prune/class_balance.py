"""Class balance: how many images each class may keep, and how far from that a selection is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from argus.data import catalogue
from argus.data.catalogue import SPLITS
from stages.prune.diversity import class_entropy

DISTINCT = ["accepted", "embargoed", "use_not_granted", "excluded", "pruned"]
INGESTED = [*DISTINCT, "exact_copy", "near_duplicate"]
"""Statuses of rows that came as far as that."""


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


def stations(images: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The rows that reached each station, from the catalogue after `prune`."""
    status, split = pl.col("status"), pl.col("split")
    distinct = images.filter(status.is_in(DISTINCT))
    return {
        "delivered": images,
        "accepted": images.filter(status.is_in(INGESTED)),
        "distinct": distinct,
        **{name: distinct.filter(split == name) for name in SPLITS},
        "selected": images.filter((status == "accepted") & (split == "train")),
    }


def imbalance_ratio(counts: Mapping[str, int]) -> float:
    """Images of the largest class for each one of the smallest; 1 if balanced."""
    return max(counts.values()) / min(counts.values())


def distance_to_quotas(
    candidates: Mapping[str, int], selected: Mapping[str, int], budget: int, tau: float
) -> dict[str, Any]:
    """How far a selection is from what the quota rule asks for, had every class enough images.

    Args:
        candidates: images per class to choose from, each at least 1.
        selected: images per class chosen.
        budget: images wanted in all.
        tau: of the quota rule, 0 to 1.

    Returns:
        `total_variation`: half the sum of the differences of the shares, 0 to 1: the part of the
        selection that would have to be of another class. `shortfall`: images by which each class
        falls short of its share of the budget, which is what to capture next.
    """
    ideal = ideal_shares(candidates, tau)
    total = max(sum(selected.values()), 1)
    apart = sum(abs(selected.get(name, 0) / total - share) for name, share in ideal.items())
    short = {name: max(round(budget * ideal[name]) - selected.get(name, 0), 0) for name in ideal}
    return {"total_variation": apart / 2, "shortfall": short}


def balance(images: pl.DataFrame, budget: int, tau: float) -> dict[str, Any]:
    """The metrics of class balance.

    Args:
        images: the catalogue after `prune`.
        budget: of the quotas, images.
        tau: likewise, 0 to 1.

    Returns:
        By station (`stations`): images per class, entropy (bits), imbalance ratio; how many of the
        labels in train and in the selection were predicted; `quotas`: see `distance_to_quotas`.
    """
    at = stations(images)
    per_class = {name: catalogue.counts(catalogue.labels(part)) for name, part in at.items()}
    filled = {name: counts for name, counts in per_class.items() if counts}
    kept = pl.col("status").is_in(["accepted", "pruned"])
    candidates = catalogue.counts(catalogue.labels(at["train"].filter(kept)))
    return {
        "per_class": per_class,
        "predicted": {
            name: catalogue.counts(
                at[name].filter(pl.col("label_provenance") == "predicted")["label"]
            )
            for name in ("train", "selected")
        },
        "class_entropy": {name: class_entropy(n.values()) for name, n in filled.items()},
        "imbalance_ratio": {name: imbalance_ratio(n) for name, n in filled.items()},
        "quotas": distance_to_quotas(candidates, per_class["selected"], budget, tau),
    }
