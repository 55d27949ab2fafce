"""Images scored on the held-out reals of a task by every judge: a model's, and the baselines'."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from argus.core.params import Detector, Domains, Params
from argus.core.progress import Steps
from argus.data.feasibility import FEWEST
from argus.data.packed import Packed
from argus.features import embedding
from argus.features.backbone import Backbone
from argus.judging import conditions, detectors, evidence
from argus.judging.baselines import baselines
from argus.judging.boxes import Boxes
from argus.judging.evaluated import MODEL, REALS, Evaluated
from argus.judging.evaluation_set import Answers, EvaluationSet
from argus.judging.evidence import Learnt
from argus.judging.metric import Metric
from argus.judging.scores import Scores, score
from argus.models.card import Card

TRAINING_REALS = "training_reals"
"""Scored like a baseline: what a perfect model would look like, but that they are copies."""
TRAINING_DRIVES = "training drives"


class Settings(NamedTuple):
    """What metrics are told beside images: the Hamming radius of near-duplicates, and clients'
    detectors."""

    radius: int
    detectors: Sequence[Detector] = ()

    @classmethod
    def of(cls, p: Params) -> Settings:
        """From params.yaml."""
        return cls(p.dedupe.radius, tuple(p.evaluate.detectors.values()))


@dataclass(frozen=True)
class Evaluation:
    """What is found of images of several kinds.

    `seen` is what each judge saw, by its name; `scores` are of each kind, `classes` of each kind
    the scores on the images of each class, where the reals are of several.
    """

    seen: dict[str, Evaluated] = field(default_factory=dict)
    scores: dict[str, Scores] = field(default_factory=dict)
    classes: dict[str, dict[str, Scores]] = field(default_factory=dict)


def compared_with(
    evaluation_set: EvaluationSet,
    train: Packed,
    learnt: Learnt,
    domains: Domains | None,
    seed: int,
) -> dict[str, Answers]:
    """What every model of a task is shown beside, by kind: its baselines, and training reals.

    Args:
        evaluation_set: of the task.
        train: the training images.
        learnt: those of the task among them.
        domains: of translators; None for generators.
        seed: of what is drawn.
    """
    found = baselines(evaluation_set, train, domains, seed)
    n = len(evaluation_set.reals)
    if len(learnt.images) > 1:  # one image alone has no distance to others
        found[TRAINING_REALS] = Answers(
            learnt.images[:n], learnt.labels[:n], TRAINING_DRIVES, learnt.drives[:n]
        )
    return found


def evaluate(
    kinds: Mapping[str, Answers],
    evaluation_set: EvaluationSet,
    learnt: Learnt,
    judges: Sequence[Backbone],
    metrics: Sequence[Metric],
    settings: Settings,
    card: Card,
) -> Evaluation:
    """Score images of several kinds.

    Args:
        kinds: the images; those of `MODEL` are the model's.
        evaluation_set: the held-out reals of the task.
        learnt: the training images of the task.
        judges: what describes images, one after the other.
        metrics: by what to score.
        settings: what metrics are told beside.
        card: of the model.

    Raises:
        ArgusError: a metric of another package failed.
    """
    found = Evaluation()
    values: dict[str, list[Scores]] = {kind: [] for kind in kinds}
    of_classes: dict[str, dict[str, list[Scores]]] = {kind: {} for kind in kinds}
    several = _classes(evaluation_set)
    boxes = _boxes(kinds, evaluation_set, settings, metrics)
    everything = {**kinds, REALS: evaluation_set.real_answers}
    for number, judge in enumerate(judges):
        # what no backbone changes is computed once
        here = [metric for metric in metrics if metric.by_backbone or not number]
        arrays = _described(kinds, evaluation_set, learnt, judge, here, card)
        found.seen[judge.name] = Evaluated(
            {kind: each.sample(arrays[kind]["features"]) for kind, each in everything.items()},
            {kind: each.requested for kind, each in everything.items()},
        )
        for kind, answers in kinds.items():
            given = evidence.of_images(
                evaluation_set,
                answers,
                learnt,
                {
                    **arrays[kind],
                    **arrays[evidence.LEARNT],
                    "real_features": arrays[REALS]["features"],
                },
            )
            given["radius"] = settings.radius
            given |= boxes.get(kind, {})
            if kind == MODEL:
                given["card"] = card
            whose = f"model {card.spec.model}" if kind == MODEL else kind
            values[kind].append(score(here, given, judge.name, whose))
            for name in several:
                part = evidence.of_class(given, name)
                if len(part["images"]) < FEWEST:
                    continue
                of_class = score(here, part, judge.name, f"{whose}, class {name}")
                of_classes[kind].setdefault(name, []).append(of_class)
    found.scores.update({kind: Scores.joined(of) for kind, of in values.items()})
    for kind, of in of_classes.items():
        found.classes[kind] = {name: Scores.joined(each) for name, each in of.items()}
    return found


def _boxes(
    kinds: Mapping[str, Answers],
    evaluation_set: EvaluationSet,
    settings: Settings,
    metrics: Sequence[Metric],
) -> dict[str, dict[str, list[Boxes]]]:
    """What clients' detectors find in the sources and in what was made of each, by kind."""
    if evaluation_set.sources is None or "boxes" not in evidence.needed(metrics):
        return {}
    found: dict[str, dict[str, list[Boxes]]] = {}
    for detector in settings.detectors:
        before = detectors.detect(detector, evaluation_set.sources)
        for kind, of in kinds.items():
            if of.source_rows is not None:
                here = found.setdefault(kind, {"boxes": [], "source_boxes": []})
                here["boxes"] += detectors.detect(detector, of.images)
                here["source_boxes"] += [before[row] for row in of.source_rows]
    return found


