"""A turn in numbers, read from the reports that its stages wrote: all knowledge of their keys is
here, but for scores (`argus/judging/scores.py`).

The reports come by name ("ingest/amos" for `reports/ingest/amos.json`), from the working tree or,
for turns long past, from Git.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from argus.core import reports
from argus.judging.gate.gain import Gain
from argus.judging.scores import ModelScores

Reports = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Championship:
    """Who serves a task after the turn (None: nobody yet), whether that is new, and why.

    `non_commercial` has the licences by source that forbid commercial use of it, `rolled_back_to`
    the version that serves again where it was rolled back; `gain` is what the turn brought, None
    where it was not measured.
    """

    champion: str | None
    promoted: bool
    reason: str
    non_commercial: Mapping[str, str]
    rolled_back_to: str | None = None
    gain: Gain | None = None

    def __str__(self) -> str:
        if self.champion is None:
            return "none"
        limited = f", non-commercial: {', '.join(self.non_commercial)}"
        became = "promoted" if self.promoted else "stays"
        if self.rolled_back_to:
            became = f"rolled back to {self.rolled_back_to}"
        return f"{self.champion} {became}{limited if self.non_commercial else ''}"


@dataclass(frozen=True)
class TurnSummary:
    """The counts (images) and decisions of one turn."""

    images: int
    accepted: int
    refused: dict[str, int]
    exact_copies: int
    near_duplicates: int
    val: int
    test: int
    embargoed: int
    use_not_granted: int
    leaks: int
    classes_without: Mapping[str, Sequence[str]]
    excluded: int
    pruned: int
    selected: int
    models: dict[str, ModelScores]
    protocols: dict[str, str]
    """By task on what its models were scored, in words; nothing of a task without scores."""
    champions: dict[str, Championship]

    def headline(self) -> str:
        """The lines below the subject of the turn's commit."""
        refused = ", ".join(f"{reason} {n}" for reason, n in self.refused.items()) or "none"
        lines = [
            f"images: {self.images} in, {self.accepted} accepted, {self.selected} selected",
            f"refused: {refused}",
            f"held out: {self.val + self.test}, leaks {self.leaks}",
        ]
        lines += [f"{name} ({model.task}): {model}" for name, model in self.models.items()]
        lines += [f"{task}: {champion}" for task, champion in self.champions.items()]
        return "\n".join(lines)


def current(sources: Iterable[str], models: Iterable[str]) -> TurnSummary:
    """The summary of the working tree.

    Args:
        sources: those that `params.yaml` lists; reports of others are of the past.
        models: likewise.

    Raises:
        ArgusError: a report is missing.
    """
    return summarize({name: reports.read(name) for name in report_names(sources, models)})


def report_names(sources: Iterable[str], models: Iterable[str]) -> list[str]:
    """The reports that a summary is read from."""
    return [
        *(f"ingest/{source}" for source in sources),
        *("dedupe", "split", "prune"),
        *(f"evaluate/{model}" for model in models),
        "promote/decision",
    ]


def summarize(found: Reports) -> TurnSummary:
    """The summary of a turn's reports.

    Raises:
        KeyError: a report, or a key of one, is missing.
    """
    ingest = [report for name, report in found.items() if name.startswith("ingest/")]
    refused: Counter[str] = Counter()
    for report in ingest:
        refused.update(report.get("refused", {}))
    split, prune, dedupe = found["split"], found["prune"], found["dedupe"]
    decisions = found["promote/decision"]
    return TurnSummary(
        images=sum(report["images"] for report in ingest),
        accepted=sum(report["accepted"] for report in ingest),
        refused=dict(sorted(refused.items())),
        exact_copies=dedupe["exact_copies"],
        near_duplicates=dedupe["near_duplicates"],
        val=split["val"],
        test=split["test"],
        embargoed=split["embargoed"],
        use_not_granted=split.get("use_not_granted", 0),  # the first turns knew no such thing
        leaks=split["leaks"],
        classes_without=split.get("classes_without", {}),  # nor this
        excluded=prune.get("excluded", 0),  # nor this
        pruned=prune["pruned"],
        selected=prune["selected"],
        models={
            name.removeprefix("evaluate/"): ModelScores.read(report)
            for name, report in sorted(found.items())
            if name.startswith("evaluate/")
        },
        protocols={
            report["task"]: told
            for name, report in sorted(found.items())
            if name.startswith("evaluate/") and (told := protocol(report))
        },
        champions={
            task: Championship(
                made.get("champion"),
                made["promoted"],
                made.get("reason", ""),
                made.get("non_commercial", {}),
                made.get("rolled_back", {}).get("to"),
                Gain.read(made.get("gain")),
            )
            for task, made in sorted(decisions.items())
        },
    )


def protocol(report: Mapping[str, Any]) -> str:
    """On what `evaluate` scored a model, in words; empty where it did not, or does not tell."""
    counts: Mapping[str, int] = report.get("protocol") or {}
    if not counts:  # so the first turns told it
        return f"{report['samples']} held-out reals" if report.get("samples") else ""
    answers = f"{counts['answers']} answers, " if "answers" in counts else ""
    drives = f" of {counts['drives']} drives" if "drives" in counts else ""
    return f"{answers}{counts['reals']} held-out reals{drives}"
