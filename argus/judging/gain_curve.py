"""Gain per turn: champion n against champion n-1 on the reals of turn n, chained over the turns.

A KID rests on the reals of its turn, so the KIDs of two turns do not compare. What compares is the
difference of two champions on the same reals; these differences add up along a line of turns.

`gain` in `reports/promote/decision.json` holds one turn's; `reports/promote/gain/<task>.csv` all of
the line, which `dvc plots`, `argus history` and the page of the turn draw.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from argus.core import lineage
from argus.core.files import atomic
from argus.core.paths import GAIN
from argus.judging.gate.gain import Gain


@dataclass(frozen=True)
class Step:
    """One turn of a task's curve: who was its champion after it, and the gain."""

    day: str
    champion: str
    gain: Gain


NUMBERS = tuple(each.name for each in fields(Gain) if each.name != "turns")
COLUMNS = ("turns", "day", "champion", *NUMBERS)


def curve(text: str) -> list[Step]:
    """A task's curve, from the text of its CSV file.

    Raises:
        KeyError, ValueError: it is not one.
    """
    steps = []
    for row in csv.DictReader(io.StringIO(text)):
        values = {name: float(row[name]) for name in NUMBERS}
        steps.append(Step(row["day"], row["champion"], Gain(**values, turns=int(row["turns"]))))
    return steps


def extended(before: list[Step], decision: Mapping[str, Any], day: date) -> list[Step]:
    """The curve with today's step.

    A champion that took over from nobody begins a curve. Without a champion there is none; one that
    was not compared today (nobody challenged it) leaves the curve as it was.

    Args:
        before: the curve of the turn before, empty if it had none.
        decision: of `promote` for the task.
        day: of the turn.
    """
    champion = decision.get("champion")
    if champion is None:
        return []
    gain = Gain.read(decision.get("gain"))
    if gain is not None:
        return [*before, Step(day.isoformat(), champion, gain)]
    if before and not decision.get("promoted"):
        return before
    return [Step(day.isoformat(), champion, Gain())]


def write(decisions: Mapping[str, Mapping[str, Any]], previous: str | None, day: date) -> None:
    """Write the curve of every task, gone on from that of the turn before.

    A task without a champion has a file without a row.

    Args:
        decisions: of `promote`, by task.
        previous: commit of the turn before, None on the first of a line.
        day: of the turn.

    Raises:
        ArgusError: the turn before is not in this repository.
    """
    with atomic(GAIN) as folder:
        folder.mkdir()
        for task, decision in decisions.items():
            name = f"{task}.csv"
            before = lineage.text_of(GAIN / name, previous) if previous else None
            steps = extended(curve(before or ""), decision, day)
            # also where there is none: Git keeps no empty folder, and DVC would miss it
            (folder / name).write_text(_text(steps), encoding="utf-8")


def _text(steps: list[Step]) -> str:
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    table.writeheader()
    for step in steps:
        table.writerow({"day": step.day, "champion": step.champion, **asdict(step.gain)})
    return out.getvalue()
