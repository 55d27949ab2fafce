"""Let challengers take over where they are better beyond chance: `python -m stages.promote`.

Writes `models/champions/<task>/` (the weights and card of each champion) and
`models/champions/champions.json`, and the reasons to `reports/promote/decision.json`.

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
from argus.core.files import atomic, sha256, write_json
from argus.data.packed import read_rights
from argus.features.backbone import BACKBONES
from argus.judging.eligibility import Eligibility
from argus.judging.incumbents import CHAMPIONS, fetch
from argus.models import card, code_record
from stages.promote.task import decide


@exits_cleanly
def main() -> None:
    p = params.load()
    code_record.must_be_current("promote", p.models)
    net = BACKBONES[p.embed.backbone]()
    deterministic(p.evaluate.seed, p.embed.threads)
    packed = read_rights()
    eligibility = Eligibility(
        p.sources,
        packed.withdrawn,
        lambda source, delivery: delivery in packed.sources[source].deliveries,
    )
    today = datetime.now(UTC).date()
    with tempfile.TemporaryDirectory() as scratch:
        revision = p.lineage.previous
        incumbents = fetch(revision, Path(scratch)) if revision else {}
        tasks = sorted({model.task for model in p.models.values()} | set(incumbents))
        decisions: dict[str, Any] = {}
        champions: dict[str, dict[str, str | None] | None] = {}
        with atomic(CHAMPIONS) as temporary:
            temporary.mkdir()
            for task in tasks:
                decision, folder, figures = decide(
                    task, incumbents.get(task), p, net, eligibility, today
                )
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
