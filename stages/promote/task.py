"""One task: its challengers of today, its incumbent of yesterday, and the decision between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from argus.core import params
from argus.core.paths import TRAINED
from argus.features.backbone import Backbone
from argus.judging import registry
from argus.judging.baselines import must_beat
from argus.judging.eligibility import Eligibility, terms
from argus.judging.gate import guards, judges
from argus.judging.gate.choose import Choice, choose
from argus.judging.gate.decide import (
    Criterion,
    Decision,
    against_baselines,
    against_incumbent,
    against_nobody,
    behind_baselines,
    unbeaten,
)
from argus.judging.gate.gain import Gain
from argus.judging.gate.guards import Verdict
from argus.judging.gate.judges import Bench
from argus.judging.gate.spending import Spending
from argus.judging.statistics import Comparison
from argus.models import ancestry, card
from stages.promote.candidates import Candidates, candidates
from stages.promote.rivals import INCUMBENT, Contest, Rival, challenger, features_seen, scored_anew


@dataclass(frozen=True)
class Standing:
    """What a task takes over from the turn before: its incumbent's folder, None if there is none;
    what may still be spent on challenges; and how far champions have come."""

    incumbent: Path | None
    spending: Spending
    gain: Gain | None

    @classmethod
    def of(cls, incumbent: Path | None, before: Mapping[str, Any], confidence: float) -> Standing:
        """From the decision of the turn before, empty if there is none.

        Whoever begins a reign, or ends one for want of rights, leaves nothing to its successor.
        """
        served = incumbent is not None or before.get("champion") is None
        report = before.get("level") if served else None
        gain = Gain.read(before.get("gain")) if incumbent is not None else None
        return cls(incumbent, Spending.read(report, confidence), gain)


def decide(
    task: str,
    p: params.Params,
    before: Standing,
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
        p: the settings.
        before: what the turn before left of the task.
        backbones: those of `evaluate.judges`, by name.
        eligibility: by what it is told whether a model may be used.
        today: the clock's day.
    """
    found = candidates(task, before.incumbent, p, eligibility, today)
    if before.incumbent is not None and found.incumbent is None:
        before = Standing(None, Spending(p.promote.confidence), None)
    decision, folder, figures = _judged(task, found, before, p, backbones)
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
    task: str,
    found: Candidates,
    before: Standing,
    p: params.Params,
    backbones: Mapping[str, Backbone],
) -> tuple[Decision, Path | None, dict[str, Any]]:
    challengers, incumbent = found.challengers, found.incumbent
    failed, skipped = list(found.failed), found.skipped
    saved = card.read(incumbent) if incumbent else None
    held = saved.spec.model if saved else None
    if not challengers:
        nobody = against_nobody(held, task, failed, list(found.refused), skipped)
        return nobody, incumbent, _untested(before)
    seen = features_seen(challengers, saved)
    bench = judges.bench(p.evaluate.judges, seen)
    if bench is None:
        unjudged = Decision(held, False, judges.none_left(held, p.evaluate.judges, seen))
        return unjudged, incumbent, _untested(before)

    rivals = {name: challenger(name, bench) for name in challengers}
    limits = {name: _limits(rival, bench, p) for name, rival in rivals.items()}
    chosen = _chosen(found, rivals, limits, bench, p)
    mine, domains = rivals[chosen.serves], p.models[chosen.serves].domains
    rival = None
    if incumbent is not None:
        rival = scored_anew(incumbent, domains, p, [backbones[name] for name in bench.all])
    contests = {
        judge: Contest(
            [rivals[name].seen[judge] for name in chosen.tested],
            rival.seen[judge] if rival else None,
        )
        for judge in bench.all
    }
    contest, baselines = contests[bench.judge], must_beat(domains)
    others = [INCUMBENT] if rival else list(baselines)
    comparisons = {judge: of.against(others) for judge, of in contests.items()}
    within = _limits(mine, bench, p, rival)
    verdicts = [
        *within,
        *guards.classes_hold(
            {name: contest.of_class(name).against(others) for name in mine.scores.classes}
        ),
        *guards.witness_agrees(bench, comparisons),
    ]
    here = comparisons[bench.judge]
    criterion = Criterion(registry.deciding().label, 1 - before.spending.alpha)
    if rival is None:
        decision = against_baselines(chosen, here, criterion)
    else:
        decision = against_incumbent(chosen, rival.name, here[INCUMBENT], criterion)
    decision = decision.held_back(held, verdicts)

    figures = _of_challenger(mine, chosen, bench, verdicts, comparisons)
    figures |= _level(before, decision, here, within) | _gain(before, decision, contest)
    refused = {name: of for name, of in limits.items() if guards.failed(of)}
    if refused:
        figures["over_limits"] = {
            name: guards.told(guards.failed(of)) for name, of in refused.items()
        }
    if rival is not None:
        figures["incumbent"] = {"model": rival.name, **rival.scores.report()}
        now = (
            contest.against(baselines)
            if decision.promoted
            else contest.incumbent_against(baselines)
        )
        if note := behind_baselines(str(decision.champion), now, criterion):
            figures["unbeaten"] = _figures(unbeaten(now, criterion))
            decision = decision.noting(note)
    folder = TRAINED / chosen.serves if decision.promoted else incumbent
    return decision.besides(failed, skipped), folder, figures


