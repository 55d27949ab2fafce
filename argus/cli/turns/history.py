"""The turns so far, side by side, from the reports that Git has of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from argus.cli.repository import git_history, workspace
from argus.cli.repository.turn_commits import (
    History,
    TurnCommit,
    distinct,
    mapping,
    parsed,
    untagged,
)
from argus.cli.sources import holdings
from argus.cli.tables import UNKNOWN, Table
from argus.cli.terminal import require_target
from argus.cli.turns.turn_summary import Reports, TurnSummary, report_names, summarize
from argus.core.errors import ArgusError
from argus.core.files import atomic
from argus.core.paths import PARAMS
from argus.judging.scores import Scores, columns


class Turn(NamedTuple):
    """A turn's commit. `summary` is None where its metrics are not whole; `lacks` says what."""

    number: int
    day: str
    message: str
    summary: TurnSummary | None
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
    said += holdings.withdrawal_notes(recorded, holdings.withdrawals())
    if history.here & history.cut:
        said.append("this clone is shallow: `git fetch --unshallow` may show earlier turns")
    return said


def reports_of(commit: str) -> dict[str, Any]:
    """The reports of a commit by their name, as far as it has them."""
    (file,) = git_history.contents([f"{commit}:{PARAMS}"])
    settings = mapping(parsed(file.text if file else ""))
    names = report_names(settings.get("sources") or [], settings.get("models") or {})
    texts = git_history.contents([f"{commit}:reports/{name}.json" for name in names])
    found: dict[str, Any] = {}
    for name, text in zip(names, texts, strict=True):
        with suppress(ValueError):  # a conflict that was committed, say
            if text:
                found[name] = json.loads(text.text)
    return found


def turn_of(number: int, day: str, message: str, reports: Reports) -> Turn:
    """A turn with the summary of its reports, if they are whole."""
    try:
        return Turn(number, day, message, summarize(reports))
    except KeyError as error:
        return Turn(number, day, message, None, str(error.args[0]))


def table(turns: list[Turn]) -> Table:
    """A row per turn; a column for each feature space that models were judged in, as scores of
    different ones do not compare."""
    spaces = feature_spaces(turn.summary for turn in turns if turn.summary)
    headers = ["turn", "date", "message", "in", "accepted", "selected"]
    headers += [" /\n".join(keys) for keys in spaces.values()] or ["models"]
    rows = []
    for turn in turns:
        row = [str(turn.number), turn.day, turn.message]
        made = turn.summary
        if made is None:
            unknown = [UNKNOWN] * (len(headers) - len(row))
            rows.append([*row, *unknown, f"metrics lack {turn.lacks}"])
            continue
        row += [str(made.images), str(made.accepted), str(made.selected)]
        row += scores(made, spaces)
        row.append("\n".join(f"{task}: {champion}" for task, champion in made.champions.items()))
        rows.append([cell or UNKNOWN for cell in row])
    return Table("Turns", [*headers, "champions"], rows, frozenset({0, 3, 4, 5}))


def feature_spaces(summaries: Iterable[TurnSummary]) -> dict[str, list[str]]:
    """The keys that models were scored by in each feature space, over all turns."""
    found: dict[str, list[Scores]] = {}
    for made in summaries:
        for scored in _scored(made):
            found.setdefault(_space(scored), []).append(scored)
    return {space: columns(found[space]) for space in sorted(found)}


def scores(made: TurnSummary, spaces: Mapping[str, Sequence[str]]) -> list[str]:
    """A cell per feature space, with a line for each model scored in it.

    Models that failed or were skipped stand where the others of the turn do.
    """
    others = next((_space(scored) for scored in _scored(made)), next(iter(spaces), ""))
    lines: dict[str, list[str]] = {space: [] for space in spaces or [""]}
    for name, model in made.models.items():
        if model.missing:
            lines[others].append(f"{name} {model.missing[0]}")
        else:
            space = _space(model.scores)
            values = " / ".join(model.scores.text(key) for key in spaces[space])
            lines[space].append(f"{name} {values}")
    return ["\n".join(of_space) for of_space in lines.values()]


def _scored(made: TurnSummary) -> list[Scores]:
    return [model.scores for model in made.models.values() if not model.missing]


def _space(scored: Scores) -> str:
    """The key of a model's first metric: it names the features that judged it."""
    return next(iter(columns([scored])), "")


def require_place(path: Path) -> None:
    """Raises:
    ArgusError: the table cannot be written there.
    """
    require_target(path, ".md", "a table in Markdown")


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
