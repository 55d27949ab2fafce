"""The turns so far, side by side, from the reports that Git has of them."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from argus.cli import target
from argus.cli.repository import git_history, workspace
from argus.cli.repository.turn_commits import (
    History,
    TurnCommit,
    distinct,
    mapping,
    parsed,
    untagged,
)
from argus.cli.sources import holdings as held
from argus.cli.tables import UNKNOWN, Table
from argus.cli.turns.turn_summary import Outcome, Reports, named, outcome
from argus.core.errors import ArgusError
from argus.core.files import atomic
from argus.core.paths import PARAMS


class Turn(NamedTuple):
    """A turn's commit. `outcome` is None where its metrics are not whole; `lacks` says what."""

    number: int
    day: str
    message: str
    outcome: Outcome | None
    lacks: str = ""


def turns() -> tuple[list[Turn], list[str]]:
    """The turns in HEAD's history, first to last, and what else there is to say of them.

    Raises:
        ArgusError: there is none yet.
    """
    workspace.enter()
    history = History()
    oldest_first = distinct(history.behind_head())[::-1]
    recorded = sorted(oldest_first, key=lambda turn: turn.number)
    if not recorded:
        raise ArgusError(
            "no turn is in HEAD's history yet: `argus turn -m MESSAGE` makes the first"
        )
    shown = git_history.headlines([turn.commit for turn in recorded])
    past = [
        turn_of(turn.number, day, message, reports_of(turn.commit))
        for turn, (day, message) in zip(recorded, shown, strict=True)
    ]
    return past, notes(history, recorded)


def notes(history: History, recorded: list[TurnCommit]) -> list[str]:
    """Turns without a tag, tags without a turn, what turns held that was withdrawn since, and what
    a shallow clone does not show."""
    said = [untagged(turn) for turn in recorded if turn.number not in history.tags]
    numbers = {turn.number for turn in recorded}
    said += [
        f"turn-{number} (commit {commit[:10]}) is not in HEAD's history"
        for number, commit in sorted(history.tags.items())
        if number not in numbers
    ]
    said += held.notes(recorded, held.withdrawn())
    if history.here & history.cut:
        said.append("this clone is shallow: `git fetch --unshallow` may show earlier turns")
    return said


def reports_of(commit: str) -> dict[str, Any]:
    """The reports of a commit by their name, as far as it has them."""
    (file,) = git_history.contents([f"{commit}:{PARAMS}"])
    settings = mapping(parsed(file.text if file else ""))
    names = named(settings.get("sources") or [], settings.get("models") or {})
    texts = git_history.contents([f"{commit}:reports/{name}.json" for name in names])
    found: dict[str, Any] = {}
    for name, text in zip(names, texts, strict=True):
        with suppress(ValueError):  # a conflict that was committed, say
            if text:
                found[name] = json.loads(text.text)
    return found


def turn_of(number: int, day: str, message: str, reports: Reports) -> Turn:
    """A turn with the outcome that is in its reports, as far as they are whole."""
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
            if not score.missing
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

    Models that failed or were skipped stand where the others of the turn do.
    """
    used = [tuple(score.distances) for score in made.scores.values() if not score.missing]
    lines: dict[tuple[str, ...], list[str]] = {space: [] for space in spaces}
    for model, score in made.scores.items():
        if score.missing:
            lines[used[0] if used else spaces[0]].append(f"{model} {score.missing[0]}")
        else:
            values = " / ".join(f"{value:.4g}" for value in score.distances.values())
            lines[tuple(score.distances)].append(f"{model} {values}")
    return ["\n".join(of_space) for of_space in lines.values()]


def require_place(path: Path) -> None:
    """Raises:
    ArgusError: the table cannot be written there.
    """
    target.require(path, ".md", "a table in Markdown")


def write(table: Table, path: Path) -> None:
    """Write the table as Markdown; a file that is there is replaced, folders are made.

    Raises:
        ArgusError: it cannot be written there.
    """
    try:
        with atomic(path) as temporary:
            temporary.write_text(table.markdown(), encoding="utf-8")
    except OSError as error:
        raise ArgusError(f"{path} cannot be written: {error.strerror}") from None
