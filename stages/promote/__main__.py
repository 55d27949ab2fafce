"""Let challengers take over where they are better beyond chance: `python -m stages.promote`.

Writes `models/champions/<task>/` (the weights and card of each champion, no folder for a task that
has none), and to `reports/promote/decision.json` who serves each task, by which weights (their
SHA-256), and why. `argus turn` registers a champion with new weights as a version of the artifact
that `dvc.yaml` names after the task.

Models that rest on what may not be used are refused, and here rights go before reproducibility:
it is the clock that says whether a consent is over, so the same commit may promote less on a later
day, never more. The day stands in the decision where it made a difference, and else nowhere.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from argus.core import params, reports
from argus.core.determinism import deterministic
from argus.core.errors import exits_cleanly
from argus.core.files import atomic, remove, sha256
from argus.core.paths import CHAMPIONS, INCUMBENTS
from argus.data.packed import read_rights
from argus.features.backbone import BACKBONES, Backbone
from argus.judging import gain_curve
from argus.judging.eligibility import Eligibility
from argus.judging.incumbents import decisions as decisions_of
from argus.judging.incumbents import fetch
from argus.models import card, code_record
from stages.promote.rolled_back import rolled_back
from stages.promote.task import Standing, decide

NO_METRICS = ("reason", "weights", "judge", "guards", "not_measured")
"""What a decision says beside figures."""


@exits_cleanly
def main() -> None:
    p = params.load()
    code_record.must_be_current("promote", p.models)
    backbones: dict[str, Backbone] = {name: BACKBONES[name]() for name in p.evaluate.judges}
    deterministic(p.evaluate.seed, p.embed.threads)
    packed = read_rights()
    eligibility = Eligibility(
        p.sources,
        packed.withdrawn,
        lambda source, delivery: delivery in packed.sources[source].deliveries,
    )
    today = datetime.now(UTC).date()
    remove(INCUMBENTS)
    INCUMBENTS.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        revision = p.lineage.previous
        incumbents = fetch(revision, Path(scratch)) if revision else {}
        before = decisions_of(revision) if revision else {}
        by_hand = p.promote.rolled_back
        tasks = sorted({model.task for model in p.models.values()} | set(incumbents) | set(by_hand))
        decisions: dict[str, Any] = {}
        with atomic(CHAMPIONS) as temporary:
            temporary.mkdir()
            for task in tasks:
                if back := by_hand.get(task):
                    into = Path(scratch) / "rolled_back" / task
                    days = {p.ingest.as_of, today}
                    made = rolled_back(task, back, into, eligibility, days)
                else:
                    standing = Standing.of(
                        incumbents.get(task), before.get(task, {}), p.promote.confidence
                    )
                    made = decide(task, p, standing, backbones, eligibility, today)
                decision, folder, figures = made
                weights = None
                if folder is not None:
                    shutil.copytree(folder, temporary / task)
                    weights = sha256(temporary / task / card.WEIGHTS)
                decisions[task] = {**asdict(decision), "weights": weights, **figures}
                print(f"{task}: {decision.reason}")
    reports.metrics("promote/decision", decisions)
    gain_curve.write(reports.rounded(decisions), revision, p.ingest.as_of)
    reports.metrics(
        "promote",
        {
            task: {key: value for key, value in decision.items() if key not in NO_METRICS}
            for task, decision in decisions.items()
        },
    )


if __name__ == "__main__":
    main()
