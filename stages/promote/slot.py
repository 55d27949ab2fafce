"""One task: its challengers of today, its incumbent of yesterday, and the decision between them."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from argus.core import params
from argus.data.packed import read_packed
from argus.features.backbone import Backbone
from argus.judging.distances import frechet_distance, kid
from argus.judging.evaluation_set import held_out
from argus.judging.gate.choose import choose
from argus.judging.gate.decide import (
    Decision,
    against_floors,
    against_incumbent,
    against_nobody,
    behind_floors,
    unbeaten,
)
from argus.judging.similarity import Verdict, compare
from argus.judging.vetting import Vetting, terms
from argus.models import ancestry, card, loading
from stages.promote.contest import TRAINED, Contest, contest

EVALUATED = Path("data/evaluate")
FLOORS = ("noise", "mean_image", "blurred", "untranslated")
"""What the first champion of a task must beat; the last one there is of translators alone."""


def features_of(model: str) -> dict[str, np.ndarray]:
    """What `evaluate` left of a model: features float32 [N, D] by kind."""
    return {path.stem: np.load(path) for path in sorted((EVALUATED / model).glob("*.npy"))}


def groups_of(model: str) -> list[str]:
    """The drive of each held-out real that a model was scored on."""
    groups: list[str] = json.loads((EVALUATED / model / "groups.json").read_text())
    return groups


def answered(
    folder: Path, domains: params.Domains | None, p: params.Params, net: Backbone
) -> np.ndarray:
    """An incumbent's features on the evaluation set of its challenger: float32 [N, D]."""
    packs = [read_packed(split) for split in p.evaluate.splits]
    evaluation_set = held_out(packs, domains, p.evaluate.samples)
    return net.features(evaluation_set.generate(loading.load(folder), p.evaluate.seed))


def on_val(saved: card.SavedCard) -> float | None:
    """KID on val of the weights that were kept; None if the model was not validated."""
    return saved.validation.get("kid")


def decide(
    task: str,
    incumbent: Path | None,
    p: params.Params,
    net: Backbone,
    vetting: Vetting,
    today: date,
) -> tuple[Decision, Path | None, dict[str, Any]]:
    """The decision of one task, the champion's folder, and the scores it rests on.

    Of several challengers one is chosen (see `choose`), and that one alone is judged. A model that
    failed in training or was skipped is none, nor is one that rests on what may not be used; an
    incumbent that does loses its slot, whether or not there is another.
    """
    stands = contest(task, incumbent, p, vetting, today)
    decision, folder, figures = _judged(task, stands, p, net)
    decision = decision.noting(*stands.notes()) if stands.notes() else decision
    figures |= stands.figures(today)
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
    task: str, stands: Contest, p: params.Params, net: Backbone
) -> tuple[Decision, Path | None, dict[str, Any]]:
    challengers, incumbent = stands.challengers, stands.incumbent
    failed, skipped = list(stands.failed), stands.skipped
    holder = card.read(incumbent).spec.model if incumbent else None
    if not challengers:
        nobody = against_nobody(holder, task, failed, list(stands.refused), skipped)
        return nobody, incumbent, {}

    features = {name: features_of(name) for name in challengers}
    chosen = choose(
        {name: on_val(saved) for name, saved in challengers.items()},
        {name: kid(of["model"], of["reals"]) for name, of in features.items()},
    )
    mine, groups = features[chosen.name], groups_of(chosen.name)
    figures: dict[str, Any] = {
        "challenger": chosen.name,
        **_distances(mine["model"], mine["reals"], net.name),
    }
    if chosen.how:
        figures["chosen"] = {"how": chosen.how, "scores": chosen.scores}

    def over_floors(model: np.ndarray) -> dict[str, Verdict]:
        floors = {floor: mine[floor] for floor in FLOORS if floor in mine}
        return {k: compare(model, floor, mine["reals"], groups) for k, floor in floors.items()}

    if incumbent is None or holder is None:
        verdicts = over_floors(mine["model"])
        figures["against"] = {floor: asdict(each) for floor, each in verdicts.items()}
        decision = against_floors(chosen, verdicts, p.promote.confidence)
    else:
        rival = answered(incumbent, p.models[chosen.name].domains, p, net)
        verdict = compare(mine["model"], rival, mine["reals"], groups)
        figures["incumbent"] = {"model": holder, **_distances(rival, mine["reals"], net.name)}
        figures["against"] = {"incumbent": asdict(verdict)}
        decision = against_incumbent(chosen, holder, verdict, p.promote.confidence)
        verdicts = over_floors(mine["model"] if decision.promoted else rival)
        if note := behind_floors(str(decision.champion), verdicts, p.promote.confidence):
            lost = unbeaten(verdicts, p.promote.confidence)
            figures["unbeaten"] = {floor: asdict(each) for floor, each in lost.items()}
            decision = decision.noting(note)
    folder = TRAINED / chosen.name if decision.promoted else incumbent
    return decision.besides(failed, skipped), folder, figures


def _distances(model: np.ndarray, reals: np.ndarray, backbone: str) -> dict[str, float]:
    return {
        f"kid_{backbone}": kid(model, reals),
        f"fd_{backbone}": frechet_distance(model, reals),
    }