def _classes(evaluation_set: EvaluationSet) -> list[str]:
    """Those with reals enough to tell something, if there are several classes."""
    counts = Counter(evaluation_set.labels)
    if len(counts) < 2:
        return []
    return [name for name, count in sorted(counts.items()) if count >= FEWEST]


def _described(
    kinds: Mapping[str, Answers],
    evaluation_set: EvaluationSet,
    learnt: Learnt,
    judge: Backbone,
    metrics: Sequence[Metric],
    card: Card,
) -> dict[str, dict[str, Any]]:
    """By kind, for the reals and for the training images, what metrics need of a judge."""
    wanted = evidence.needed(metrics)
    shown = {kind: each.images for kind, each in kinds.items() if kind != MODEL}
    shown[REALS] = evaluation_set.reals
    if "training_features" in wanted:
        shown[evidence.LEARNT] = learnt.images
    ends = np.cumsum([len(images) for images in shown.values()])
    answers = kinds[MODEL].images
    with Steps(len(answers) + int(ends[-1]), f"scoring {card.spec.model} by {judge.name}") as steps:
        # the same for every model of a task, so mostly known: together, to know at once how much
        of_shown = embedding.embed_arrays(
            np.concatenate(list(shown.values())), judge, steps.advance, steps.skip
        )
        features = dict(zip(shown, np.split(of_shown, ends[:-1]), strict=True))
        features[MODEL] = judge.features(answers, steps.advance)
    found = {kind: {"features": of} for kind, of in features.items()}
    found[evidence.LEARNT] = (
        {"training_features": features[evidence.LEARNT]} if evidence.LEARNT in features else {}
    )
    if evaluation_set.sources is not None and {"maps", "source_maps"} & wanted:
        _with_maps(found, kinds, evaluation_set, judge)
    if "condition" in wanted:
        _with_conditions(found, kinds, evaluation_set, learnt, judge)
    return found


def _with_maps(
    found: dict[str, dict[str, Any]],
    kinds: Mapping[str, Answers],
    evaluation_set: EvaluationSet,
    judge: Backbone,
) -> None:
    """Add the feature maps of translations, of their sources and of the true answers."""
    beside = {"source_maps": evaluation_set.sources, "twin_maps": evaluation_set.twins}
    maps = {name: judge.maps(images) for name, images in beside.items() if images is not None}
    for kind, of in kinds.items():
        if of.source_rows is not None:
            found[kind]["maps"] = judge.maps(of.images)
            found[kind] |= {name: each[of.source_rows] for name, each in maps.items()}


def _with_conditions(
    found: dict[str, dict[str, Any]],
    kinds: Mapping[str, Answers],
    evaluation_set: EvaluationSet,
    learnt: Learnt,
    judge: Backbone,
) -> None:
    """Add what condition a classifier of the training images sees in each image."""
    features = [found[kind]["features"] for kind in kinds]
    origins = [
        evaluation_set.origins[row] if of.source_rows is not None and evaluation_set.origins else ""
        for of in kinds.values()
        for row in (range(len(of.images)) if of.source_rows is None else of.source_rows)
    ]
    names = conditions.named(
        np.concatenate(features),
        origins,
        embedding.embed_arrays(learnt.every.images, judge),
        learnt.every.labels,
        learnt.every.origins,
        set(evaluation_set.labels),
    )
    start = 0
    for kind, of in kinds.items():
        found[kind]["condition"] = names[start : start + len(of.images)]
        start += len(of.images)
