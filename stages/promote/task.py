"""One task: its challengers of today, its incumbent of yesterday, and the decision between them."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from argus.core import params, reports
from argus.core.paths import EVALUATED, INCUMBENTS, TRAINED
from argus.data.packed import read_packed
from argus.features.backbone import Backbone
from argus.judging import evidence, registry, samples
from argus.judging.baselines import MUST_BEAT
from argus.judging.eligibility import Eligibility, terms
from argus.judging.evaluation_set import held_out
from argus.judging.gate.choose import choose
from argus.judging.gate.decide import (
    Criterion,
    Decision,
    against_baselines,
    against_incumbent,
    against_nobody,
    behind_baselines,
    unbeaten,
)
from argus.judging.scores import ModelScores, Scores, score
from argus.judging.statistics import Comparison
from argus.models import ancestry, card, loading
from stages.promote.candidates import Candidates, candidates

Features = dict[str, np.ndarray]
"""What `evaluate` left of a model: features float32 [N, D] by kind."""


def features_of(model: str) -> Features:
    """Read what `evaluate` left of a model."""
    return {path.stem: np.load(path) for path in sorted((EVALUATED / model).glob("*.npy"))}


def drives_of(model: str) -> list[str]:
    """The drive of each held-out real that a model was scored on."""
    drives: list[str] = json.loads((EVALUATED / model / "groups.json").read_text(encoding="utf-8"))
    return drives


def scores_of(model: str) -> Scores:
    """How `evaluate` scored a model."""
    return ModelScores.read(reports.read(f"evaluate/{model}")).scores


def scored_anew(
    folder: Path, domains: params.Domains | None, known: Features, p: params.Params, net: Backbone
) -> tuple[np.ndarray, Scores]:
    """An incumbent on the evaluation set of its challenger: features float32 [N, D], and scores.

    Some of its answers are left in `data/promote/`, for a person to look at.

    Args:
        folder: where the incumbent lies.
        domains: of the challenger.
        known: features of the challenger, and with them those of the reals.
        p: the settings.
        net: what describes images.
    """
    packs = [read_packed(split) for split in p.evaluate.splits]
    evaluation_set = held_out(packs, domains, p.evaluate.samples)
    model = loading.load(folder)
    answers = evaluation_set.generate(model, p.evaluate.seed)
    asked = evaluation_set.labels if domains else evaluation_set.labels_for(model.card)
    shown = samples.choose(answers, asked, evaluation_set.sources, step=model.card.best_step)
    samples.save(shown, INCUMBENTS / f"{model.card.spec.task}.npz")
    features = net.features(answers)
    metrics = registry.evaluated()
    learnt = None
    if "training_images" in evidence.needed(metrics):
        train = read_packed("train")
        learnt = train.images[evidence.training_rows(train, domains)]
    given = {
        **evidence.of_task(evaluation_set, known["reals"], learnt, known.get("training")),
        **evidence.of_model(evaluation_set, model.card, answers, features),
    }
    return features, score(metrics, given, net.name, f"the incumbent {model.card.spec.model}")


def decide(
    task: str,
    incumbent: Path | None,
    p: params.Params,
    net: Backbone,
    eligibility: Eligibility,
    today: date,
) -> tuple[Decision, Path | None, dict[str, Any]]:
    """The decision of one task, the champion's folder, and the scores it rests on.

    Of several challengers one is chosen (see `choose`), and that one alone is judged. A model that
    failed in training or was skipped is none, nor is one that rests on what may not be used; an
    incumbent that does is champion no more, whether or not there is another.
    """
    found = candidates(task, incumbent, p, eligibility, today)
    decision, folder, figures = _judged(task, found, p, net)
    decision = decision.noting(*found.notes()) if found.notes() else decision
    figures |= found.figures(today)
    if folder is not None:
        limits = ancestry.non_commercial(terms(card.read(folder)))
        if limits:
            figures["non_commercial"] = limits
            decision = decision.noting(
                f"{decision.champion} is for non-commercial use only, by the licences of "
                f"{ancestry.named(limits)}"
            )
    return decision, folder, figures


def _judged(
    task: str, found: Candidates, p: params.Params, net: Backbone
) -> tuple[Decision, Path | None, dict[str, Any]]:
    challengers, incumbent = found.challengers, found.incumbent
    failed, skipped = list(found.failed), found.skipped
    before = card.read(incumbent).spec.model if incumbent else None
    if not challengers:
        nobody = against_nobody(before, task, failed, list(found.refused), skipped)
        return nobody, incumbent, {}

    metric, compare = registry.deciding(), registry.deciding_test()
    criterion = Criterion(metric.label, p.promote.confidence)
    scores = {name: scores_of(name) for name in challengers}
    chosen = choose(
        {name: saved.validation.get(metric.name) for name, saved in challengers.items()},
        {name: of.values[metric.key(net.name)] for name, of in scores.items()},
        metric,
    )
    mine, drives = features_of(chosen.name), drives_of(chosen.name)
    figures: dict[str, Any] = {"challenger": chosen.name, **scores[chosen.name].report()}
    if chosen.how:
        figures["chosen"] = {"how": chosen.how, "scores": chosen.scores}

    def compared(model: np.ndarray, rivals: Features) -> dict[str, Comparison]:
        return {
            name: compare(model, rival, mine["reals"], drives) for name, rival in rivals.items()
        }

    baselines = {name: mine[name] for name in MUST_BEAT if name in mine}
    if incumbent is None or before is None:
        comparisons = compared(mine["model"], baselines)
        figures["against"] = _figures(comparisons)
        decision = against_baselines(chosen, comparisons, criterion)
    else:
        rival, its_scores = scored_anew(incumbent, p.models[chosen.name].domains, mine, p, net)
        comparison = compared(mine["model"], {"incumbent": rival})
        figures["incumbent"] = {"model": before, **its_scores.report()}
        figures["against"] = _figures(comparison)
        decision = against_incumbent(chosen, before, comparison["incumbent"], criterion)
        comparisons = compared(mine["model"] if decision.promoted else rival, baselines)
        if note := behind_baselines(str(decision.champion), comparisons, criterion):
            figures["unbeaten"] = _figures(unbeaten(comparisons, criterion))
            decision = decision.noting(note)
    folder = TRAINED / chosen.name if decision.promoted else incumbent
    return decision.besides(failed, skipped), folder, figures


def _figures(comparisons: dict[str, Comparison]) -> dict[str, Any]:
    return {name: asdict(each) for name, each in comparisons.items()}
