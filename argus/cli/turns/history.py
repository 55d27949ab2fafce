"""The turns so far, side by side, from the reports that Git has of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
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
from argus.judging.scores import by_task, table_columns

SCORES = "Scores, each on its own turn's held-out reals: those of two turns do not compare"


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
    """A row per turn: what came in, who serves each task, and the gain.

    Scores are not in it: each turn has reals of its own, and what two turns scored does not
    compare. `scores` has them, each with its protocol.
    """
    headers = ["turn", "date", "message", "in", "accepted", "selected", "champions"]
    headers += ["gain (KID)", "since the\nfirst champion"]
    rows = []
    for turn in turns:
        row = [str(turn.number), turn.day, turn.message]
        made = turn.summary
        if made is None:
            unknown = [UNKNOWN] * (len(headers) - len(row) - 3)
            rows.append([*row, *unknown, f"metrics lack {turn.lacks}", UNKNOWN, UNKNOWN])
            continue
        row += [str(made.images), str(made.accepted), str(made.selected)]
        row.append("\n".join(f"{task}: {champion}" for task, champion in made.champions.items()))
        gains = {task: champion.gain for task, champion in made.champions.items() if champion.gain}
        row.append("\n".join(f"{task}: {gain.text()}" for task, gain in gains.items()))
        row.append("\n".join(f"{task}: {gain.chained_text()}" for task, gain in gains.items()))
        rows.append([cell or UNKNOWN for cell in row])
    return Table("Turns", headers, rows, frozenset({0, 3, 4, 5}))


def scores(turns: list[Turn]) -> list[str]:
    """A line for each turn and task: how its models scored by the deciding metric, and on what.

    Turns whose metrics are not whole have none.
    """
    lines = []
    for turn in turns:
        for task, models in by_task(turn.summary.models if turn.summary else {}).items():
            key = next(iter(table_columns(models.values())), "")
            told = ", ".join(
                f"{name} {model.missing[0] if model.missing else model.scores.text(key)}"
                for name, model in models.items()
            )
            on = turn.summary.protocols.get(task, "") if turn.summary else ""
            by = ", ".join(part for part in (key, on) if part)
            lines.append(f"turn {turn.number}, {task}{f' ({by})' if by else ''}: {told}")
    return lines


def require_place(path: Path) -> None:
    """Raises:
    ArgusError: the table cannot be written there.
    """
    require_target(path, ".md", "a table in Markdown")


def write(table: Table, lines: Sequence[str], path: Path) -> None:
    """Write the table as Markdown, and the scores below it; a file that is there is replaced,
    folders are made.

    Raises:
        ArgusError: it cannot be written there.
    """
    try:
        with atomic(path) as temporary:
            listed = "".join(f"- {line}\n" for line in lines)
            below = f"\n## {SCORES}\n\n{listed}" if lines else ""
            temporary.write_text(table.markdown() + below, encoding="utf-8")
    except OSError as error:
        raise ArgusError(f"{path} cannot be written: {error.strerror}") from None
