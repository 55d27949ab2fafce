"""Who won and why, in words and as dots with their intervals; and the gain over the turns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from argus.core.params import Model
from argus.judging import registry
from argus.judging.gain import Step
from argus.judging.scores import ModelScores, Scores, baselines_of, better, columns, formatted
from argus.judging.wanted import deciding_key
from stages.report import words
from stages.report.charts import Axis, Curve, Mark, Tick, curve
from stages.report.training import does

CEILING = "training_reals"
"""The baseline that is no rival: what a perfect model would score."""
LEVEL = 0.975  # quantile of a two-sided 95 % interval


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


class Guard(NamedTuple):
    """What one guard said; `passed` is None where it was not measured."""

    name: str
    passed: bool | None
    says: str


class Verdict(NamedTuple):
    """The decision about one task."""

    task: str
    does: str
    champion: str | None
    promoted: bool
    headline: str
    short: str
    reason: str
    protocol: list[str]
    differences: Dots | None
    guards: list[Guard]
    not_measured: list[str]
    scores: Dots | None
    others: list[tuple[str, list[str]]]
    keys: list[str]
    non_commercial: list[str]


class GainCurve(NamedTuple):
    """The champions of a task over the turns."""

    task: str
    curve: Curve
    across: list[Tick]
    up: list[Tick]
    zero: float
    steps: list[tuple[str, str, str, str]]
    """Day, champion, gain of that turn and gain since the first."""
    says: str


def verdict(
    task: str,
    decision: Mapping[str, Any],
    scored: Mapping[str, ModelScores],
    models: Mapping[str, Model],
) -> Verdict:
    """A task's decision as the page tells it.

    Args:
        task: its name.
        decision: of `promote`; what it does not have is not told.
        scored: the models that compete for it, by name.
        models: entries of params.yaml.
    """
    champion, promoted = decision.get("champion"), bool(decision.get("promoted"))
    entry = next((models[name] for name in scored if name in models), None)
    keys = [key for key in columns(each.scores for each in scored.values()) if _in_tables(key)]
    key = deciding_key(decision, keys) if keys else ""
    return Verdict(
        task,
        does(entry) if entry else "",
        champion,
        promoted,
        _headline(task, champion, promoted),
        _short(champion, promoted, decision),
        _sentence(str(decision.get("reason", ""))),
        _protocol(decision, scored),
        _differences(decision),
        [
            Guard(_name(g["guard"]), g.get("passed"), _sentence(str(g.get("says", ""))))
            for g in decision.get("guards", [])
        ],
        [_sentence(str(text)) for text in decision.get("not_measured", [])],
        _scores(decision, scored, key) if key else None,
        _table(decision, scored, keys),
        keys,
        [f"{licence} ({source})" for source, licence in decision.get("non_commercial", {}).items()],
    )


def _headline(task: str, champion: str | None, promoted: bool) -> str:
    if champion is None:
        return f"No model is good enough for {task} yet"
    return (
        f"{champion} is the new champion of {task}"
        if promoted
        else f"{champion} stays champion of {task}"
    )


def _short(champion: str | None, promoted: bool, decision: Mapping[str, Any]) -> str:
    """The closest call, in a sentence."""
    incumbent = (decision.get("incumbent") or {}).get("model")
    against = decision.get("against") or {}
    if not against:
        return ""
    rival = (
        "incumbent"
        if "incumbent" in against
        else max(against, key=lambda name: against[name]["difference"])
    )
    closest = against[rival]
    if rival == "incumbent":
        called = f"the champion so far, {incumbent}" if incumbent else "the champion so far"
    else:
        called = words.baseline(rival)
    challenger = decision.get("challenger") or champion
    nearer = "nearer to" if closest["difference"] < 0 else "further from"
    told = f"{abs(closest['difference']):.3g} (KID) {nearer} the real images than {called}"
    sure = f"We are {words.share(closest['confidence'])} sure that it is nearer."
    if promoted:
        return f"It is {told}{'' if rival == 'incumbent' else ', its closest rival'}. {sure}"
    refused = [_sentence(str(guard.get("says", ""))) for guard in _guards(decision, False)]
    because = f" It was refused: {' '.join(refused)}" if refused else ""
    return f"Today's challenger, {challenger}, is {told}. {sure}{because}"


def _guards(decision: Mapping[str, Any], passed: bool) -> list[Mapping[str, Any]]:
    return [guard for guard in decision.get("guards", []) if guard.get("passed") is passed]


def _protocol(decision: Mapping[str, Any], scored: Mapping[str, ModelScores]) -> list[str]:
    """Who judged, on what, in sentences."""
    said = []
    judge = decision.get("judge") or {}
    if judge.get("name"):
        told = f"Judged by the features of {judge['name']}"
        if judge.get("witness"):
            told += f", which {judge['witness']} had to agree with"
        said.append(told + (f": {judge['because']}." if judge.get("because") else "."))
    counts: Mapping[str, Any] = decision.get("protocol") or {}
    if counts:
        kinds = {
            "answers": "images made",
            "reals": "held-out real images",
            "drives": "drives that these are from",
            "sources": "source images",
            "source_drives": "drives of the sources",
        }
        told = ", ".join(f"{counts[k]:,} {what}" for k, what in kinds.items() if counts.get(k))
        said.append(f"Measured on {told}.")
    elif samples := next((each.samples for each in scored.values() if each.samples), None):
        said.append(f"Measured on {words.count(samples, 'held-out real image')}.")
    level: Mapping[str, Any] = decision.get("level") or {}
    if level.get("alpha") is not None:
        told = f"This test may be wrong by chance {words.share(level['alpha'])} of the time"
        if level.get("tests"):
            told += f"; it is number {level['tests']} of this line of turns"
        if level.get("wealth") is not None:
            told += f", and {level['wealth']:.3g} is left to spend on later ones"
        said.append(f"{told}.")
    return said


def interval(comparison: Mapping[str, Any]) -> tuple[float, float] | None:
    """The two-sided 95 % interval of a difference, by Student's t where degrees are known; None
    where there is no standard error."""
    error = comparison.get("standard_error")
    if error is None:
        return None
    degrees = comparison.get("degrees") or (
        comparison["drives"] - 1 if comparison.get("drives") else None
    )
    if degrees:
        from scipy.special import stdtrit

        reach = float(stdtrit(degrees, LEVEL)) * error
    else:
        reach = 1.96 * error
    return comparison["difference"] - reach, comparison["difference"] + reach


def _differences(decision: Mapping[str, Any]) -> Dots | None:
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
        "Left of zero: nearer than the rival. The bar is the 95 % interval; if it ends before "
        "zero, that is beyond chance.",
        dots,
        axis.ticks,
        axis.place(0.0),
    )


def _rivals(
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


def _scores(
    decision: Mapping[str, Any], scored: Mapping[str, ModelScores], key: str
) -> Dots | None:
    rows = [each for each in _rivals(decision, scored) if key in each[2].values]
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


def _table(
    decision: Mapping[str, Any], scored: Mapping[str, ModelScores], keys: list[str]
) -> list[tuple[str, list[str]]]:
    """All scores of the task."""
    return [(name, [of.text(key) for key in keys]) for name, _, of in _rivals(decision, scored)]


def _in_tables(key: str) -> bool:
    metric = registry.metric_of(key)
    return metric is None or bool(getattr(metric, "table", True))


def _name(guard: Any) -> str:
    return str(guard).replace("_", " ")


def _sentence(text: str) -> str:
    """With a capital letter and a full stop; a name that it begins with keeps its case."""
    text = text.strip()
    if not text:
        return ""
    first = text.split(maxsplit=1)[0]
    if first.strip(",:;").lower() in STARTS:
        text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?" else f"{text}."


STARTS = frozenset({"no", "the", "every", "all", "its", "today's", "some", "none", "only", "there"})
"""Words that a sentence may begin with, and no model's name."""