def _limits(
    mine: Rival, bench: Bench, p: params.Params, incumbent: Rival | None = None
) -> list[Verdict]:
    """The limits on a challenger, those relative to the incumbent only if it is given."""
    beside = dict(mine.scores.baselines)
    if incumbent is not None:
        beside[INCUMBENT] = incumbent.scores.scores
    return guards.within_limits(mine.scores.scores, beside, bench.all, p.promote.limits)


def _chosen(
    found: Candidates,
    rivals: Mapping[str, Rival],
    limits: Mapping[str, list[Verdict]],
    bench: Bench,
    p: params.Params,
) -> Choice:
    """Of the challengers within all limits the best on val; if there is none, of all of them: the
    reason then tells how near it is beside what it did wrong."""
    metric = registry.deciding()
    key = metric.key(bench.judge)
    asked = {name for name in rivals if not guards.failed(limits[name])} or set(rivals)
    return choose(
        {
            name: saved.validation.get(metric.name)
            for name, saved in found.challengers.items()
            if name in asked
        },
        {name: rivals[name].scores.scores.values[key] for name in rivals if name in asked},
        metric,
        p.recipes(),
    )


def _of_challenger(
    mine: Rival,
    chosen: Choice,
    bench: Bench,
    verdicts: list[Verdict],
    comparisons: Mapping[str, Mapping[str, Comparison]],
) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "challenger": chosen.serves,
        "judge": {"name": bench.judge, "witness": bench.witness, "because": bench.because},
        **mine.scores.report(),
        "against": _figures(comparisons[bench.judge]),
        "guards": [verdict.report() for verdict in verdicts],
        "not_measured": [f"{each.guard}: {each.says}" for each in verdicts if each.passed is None],
    }
    del figures["baselines"], figures["task"], figures["judges"]
    if chosen.how:
        figures["chosen"] = {"how": chosen.how, "scores": chosen.scores}
    if len(chosen.tested) > 1:
        figures["seeds"] = chosen.seeds
    if bench.witness:
        figures["witness"] = _figures(comparisons[bench.witness])
    return figures


def _level(
    before: Standing,
    decision: Decision,
    comparisons: Mapping[str, Comparison],
    within: list[Verdict],
) -> dict[str, Any]:
    """What of the risk of luck is spent by now. A challenge over a limit, or that nothing could be
    told of, spent none. One that other guards refused did: they look at the very comparison, and
    whoever passes them by luck alone would have as many tries as that takes at one level."""
    told = all(each.errors for each in comparisons.values())
    if not told or guards.failed(within):
        return {"level": before.spending.report(None)}
    return {
        "level": before.spending.after(decision.promoted).report(before.spending.alpha),
    }


def _gain(before: Standing, decision: Decision, contest: Contest) -> dict[str, Any]:
    """How far the champions have come, None where there is none: by the weights that serve,
    whatever other seeds their recipe has."""
    if decision.champion is None:
        return {"gain": None}
    chain = before.gain or Gain()
    if before.incumbent is None:
        return {"gain": Gain().report()}
    if decision.promoted:
        serving = Contest(contest.seeds[:1], contest.incumbent).against([INCUMBENT])
        return {"gain": chain.replaced(serving[INCUMBENT]).report()}
    return {"gain": chain.kept().report()}


def _untested(before: Standing) -> dict[str, Any]:
    """What goes on where nobody was put to the test."""
    gain = (before.gain or Gain()).kept() if before.incumbent is not None else None
    return {
        "level": before.spending.report(None),
        "gain": gain.report() if gain else None,
    }


def _figures(comparisons: Mapping[str, Comparison]) -> dict[str, Any]:
    return {name: asdict(each) for name, each in comparisons.items()}
