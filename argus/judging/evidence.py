"""What metrics are given: the images judged, the held-out reals, and what training saw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from argus.judging.statistics import Sample, taken

if TYPE_CHECKING:  # torch takes 2.8 s to import, and the registry asks for the names alone
    from argus.core.params import Domains
    from argus.data.packed import Packed
    from argus.judging.evaluation_set import Answers, EvaluationSet
    from argus.judging.metric import Metric

OF_ANSWERS = {
    "images": "the images judged, uint8 [M, H, W, 3]",
    "features": "of the images judged, float32 [M, D], by the backbone that judges",
    "sample": "of the images judged, features with what they are drawn from, "
    "`argus.judging.statistics.Sample`",
    "maps": "of the images judged, feature maps of a middle layer, float32 [M, C, h, w]",
    "requested": "the class that was asked of each image judged, M names",
    "sources": "the image that each image judged was translated from, uint8 [M, H, W, 3]",
    "source_maps": "of these, float32 [M, C, h, w]",
    "condition": "what a classifier of conditions names each image judged, M names",
    "twins": "the same scene as each source under the target condition, uint8 [M, H, W, 3]: the "
    "true answer, where there is one for all",
    "twin_maps": "of these, float32 [M, C, h, w]",
}
OF_REALS = {
    "real_images": "the held-out reals, uint8 [N, H, W, 3]",
    "real_features": "of the held-out reals, float32 [N, D]",
    "real_sample": "of the held-out reals, `argus.judging.statistics.Sample`",
    "labels": "the class of each held-out real, N names",
    "drives": "the drive of each held-out real, N names",
}
OF_TRAINING = {
    "training_images": "what a model of the task learns to look like, uint8 [K, H, W, 3]: the "
    "training images, of a translator those of its target",
    "training_features": "of these, float32 [K, D]",
    "training_labels": "the class of each of these, K names",
    "training_drives": "the drive of each of these, K names",
}
OF_ALL = {
    "radius": "Hamming radius of near-duplicates, bits of 64: `dedupe.radius` in params.yaml",
    "source_boxes": "vehicles that each detector of `evaluate.detectors` finds in each of the "
    "sources, an array [k, 5] for each, see `argus.judging.boxes.Boxes`",
    "boxes": "and in the image that was made of it, in the same order",
    "card": "of the model that made the images, `argus.models.card.Card`",
}
NEEDS = {**OF_ANSWERS, **OF_REALS, **OF_TRAINING, **OF_ALL}
"""What a metric may ask for, by name: M images are judged against N reals."""

BY_BACKBONE = frozenset(
    {"features", "sample", "maps", "source_maps", "twin_maps", "condition"}
    | {"real_features", "real_sample", "training_features"}
)
"""Those that are another backbone's if another one judges."""

Evidence = Mapping[str, Any]
"""What there is of `NEEDS`, by name."""


def needed(metrics: Iterable[Metric]) -> frozenset[str]:
    """The names of all that some metrics ask for."""
    return frozenset(need for metric in metrics for need in metric.needs)


LEARNT = "training"
"""The kind of images that is `Learnt`, among those that are described."""


class Learnt:
    """What a model of a task learns to look like, by its hash: the training images, of a translator
    those of its target.

    Args (of the constructor):
        train: the training images.
        domains: of a translator; None for a generator.
        origins: the data source of each training image; none, if nobody asks.

    Attributes:
        images: uint8 [K, H, W, 3].
        labels: K names.
        drives: K names.
        every: all training images, whatever the task, with their labels and data sources: from
            these a classifier of conditions learns.
    """

    def __init__(self, train: Packed, domains: Domains | None, origins: Sequence[str] = ()) -> None:
        rows = np.argsort(train.image_ids)
        names = tuple(train.classes[label] for label in train.labels)
        every = origins or ("",) * len(names)
        self.every = Every(
            np.asarray(train.images[rows]),
            tuple(names[row] for row in rows),
            tuple(every[row] for row in rows),
        )
        if domains is not None:
            rows = rows[train.labels[rows] == train.classes.index(domains.target)]
        self.images = np.asarray(train.images[rows])
        self.labels = tuple(names[row] for row in rows)
        self.drives = tuple(train.groups[row] for row in rows)


class Every(NamedTuple):
    """All training images: uint8 [T, H, W, 3], their classes and data sources, T names each."""

    images: np.ndarray
    labels: tuple[str, ...]
    origins: tuple[str, ...]


def of_images(
    evaluation_set: EvaluationSet,
    answers: Answers,
    learnt: Learnt,
    by_judge: Mapping[str, np.ndarray],
) -> dict[str, Any]:
    """The evidence on a set of images.

    Args:
        evaluation_set: what they are judged against.
        answers: the images, M of them.
        learnt: what training saw.
        by_judge: what else there is, arrays by `BY_BACKBONE` (samples are made of these).
    """
    found: dict[str, Any] = {
        "images": answers.images,
        "requested": answers.requested,
        "real_images": evaluation_set.reals,
        "labels": evaluation_set.labels,
        "drives": evaluation_set.drives,
        "training_images": learnt.images,
        "training_labels": learnt.labels,
        "training_drives": learnt.drives,
        **by_judge,
        "sample": answers.sample(by_judge["features"]),
        "real_sample": evaluation_set.real_answers.sample(by_judge["real_features"]),
    }
    if answers.source_rows is not None and evaluation_set.sources is not None:
        found["sources"] = evaluation_set.sources[answers.source_rows]
        if evaluation_set.twins is not None:
            found["twins"] = evaluation_set.twins[answers.source_rows]
    return found


def of_class(evidence: Evidence, name: str) -> Evidence:
    """The part of the evidence that is of one class: answers asked for it, its reals, and what
    training saw of it."""
    rows = {
        **dict.fromkeys(OF_ANSWERS, _rows(evidence.get("requested"), name)),
        **dict.fromkeys(OF_REALS, _rows(evidence.get("labels"), name)),
        **dict.fromkeys(OF_TRAINING, _rows(evidence.get("training_labels"), name)),
    }
    return {
        need: value if need not in rows else _taken(value, rows[need])
        for need, value in evidence.items()
    }


def _rows(names: Iterable[str] | None, name: str) -> np.ndarray:
    return np.flatnonzero(np.array(tuple(names or ()), dtype=str) == name)


def _taken(value: Any, rows: np.ndarray) -> Any:
    if isinstance(value, np.ndarray):
        return value[rows]
    if isinstance(value, Sample):
        return taken(value, rows)
    return tuple(value[row] for row in rows)
