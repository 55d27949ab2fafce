"""Who won and why, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from argus.core.params import Model
from argus.judging import registry
from argus.judging.scores import ModelScores, columns
from argus.judging.wanted import deciding_key
from stages.report import words
from stages.report.comparisons import Dots, differences, scores, table
from stages.report.training import does


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
        _protocol(decision),
        differences(decision),
        [
            Guard(_name(g["guard"]), g.get("passed"), _sentence(str(g.get("says", ""))))
            for g in decision.get("guards", [])
        ],
        [_sentence(str(text)) for text in decision.get("not_measured", [])],
        scores(decision, scored, key) if key else None,
        table(decision, scored, keys),
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
    if closest["confidence"] < 0.5:
        sure = "So it is no nearer."
    if promoted:
        return f"It is {told}{'' if rival == 'incumbent' else ', its closest rival'}. {sure}"
    refused = [_sentence(str(guard.get("says", ""))) for guard in _guards(decision, False)]
    because = f" It was refused: {' '.join(refused)}" if refused else ""
    return f"Today's challenger, {challenger}, is {told}. {sure}{because}"


def _guards(decision: Mapping[str, Any], passed: bool) -> list[Mapping[str, Any]]:
    return [guard for guard in decision.get("guards", []) if guard.get("passed") is passed]


def _protocol(decision: Mapping[str, Any]) -> list[str]:
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
    level: Mapping[str, Any] = decision.get("level") or {}
    if level.get("alpha") is not None:
        said.append(
            f"This test may promote by luck {words.share(level['alpha'])} of the time; over any "
            "hundred challenges of a champion in a row it is `promote.confidence` that promises."
        )
    return said


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
