"""One model and the baselines of its task, scored on the same held-out reals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from argus.core.progress import Steps
from argus.data.packed import Packed
from argus.features import embedding
from argus.features.backbone import Backbone
from argus.judging import evidence, samples
from argus.judging.baselines import baselines
from argus.judging.evaluation_set import EvaluationSet
from argus.judging.metric import Metric
from argus.judging.samples import Samples
from argus.judging.scores import Scores, score
from argus.models.inference import TrainedModel

TRAINING_REALS = "training_reals"
"""Scored like a baseline: what a perfect model would look like."""


@dataclass(frozen=True)
class Evaluation:
    """What is found of a model.

    `features`, float32 [N, D] by kind, are of the `model`, of the `reals`, of each baseline and of
    some training images (fewer where there are fewer); and of all of these, as `training`, if a
    metric needs them. `scores` are of each kind but the last and the reals. `samples` are some of
    the answers judged, for a person to look at.
    """

    features: dict[str, np.ndarray]
    scores: dict[str, Scores]
    samples: Samples


def evaluate(
    model: TrainedModel,
    evaluation_set: EvaluationSet,
    train: Packed,
    net: Backbone,
    metrics: Sequence[Metric],
    seed: int,
) -> Evaluation:
    """Score what a model makes of a task, the task's baselines, and training images.

    Args:
        model: what is judged.
        evaluation_set: the held-out reals of its task.
        train: the training images; those that it learnt to look like are picked.
        net: what describes images.
        metrics: by what to score.
        seed: of the noise, the model's and the baseline's.

    Raises:
        ArgusError: the model does not suit the task, or a metric of another package failed.
    """
    wanted = evidence.needed(metrics)
    answers = evaluation_set.generate(model, seed)
    rows = evidence.training_rows(train, model.card.spec.domains)
    stand_ins = baselines(evaluation_set, seed)
    shown = {"reals": evaluation_set.reals, **stand_ins}
    real_ones = train.images[rows[: len(evaluation_set.reals)]]
    if len(real_ones) > 1:  # one image alone has no distance to others
        shown[TRAINING_REALS] = real_ones
    learnt = None
    if wanted & {"training_images", "training_features"}:
        learnt = train.images[rows]
    if learnt is not None and "training_features" in wanted:
        shown["training"] = learnt
    features = _described(answers, shown, net, model.card.spec.model)
    n = len(evaluation_set.reals)
    features["mean_image"] = np.repeat(features["mean_image"], n, axis=0)

    of_task = evidence.of_task(evaluation_set, features["reals"], learnt, features.get("training"))
    judged = {
        name: evidence.of_baseline(
            evaluation_set,
            np.broadcast_to(images, evaluation_set.reals.shape),
            features[name],
        )
        for name, images in stand_ins.items()
    }
    if TRAINING_REALS in shown:
        judged[TRAINING_REALS] = evidence.of_images(real_ones, features[TRAINING_REALS])
    judged["model"] = evidence.of_model(evaluation_set, model.card, answers, features["model"])
    named = {"model": f"model {model.card.spec.model}"}
    return Evaluation(
        features,
        {
            kind: score(metrics, {**of_task, **of_kind}, net.name, named.get(kind, kind))
            for kind, of_kind in judged.items()
        },
        samples.choose(
            answers,
            judged["model"]["requested"],
            evaluation_set.sources,
            step=model.card.best_step,
        ),
    )


def _described(
    answers: np.ndarray, shown: dict[str, np.ndarray], net: Backbone, name: str
) -> dict[str, np.ndarray]:
    """The features of a model's answers, and of all that comes again for other models."""
    ends = np.cumsum([len(images) for images in shown.values()])
    with Steps(len(answers) + int(ends[-1]), f"scoring {name}") as steps:
        # the same for every model of a task, so mostly known: together, to know at once how much
        of_shown = embedding.embed_arrays(
            np.concatenate(list(shown.values())), net, steps.advance, steps.skip
        )
        features = dict(zip(shown, np.split(of_shown, ends[:-1]), strict=True))
        features["model"] = net.features(answers, steps.advance)
    return features
