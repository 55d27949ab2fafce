"""What metrics are given: the images judged, the held-out reals, and what training saw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:  # torch takes 2.8 s to import, and the registry asks for the names alone
    from argus.core.params import Domains
    from argus.data.packed import Packed
    from argus.judging.evaluation_set import EvaluationSet
    from argus.judging.metric import Metric
    from argus.models.card import Card

NEEDS = {
    "images": "the images judged, uint8 [M, H, W, 3]",
    "features": "of the images judged, float32 [M, D], by the backbone that judges",
    "real_images": "the held-out reals, uint8 [N, H, W, 3]",
    "real_features": "of the held-out reals, float32 [N, D]",
    "training_images": "what a model of the task learns to look like, uint8 [K, H, W, 3]: the "
    "training images, of a translator those of its target",
    "training_features": "of these, float32 [K, D]",
    "labels": "the class of each held-out real, N names",
    "requested": "the class that was asked of each image judged, N names; of a translation that of "
    "its target. M is N",
    "drives": "the drive of each held-out real, N names",
    "sources": "the image that each image judged was translated from, uint8 [N, H, W, 3]. M is N",
    "maps": "of the images judged, float32 [M, C, h, w], feature maps of a middle layer of the "
    "backbone that judges",
    "source_maps": "of the sources, float32 [M, C, h, w]",
    "twins": "the true answer to each source, uint8 [M, H, W, 3]; only if all have one",
    "twin_maps": "of the twins, float32 [M, C, h, w]",
    "boxes": "vehicles that a detector of evaluate.detectors finds in each image judged, M arrays "
    "[k, 5], see `argus.judging.boxes.Boxes`",
    "source_boxes": "and in each of the sources, M arrays [k, 5]",
    "condition": "what a classifier of conditions names each image judged, M names",
    "card": "of the model that made the images, `argus.models.card.Card`",
}
"""What a metric may ask for, by name. M images are judged against N reals; mostly M is N."""

Evidence = Mapping[str, Any]
"""What there is of `NEEDS`, by name."""


def needed(metrics: Iterable[Metric]) -> frozenset[str]:
    """The names of all that some metrics ask for."""
    return frozenset(need for metric in metrics for need in metric.needs)


def of_task(
    evaluation_set: EvaluationSet,
    real_features: np.ndarray,
    training_images: np.ndarray | None,
    training_features: np.ndarray | None,
) -> Evidence:
    """What is the same for all that is judged by an evaluation set.

    Args:
        evaluation_set: the reals, N of them.
        real_features: theirs, float32 [N, D].
        training_images: uint8 [K, H, W, 3], None where no metric needs them.
        training_features: float32 [K, D], None where no metric needs them.
    """
    training = {"training_images": training_images, "training_features": training_features}
    return {
        "real_images": evaluation_set.reals,
        "real_features": real_features,
        "labels": evaluation_set.labels,
        "drives": evaluation_set.groups,
        **{name: value for name, value in training.items() if value is not None},
    }


def of_images(images: np.ndarray, features: np.ndarray) -> Evidence:
    """Of images that answer nothing one by one, such as real ones."""
    return {"images": images, "features": features}


def of_baseline(
    evaluation_set: EvaluationSet, images: np.ndarray, features: np.ndarray
) -> Evidence:
    """Of images that stand in for a model's, one for each real."""
    paired = {"requested": evaluation_set.labels, "sources": evaluation_set.sources}
    here = {name: value for name, value in paired.items() if value is not None}
    return {**of_images(images, features), **here}


def of_model(
    evaluation_set: EvaluationSet, card: Card, images: np.ndarray, features: np.ndarray
) -> Evidence:
    """Of what a model made."""
    found = {**of_baseline(evaluation_set, images, features), "card": card}
    if evaluation_set.sources is None:
        found["requested"] = evaluation_set.labels_for(card)
    return found


def training_rows(train: Packed, domains: Domains | None) -> np.ndarray:
    """Which training images a model of the task learns to look like: int64 [K], by their hash.

    All; for a translator those of its target.
    """
    rows = np.argsort(train.image_ids)
    if domains is None:
        return rows
    return rows[train.labels[rows] == train.classes.index(domains.target)]
