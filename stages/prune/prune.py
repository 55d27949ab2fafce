"""Which training images are kept: a coreset of each class, within the budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from argus.core import params
from argus.core.progress import Steps
from argus.data import catalogue
from argus.features.vectors import Vectors
from stages.prune.class_balance import quotas
from stages.prune.coreset import METHODS, distinct
from stages.prune.diversity import at_random, variety
from stages.prune.outliers import SHOWN, excluded, for_review, limit, usual_distances


class Pruned(NamedTuple):
    """What became of the candidates.

    Attributes:
        images: the catalogue, those not kept marked `pruned`.
        review: kept images that are far from all others, see `outliers.for_review`.
        usual: float32 [n], distances of some candidates to their nearest other.
        beyond: from which distance on an image is far from all others.
        quotas: how many images each class keeps.
        metrics: of the stage.
    """

    images: pl.DataFrame
    review: pl.DataFrame
    usual: np.ndarray
    beyond: float
    quotas: Mapping[str, int]
    metrics: dict[str, Any]


def candidates(images: pl.DataFrame, exclude: Sequence[str]) -> tuple[pl.DataFrame, np.ndarray]:
    """What may be chosen: training images in use but for those that a person took out.

    Args:
        images: the catalogue after `label`.
        exclude: image ids, or the beginnings of them.

    Returns:
        the catalogue with those marked `excluded`; the rows of the candidates, int64 [N].

    Raises:
        ArgusError: an entry of `exclude` fits no training image, or several.
    """
    train = catalogue.IN_USE & (pl.col("split") == "train")
    rows = images.select(train).to_series().arg_true().to_numpy()
    out = excluded(images["image_id"].gather(rows), exclude)
    return catalogue.with_decisions(images, rows[out], "excluded"), rows[~out]


def prune(
    images: pl.DataFrame, rows: np.ndarray, vectors: Vectors, settings: params.Prune
) -> Pruned:
    """Keep the most distinct candidates of each class.

    Args:
        images: the catalogue, as `candidates` gives it.
        rows: int64 [N], of the candidates.
        vectors: of the candidates, in that order.
        settings: of the stage.

    Raises:
        ArgusError: there is a vector that is not finite.
    """
    chosen_from = images.select(SHOWN)[rows]
    labels = catalogue.labels(chosen_from)
    wanted = quotas(catalogue.counts(labels), settings.budget, settings.tau)
    selected = sum(wanted.values())
    with Steps(selected, f"choosing by {settings.method}") as steps:
        kept = distinct(vectors, labels.to_list(), wanted, METHODS[settings.method], steps.advance)
    usual = usual_distances(vectors, settings.seed)
    beyond = limit(usual, settings.isolated) if len(usual) else 0.0
    review = for_review(chosen_from, vectors, kept, beyond)
    chance = at_random(len(rows), selected, settings.seed)
    images = catalogue.with_decisions(images, rows[~kept], "pruned")
    metrics = {
        "candidates": len(rows),
        "excluded": images.filter(status="excluded").height,
        "selected": selected,
        "pruned": len(rows) - selected,
        "isolated": review.height,
        "per_class": wanted,
        **variety(vectors, labels, {"selected": kept, "random": chance}),
    }
    return Pruned(images, review, usual, beyond, wanted, metrics)


def warnings(pruned: Pruned, settings: params.Prune) -> list[str]:
    """What a person should know before anything trains: that nothing can, or not on some class."""
    images = pruned.images
    if not pruned.quotas:
        lost = catalogue.fates(images)
        return [
            f"no training image is left of {images.height} images, so no model trains: "
            f"{catalogue.accepted(images).height} are held out as val and test"
            f"{f'. {lost}' if lost else ''}. Bring in more drives with `argus submit`"
        ]
    bare = [name for name, quota in pruned.quotas.items() if not quota]
    if not bare:
        return []
    return [
        f"prune.budget, {settings.budget} images for {len(pruned.quotas)} classes, leaves no "
        f"training image of {', '.join(bare)}, so no model can learn them. Raise it, or lower "
        "prune.tau"
    ]
