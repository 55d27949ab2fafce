"""The turns so far, side by side, from `dvc metrics`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from stages.client import git, workspace
from stages.client.outcome import Outcome, Reports, outcome
from stages.client.tables import UNKNOWN, Table
from stages.common.errors import ArgusError


class Turn(NamedTuple):
    """A turn's commit. `outcome` is None where its metrics are not whole; `lacks` says what."""

    number: int
    day: str
    message: str
    outcome: Outcome | None
    lacks: str = ""


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
        past.append(turn_of(number, day, message, found.get(tag, {})))
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


def turn_of(number: int, day: str, message: str, reports: Reports) -> Turn:
    """A turn with the outcome that is in its metrics, as far as they are whole."""
    try:
        return Turn(number, day, message, outcome(reports))
    except KeyError as error:
        return Turn(number, day, message, None, str(error.args[0]))


def table(turns: list[Turn]) -> Table:
    """A row per turn; a column for each set of distances that models were scored by, as scores in
    different feature spaces do not compare."""
    spaces = sorted(
        {
            tuple(score.distances)
            for turn in turns
            if turn.outcome
            for score in turn.outcome.scores.values()
            if score.failed is None
        }
    ) or [()]
    headers = ["turn", "date", "message", "in", "accepted", "selected"]
    headers += [" /\n".join(space) or "models" for space in spaces]
    rows = []
    for turn in turns:
        row = [str(turn.number), turn.day, turn.message]
        made = turn.outcome
        if made is None:
            unknown = [UNKNOWN] * (len(headers) - len(row))
            rows.append([*row, *unknown, f"metrics lack {turn.lacks}"])
            continue
        row += [str(made.images), str(made.accepted), str(made.selected)]
        row += scores(made, spaces)
        row.append("\n".join(f"{task}: {champion}" for task, champion in made.champions.items()))
        rows.append([cell or UNKNOWN for cell in row])
    return Table("Turns", [*headers, "champions"], rows, frozenset({0, 3, 4, 5}))


def scores(made: Outcome, spaces: list[tuple[str, ...]]) -> list[str]:
    """A cell per feature space, with a line for each model scored in it.

    Models that failed stand where the others of the turn do.
    """
    used = [tuple(score.distances) for score in made.scores.values() if score.failed is None]
    lines: dict[tuple[str, ...], list[str]] = {space: [] for space in spaces}
    for model, score in made.scores.items():
        if score.failed is not None:
            lines[used[0] if used else spaces[0]].append(f"{model} failed")
        else:
            values = " / ".join(f"{value:.4g}" for value in score.distances.values())
            lines[tuple(score.distances)].append(f"{model} {values}")
    return ["\n".join(of_space) for of_space in lines.values()]
