"""One task: its challengers of today, its incumbent of yesterday, and the decision between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from argus.core import params, reports
from argus.core.paths import EVALUATED, TRAINED
from argus.data.packed import read_packed
from argus.features.backbone import Backbone
from argus.judging import evaluated, registry
from argus.judging import evaluation_set as evaluation_sets
from argus.judging.baselines import must_beat
from argus.judging.eligibility import Eligibility, terms
from argus.judging.evaluated import MODEL, REALS, Evaluated
from argus.judging.evaluation import evaluate
from argus.judging.evidence import Learnt
from argus.judging.gate import guards, judges
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
from argus.judging.gate.judges import Bench
from argus.judging.scores import ModelScores
from argus.judging.statistics import Comparison
from argus.models import ancestry, card, loading
from argus.models.card import SavedCard
from stages.promote.candidates import Candidates, candidates

INCUMBENT = "incumbent"
"""The kind of images that is the incumbent's, beside those that `evaluate` left."""


@dataclass(frozen=True)
class Rival:
    """A model as the gate sees it: its scores, and by judge its answers with all beside them."""

    name: str
    scores: ModelScores
    seen: Mapping[str, Evaluated]


def challenger(name: str, bench: Bench) -> Rival:
    """A model of today, as `evaluate` left it."""
    seen = {judge: evaluated.read(EVALUATED / name, judge) for judge in bench.all}
    return Rival(name, ModelScores.read(reports.read(f"evaluate/{name}")), seen)


def scored_anew(
    folder: Path, domains: params.Domains | None, p: params.Params, backbones: Sequence[Backbone]
) -> Rival:
    """An incumbent on the evaluation set of its challenger.

    Args:
        folder: where the incumbent lies.
        domains: of the challenger.
        p: the settings.
        backbones: those that judge.
    """
    evaluation_set = evaluation_sets.read(p.evaluate, domains)
    model = loading.load(folder)
    answers = evaluation_set.answers(model, p.evaluate.seed)
    found = evaluate(
        {MODEL: answers},
        evaluation_set,
        Learnt(read_packed("train"), domains),
        backbones,
        registry.evaluated(),
        p.dedupe.radius,
        model.card,
    )
    scores = ModelScores(
        model.task,
        found.scores[MODEL],
        classes=found.classes[MODEL],
        judges=tuple(judge.name for judge in backbones),
        protocol=evaluation_set.protocol(len(answers.images)),
    )
    return Rival(model.card.spec.model, scores, found.seen)


def decide(
    task: str,
    incumbent: Path | None,
    p: params.Params,
    backbones: Mapping[str, Backbone],
    eligibility: Eligibility,
    today: date,
) -> tuple[Decision, Path | None, dict[str, Any]]:
    """The decision of one task, the champion's folder, and the scores it rests on.

    Of several challengers one is chosen (see `choose`), and that one alone is judged. A model that
    failed in training or was skipped is none, nor is one that rests on what may not be used; an
    incumbent that does is champion no more, whether or not there is another.

    Args:
        task: its name.
        incumbent: the folder of the champion of the turn before; None if there is none.
        p: the settings.
        backbones: those of `evaluate.judges`, by name.
        eligibility: by what it is told whether a model may be used.
        today: the clock's day.
    """
    found = candidates(task, incumbent, p, eligibility, today)
    decision, folder, figures = _judged(task, found, p, backbones)
    decision = decision.noting(*found.notes()) if found.notes() else decision
    return limited(decision, folder, figures | found.figures(today))


def limited(
    decision: Decision, folder: Path | None, figures: dict[str, Any]
) -> tuple[Decision, Path | None, dict[str, Any]]:
    """The same, saying of a champion that it is for non-commercial use only, if it is."""
    if folder is not None:
        limits = ancestry.non_commercial(terms(card.read(folder)))
        if limits:
            figures = {**figures, "non_commercial": limits}
            decision = decision.noting(
                f"{decision.champion} is for non-commercial use only, by the licences of "
                f"{ancestry.named(limits)}"
            )
    return decision, folder, figures


