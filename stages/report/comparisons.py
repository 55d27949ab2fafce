"""Everything that competes for a task, as dots with intervals and as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from argus.judging import registry
from argus.judging.scores import ModelScores, Scores, baselines_of, better, formatted
from argus.judging.statistics import Comparison
from stages.report import words
from stages.report.charts import Axis, Mark, Tick

CEILING = "training_reals"
"""The baseline that is no rival: what a perfect model would score."""


TAIL = 0.05  # on either side of an interval


class Dot(NamedTuple):
    """One row of a chart of dots: what it is, its value as text, and where its marks stand."""

    name: str
    kind: str
    mark: Mark
    text: str
    more: str = ""


class Dots(NamedTuple):
    """A chart of dots with intervals; `zero` is where 0 stands, if it matters."""

    title: str
    note: str
    rows: list[Dot]
    ticks: list[Tick]
    zero: float | None = None


def rivals(
    decision: Mapping[str, Any], scored: Mapping[str, ModelScores]
) -> list[tuple[str, str, Scores]]:
    """Everything of a task that has scores: name, kind and scores."""
    champion, promoted = decision.get("champion"), decision.get("promoted")
    found: list[tuple[str, str, Scores]] = []
    incumbent: Mapping[str, Any] = decision.get("incumbent") or {}
    if incumbent.get("model"):
        kind = "model" if promoted else "champion"
        found.append((f"{incumbent['model']} (champion so far)", kind, Scores.read(incumbent)))
    for name, model in scored.items():
        if not model.missing:
            kind = "champion" if promoted and name == champion else "model"
            found.append((name, kind, model.scores))
    for name, scores in baselines_of(scored).items():
        kind = "ceiling" if name == CEILING else "baseline"
        found.append((words.baseline(name), kind, scores))
    return found


def scores(decision: Mapping[str, Any], scored: Mapping[str, ModelScores], key: str) -> Dots | None:
    rows = [each for each in rivals(decision, scored) if key in each[2].values]
    if not rows:
        return None
    ends = [row[2].intervals.get(key) for row in rows]
    axis = Axis.around(
        [
            value
            for row, end in zip(rows, ends, strict=True)
            for value in (row[2].values[key], *(end or ()))
        ],
        zero=True,
    )
    dots = [
        Dot(name, kind, Mark.on(axis, of.values[key], end), _with_ends(key, of.values[key], end))
        for (name, kind, of), end in zip(rows, ends, strict=True)
    ]
    smaller = better(key) == "smaller"
    metric = registry.metric_of(key)
    return Dots(
        f"Distance to the held-out real images ({metric.label if metric else key})",
        f"{'Smaller' if smaller else 'Larger'} is better. "
        + (
            "The bar is the interval that the evidence allows."
            if any(ends)
            else "This turn's scores came without intervals."
        ),
        sorted(dots, key=lambda dot: dot.mark.at if smaller else -dot.mark.at),
        axis.ticks,
        axis.place(0.0),
    )


def _with_ends(key: str, value: float, ends: tuple[float, float] | None) -> str:
    text = formatted(key, value)
    return f"{text} ({formatted(key, ends[0])} to {formatted(key, ends[1])})" if ends else text


def differences(decision: Mapping[str, Any]) -> Dots | None:
    """How much nearer to the reals the challenger is than each rival."""
    against: Mapping[str, Mapping[str, Any]] = decision.get("against") or {}
    if not against:
        return None
    incumbent = (decision.get("incumbent") or {}).get("model")
    stays = None if decision.get("promoted") else "incumbent"
    rows = []
    for name, comparison in against.items():
        called = (
            f"{incumbent or 'the champion'} (champion so far)"
            if name == "incumbent"
            else words.baseline(name)
        )
        rows.append((called, name == stays, comparison, interval(comparison)))
    axis = Axis.around(
        [value for _, _, of, ends in rows for value in (of["difference"], *(ends or ()))], zero=True
    )
    dots = []
    for called, is_champion, of, ends in sorted(rows, key=lambda row: -row[2]["difference"]):
        text = f"{of['difference']:+.3f}"
        text += f" ({ends[0]:+.3f} to {ends[1]:+.3f})" if ends else ""
        text = text.replace("-", "\u2212")
        mark = Mark.on(axis, of["difference"], ends)
        sure = f"{words.share(of['confidence'])} sure"
        dots.append(Dot(called, "champion" if is_champion else "baseline", mark, text, sure))
    challenger = decision.get("challenger", "the challenger")
    return Dots(
        f"How much further from the real images {challenger} is than each rival",
        "Left of zero: nearer than the rival. The bar is the 90 % interval; if it ends before "
        "zero, that is beyond chance.",
        dots,
        axis.ticks,
        axis.place(0.0),
    )


def interval(comparison: Mapping[str, Any]) -> tuple[float, float] | None:
    """The central 90 % interval of a difference; None where nothing is known of its error."""
    of = Comparison(**comparison)
    if not of.errors:
        return None
    margin = of.margin(TAIL)
    return of.difference - margin, of.difference + margin


def table(
    decision: Mapping[str, Any], scored: Mapping[str, ModelScores], keys: list[str]
) -> list[tuple[str, list[str]]]:
    """All scores of the task."""
    return [(name, [of.text(key) for key in keys]) for name, _, of in rivals(decision, scored)]
