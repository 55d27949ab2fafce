"""What a turn came to, read from the reports its stages wrote; all knowledge of their keys is here.

The reports come by name ("ingest/amos" for `reports/ingest/amos.json`), from the working tree or,
for turns long past, from Git.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from argus.core import reports

Reports = Mapping[str, Mapping[str, Any]]
SCORES = ("kid", "fd", "fid")


@dataclass(frozen=True)
class Score:
    """A model's distances to the held-out reals by name (`kid_efficientnet`); smaller is better.

    `beside` holds the same distances for the floors, by the floor's name. Of a model that failed in
    training, or was skipped, both are empty, and `failed` or `skipped` is the reason.
    """

    task: str
    distances: dict[str, float]
    beside: dict[str, dict[str, float]]
    failed: str | None = None
    skipped: str | None = None

    @property
    def missing(self) -> tuple[str, str] | None:
        """Where there are none: "failed" or "skipped", and the reason."""
        if self.skipped is not None:
            return "skipped", self.skipped
        return None if self.failed is None else ("failed", self.failed)

    def __str__(self) -> str:
        if self.missing:
            return ": ".join(self.missing)
        return ", ".join(f"{name} {value:.4g}" for name, value in self.distances.items())


@dataclass(frozen=True)
class Championship:
    """Who serves a task after the turn (None: nobody yet), whether that is new, and why.

    `non_commercial` has the licences by source that forbid commercial use of it.
    """

    champion: str | None
    promoted: bool
    reason: str
    non_commercial: Mapping[str, str]

    def __str__(self) -> str:
        if self.champion is None:
            return "none"
        limited = f", non-commercial: {', '.join(self.non_commercial)}"
        became = "promoted" if self.promoted else "stays"
        return f"{self.champion} {became}{limited if self.non_commercial else ''}"


@dataclass(frozen=True)
class Outcome:
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
    scores: dict[str, Score]
    champions: dict[str, Championship]

    def headline(self) -> str:
        """The lines below the subject of the turn's commit."""
        refused = ", ".join(f"{reason} {n}" for reason, n in self.refused.items()) or "none"
        lines = [
            f"images: {self.images} in, {self.accepted} accepted, {self.selected} selected",
            f"refused: {refused}",
            f"held out: {self.val + self.test}, leaks {self.leaks}",
        ]
        lines += [f"{model} ({score.task}): {score}" for model, score in self.scores.items()]
        lines += [f"{task}: {champion}" for task, champion in self.champions.items()]
        return "\n".join(lines)


def current(sources: Iterable[str], models: Iterable[str]) -> Outcome:
    """The outcome of the working tree.

    Args:
        sources, models: what `params.yaml` lists; reports of others are of the past.

    Raises:
        ArgusError: a report is missing.
    """
    return outcome({name: reports.read(name) for name in named(sources, models)})


def named(sources: Iterable[str], models: Iterable[str]) -> list[str]:
    """The reports that an outcome is read from."""
    return [
        *(f"ingest/{source}" for source in sources),
        *("dedupe", "split", "prune"),
        *(f"evaluate/{model}" for model in models),
        "promote/decision",
    ]


def outcome(found: Reports) -> Outcome:
    """The outcome in a turn's reports.

    Raises:
        KeyError: a report, or a key of one, is missing.
    """
    ingest = [report for name, report in found.items() if name.startswith("ingest/")]
    refused: Counter[str] = Counter()
    for report in ingest:
        refused.update(report.get("refused", {}))
    split, prune, dedupe = found["split"], found["prune"], found["dedupe"]
    decisions = found["promote/decision"]
    return Outcome(
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
        scores={
            name.removeprefix("evaluate/"): _score(report)
            for name, report in sorted(found.items())
            if name.startswith("evaluate/")
        },
        champions={
            task: Championship(
                made.get("champion"),
                made["promoted"],
                made.get("reason", ""),
                made.get("non_commercial", {}),
            )
            for task, made in sorted(decisions.items())
        },
    )


def _score(report: Mapping[str, Any]) -> Score:
    if "failed" in report or "skipped" in report:
        return Score(report["task"], {}, {}, report.get("failed"), report.get("skipped"))
    beside = {floor: _distances(values) for floor, values in report["beside"].items()}
    return Score(report["task"], _distances(report), beside)


def _distances(report: Mapping[str, Any]) -> dict[str, float]:
    """The entries named after a distance and the backbone, KID first: it is the gate's."""
    found = {name: value for name, value in report.items() if name.split("_")[0] in SCORES}
    return dict(sorted(found.items(), key=lambda item: SCORES.index(item[0].split("_")[0])))
