"""Let challengers take over where they are better beyond chance: `python -m stages.promote`.

Writes `models/champions/<task>/` (the weights and card of each champion) and
`models/champions/champions.json`, and the reasons to `reports/promote/decision.json`.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from stages.common import params, reports
from stages.common.backbone import BACKBONES, Backbone
from stages.common.compute import deterministic
from stages.common.errors import exits_cleanly
from stages.common.files import atomic, sha256, write_json
from stages.evaluate.scores import frechet_distance, kid
from stages.evaluate.yardstick import held_out
from stages.pack.packed import read_packed
from stages.promote.decide import Decision, against_floors, against_incumbent
from stages.promote.gate import compare
from stages.promote.incumbents import CHAMPIONS, fetch
from stages.train import card, trained

FLOORS = ("noise", "mean_image", "blurred")  # what the first champion of a task must beat


def features_of(model: str) -> dict[str, np.ndarray]:
    """What `evaluate` left of a model: features float32 [N, D] by kind."""
    folder = Path("data/evaluate") / model
    return {path.stem: np.load(path) for path in sorted(folder.glob("*.npy"))}


def groups_of(model: str) -> list[str]:
    """The drive of each held-out real that a model was scored on."""
    groups: list[str] = json.loads((Path("data/evaluate") / model / "groups.json").read_text())
    return groups


def answered(
    folder: Path, domains: params.Domains | None, p: params.Params, net: Backbone
) -> np.ndarray:
    """An incumbent's features on the yardstick of its challenger: float32 [N, D]."""
    packs = [read_packed(split) for split in p.evaluate.splits]
    yardstick = held_out(packs, domains, p.evaluate.samples)
    return net.features(yardstick.answer(trained.load(folder), p.evaluate.seed))


def name_of(folder: Path) -> str:
    """The name under which a model was trained."""
    return card.read(folder).model


def decide(
    task: str, challengers: list[str], incumbent: Path | None, p: params.Params, net: Backbone
) -> tuple[Decision, Path | None, dict[str, Any]]:
    """The decision of one task, the champion's folder, and the scores it rests on."""
    if not challengers:
        assert incumbent is not None
        name = name_of(incumbent)
        return Decision(name, False, f"{name} stays: no model trains for {task}"), incumbent, {}
    features = {name: features_of(name) for name in challengers}
    scores = {name: kid(of["model"], of["reals"]) for name, of in features.items()}
    best = min(challengers, key=lambda name: scores[name])
    model, reals, groups = features[best]["model"], features[best]["reals"], groups_of(best)
    folder = Path("models/trained") / best
    figures: dict[str, Any] = {
        "challenger": best,
        f"kid_{net.name}": scores[best],
        f"fd_{net.name}": frechet_distance(model, reals),
    }
    if incumbent is None:
        verdicts = {floor: compare(model, features[best][floor], reals, groups) for floor in FLOORS}
        figures["against"] = {floor: asdict(verdict) for floor, verdict in verdicts.items()}
        decision = against_floors(best, verdicts, p.promote.confidence)
        return decision, folder if decision.promoted else None, figures
    rival = answered(incumbent, p.models[best].domains, p, net)
    verdict = compare(model, rival, reals, groups)
    figures["incumbent"] = {
        "model": name_of(incumbent),
        f"kid_{net.name}": kid(rival, reals),
        f"fd_{net.name}": frechet_distance(rival, reals),
    }
    figures["against"] = {"incumbent": asdict(verdict)}
    decision = against_incumbent(
        f"today's {best}", f"the incumbent {name_of(incumbent)}", verdict, p.promote.confidence
    )
    winner = best if decision.promoted else name_of(incumbent)
    decision = Decision(winner, decision.promoted, decision.reason)
    return decision, folder if decision.promoted else incumbent, figures


@exits_cleanly
def main() -> None:
    p = params.load()
    deterministic(p.evaluate.seed, p.embed.threads)
    net = BACKBONES[p.embed.backbone]()
    with tempfile.TemporaryDirectory() as scratch:
        revision = p.lineage.previous
        incumbents = fetch(revision, Path(scratch)) if revision else {}
        tasks = sorted({model.task for model in p.models.values()} | set(incumbents))
        decisions: dict[str, Any] = {}
        champions: dict[str, dict[str, str | None] | None] = {}
        with atomic(CHAMPIONS) as temporary:
            temporary.mkdir()
            for task in tasks:
                challengers = sorted(n for n, model in p.models.items() if model.task == task)
                decision, folder, figures = decide(task, challengers, incumbents.get(task), p, net)
                decisions[task] = {**asdict(decision), **figures}
                print(f"{task}: {decision.reason}")
                if folder is None:
                    champions[task] = None
                    continue
                shutil.copytree(folder, temporary / task)
                weights = sha256(temporary / task / card.WEIGHTS)
                champions[task] = {"model": decision.champion, "weights": weights}
            write_json(temporary / "champions.json", champions)
    reports.metrics("promote/decision", decisions)
    reports.metrics(
        "promote",
        {
            task: {key: value for key, value in decision.items() if key != "reason"}
            for task, decision in decisions.items()
        },
    )


if __name__ == "__main__":
    main()
