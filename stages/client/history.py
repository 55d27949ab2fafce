"""The turns so far, side by side, from `dvc metrics`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from stages.client import git, workspace
from stages.client.outcome import Outcome, Reports, outcome
from stages.client.tables import Table
from stages.common.errors import ArgusError

UNKNOWN = "-"


class Turn(NamedTuple):
    """A turn's commit; `outcome` is None where its metrics cannot be read any more."""

    number: int
    day: str
    message: str
    outcome: Outcome | None


def turns() -> list[Turn]:
    """All turns, first to last.

    Raises:
        ArgusError: there is none yet, or DVC fails.
    """
    workspace.require_top()
    numbers = git.turns()
    if not numbers:
        raise ArgusError("no turn has been recorded yet: `argus turn -m MESSAGE` makes the first")
    tags = [f"turn-{number}" for number in numbers]
    lines = git.git("log", "--no-walk=unsorted", "--format=%cs%x00%s", *tags, "--").splitlines()
    found = metrics(json.loads(workspace.dvc("metrics", "show", "--json", "--all-tags")))
    past = []
    for number, tag, line in zip(numbers, tags, lines, strict=True):
        day, message = line.split("\0", 1)
        past.append(Turn(number, day, message, outcome_of(found.get(tag, {}))))
    return past


def metrics(shown: Mapping[str, Any]) -> dict[str, Reports]:
    """What `dvc metrics show --json` prints, as reports by revision and name.

    DVC names a commit by all its tags, joined by commas.
    """
    return {
        name: {
            path.removeprefix("reports/").removesuffix(".json"): report.get("data", {})
            for path, report in revision.get("data", {}).items()
        }
        for names, revision in shown.items()
        for name in names.split(",")
    }


def outcome_of(reports: Reports) -> Outcome | None:
    """The outcome in a turn's metrics; None if they are incomplete."""
    try:
        return outcome(reports)
    except KeyError:
        return None


def table(turns: list[Turn]) -> Table:
    """A row per turn; a column for each model and kind of distance, as only like compares."""
    columns = sorted(
        {
            (model, distance)
            for turn in turns
            if turn.outcome
            for model, score in turn.outcome.scores.items()
            for distance in score.distances
        }
    )
    headers = ["turn", "date", "message", "in", "accepted", "selected"]
    headers += [f"{model}\n{distance}" for model, distance in columns]
    rows = []
    for turn in turns:
        row = [str(turn.number), turn.day, turn.message]
        made = turn.outcome
        if made is None:
            rows.append(row + [UNKNOWN] * (len(headers) + 1 - len(row)))
            continue
        row += [str(made.images), str(made.accepted), str(made.selected)]
        for model, distance in columns:
            score = made.scores.get(model)
            value = score.distances.get(distance) if score else None
            row.append(UNKNOWN if value is None else f"{value:.4g}")
        row.append("\n".join(f"{task}: {champion}" for task, champion in made.champions.items()))
        rows.append(row)
    numbers = frozenset({0, 3, 4, 5, *range(6, 6 + len(columns))})
    return Table("Turns", [*headers, "champions"], rows, numbers)