def _judged(
    task: str, found: Candidates, p: params.Params, backbones: Mapping[str, Backbone]
) -> tuple[Decision, Path | None, dict[str, Any]]:
    challengers, incumbent = found.challengers, found.incumbent
    failed, skipped = list(found.failed), found.skipped
    before = card.read(incumbent) if incumbent else None
    held = before.spec.model if before else None
    if not challengers:
        nobody = against_nobody(held, task, failed, list(found.refused), skipped)
        return nobody, incumbent, {}

    seen = _features_seen(challengers, before)
    bench = judges.bench(p.evaluate.judges, seen)
    if bench is None:
        why = judges.none_left(p.evaluate.judges, seen)
        return Decision(held, False, f"{_stays(held)}: {why}"), incumbent, {}

    metric = registry.deciding()
    rivals = {name: challenger(name, bench) for name in challengers}
    verdicts = {
        name: guards.within_limits(rival.scores.scores, bench.judge, p.promote.limits)
        for name, rival in rivals.items()
    }
    within = {name for name in rivals if not guards.failed(verdicts[name])}
    asked = within or set(rivals)  # if all are refused, the reason says of the best how near it is
    chosen = choose(
        {
            name: saved.validation.get(metric.name)
            for name, saved in challengers.items()
            if name in asked
        },
        {
            name: rival.scores.scores.values[metric.key(bench.judge)]
            for name, rival in rivals.items()
            if name in asked
        },
        metric,
    )
    mine = rivals[chosen.name]
    criterion = Criterion(metric.label, p.promote.confidence)
    rival = None
    if incumbent is not None:
        judging = [backbones[name] for name in bench.all]
        rival = scored_anew(incumbent, p.models[chosen.name].domains, p, judging)
    views = {
        judge: of if rival is None else of.beside(INCUMBENT, rival.seen[judge])
        for judge, of in mine.seen.items()
    }
    baselines = must_beat(p.models[chosen.name].domains)
    others = baselines if rival is None else [INCUMBENT]
    comparisons = {judge: _compared(of, MODEL, others) for judge, of in views.items()}
    of_classes = {
        name: _compared(views[bench.judge].of_class(name), MODEL, others)
        for name in mine.scores.classes
    }
    said = [
        *verdicts[chosen.name],
        *guards.classes_hold(of_classes, criterion.confidence),
        *guards.witness_agrees(bench, comparisons),
    ]
    mine_against = comparisons[bench.judge]
    if rival is None:
        decision = against_baselines(chosen, mine_against, criterion)
    else:
        decision = against_incumbent(chosen, rival.name, mine_against["incumbent"], criterion)
    decision = decision.held_back(held, said)

    figures: dict[str, Any] = {
        "challenger": chosen.name,
        "judge": asdict(bench),
        **mine.scores.report(),
        "against": _figures(mine_against),
        "guards": [verdict.report() for verdict in said],
    }
    del figures["baselines"], figures["task"], figures["judges"]
    if chosen.how:
        figures["chosen"] = {"how": chosen.how, "scores": chosen.scores}
    if bench.witness:
        figures["witness"] = _figures(comparisons[bench.witness])
    refused = {name: guards.failed(of) for name, of in verdicts.items() if name not in within}
    if refused:
        figures["over_limits"] = {name: guards.told(of) for name, of in refused.items()}
    if rival is not None:
        figures["incumbent"] = {"model": rival.name, **rival.scores.report()}
        now = _compared(views[bench.judge], MODEL if decision.promoted else INCUMBENT, baselines)
        if note := behind_baselines(str(decision.champion), now, criterion):
            figures["unbeaten"] = _figures(unbeaten(now, criterion))
            decision = decision.noting(note)
    folder = TRAINED / chosen.name if decision.promoted else incumbent
    return decision.besides(failed, skipped), folder, figures


def _stays(held: str | None) -> str:
    return f"{held} stays, unscored" if held else "no incumbent, and nobody can be judged"


def _features_seen(
    challengers: Mapping[str, SavedCard], incumbent: SavedCard | None
) -> dict[str, tuple[str, ...]]:
    """The backbones that each rival was trained or selected by."""
    seen = {name: saved.features_seen for name, saved in challengers.items()}
    if incumbent:
        seen[f"the incumbent {incumbent.spec.model}"] = incumbent.features_seen
    return seen


def _compared(seen: Evaluated, kind: str, others: Sequence[str]) -> dict[str, Comparison]:
    """One kind of images with each of the others, by the reals beside them."""
    compare, samples = registry.deciding_test(), seen.samples
    return {name: compare([samples[kind]], [samples[name]], samples[REALS]) for name in others}


def _figures(comparisons: Mapping[str, Comparison]) -> dict[str, Any]:
    return {name: asdict(each) for name, each in comparisons.items()}