def gains(task: str, steps: list[Step]) -> GainCurve | None:
    """The curve of a task's champions; None before there are two turns to compare.

    Gain is what the distance to the reals has fallen by, so more is better.
    """
    if len(steps) < 2:
        return None
    turns = [float(step.gain.turns) for step in steps]
    gained = [-step.gain.chained for step in steps]
    ends = [
        _ends(step.gain.chained, step.gain.chained_low, step.gain.chained_high) for step in steps
    ]
    across = Axis(min(turns), max(turns)) if turns[0] != turns[-1] else Axis.around(turns)
    up = Axis.around([*gained, *(end for pair in ends for end in pair)], zero=True)
    last = steps[-1].gain
    low, high = ends[-1]
    sure = f" (95 % interval {low:.3f} to {high:.3f})" if low != high else ""
    told = [
        (
            words.day(step.day),
            step.champion,
            step.gain.text().replace("-", "\u2212"),
            step.gain.chained_text().replace("-", "\u2212"),
        )
        for step in steps
    ]
    ticks = [Tick(across.place(turn), f"{int(turn)}") for turn in _some(turns)]
    return GainCurve(
        task,
        curve(turns, gained, across, up, ends),
        ticks,
        up.ticks,
        100 - up.place(0.0),
        told,
        f"Over {words.count(last.turns, 'turn')} since its first champion, {task} came "
        f"{abs(last.chained):.3g} {'nearer to' if last.chained <= 0 else 'further from'} the real "
        f"images{sure}.".replace("-", "\u2212"),
    )


def _ends(value: float, low: float | None, high: float | None) -> tuple[float, float]:
    """The interval of a gain out of that of a difference, which is its negative."""
    if low is None or high is None:
        return -value, -value
    return -high, -low


def _some(turns: list[float]) -> Iterable[float]:
    """At most nine of them, the last one among them."""
    step = -(-len(turns) // 8)
    return sorted({*turns[::step], turns[-1]})
