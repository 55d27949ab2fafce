"""How models scored: computed by every metric, written into reports, and read back for a person.

All knowledge of how the reports of `evaluate` and `promote` hold scores is here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from argus.core.errors import ArgusError
from argus.judging import registry
from argus.judging.evidence import Evidence
from argus.judging.metric import Metric

UNKNOWN = "-"
"""What tables show where there is no value."""
MISSING = ("skipped", "failed")
"""Keys of the reason in the report of a model without scores."""


@dataclass(frozen=True)
class Scores:
    """Values of metrics by key (`kid_efficientnet`), and intervals (low, high) of some of them."""

    values: Mapping[str, float] = field(default_factory=dict)
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def value_text(self, key: str) -> str:
        """A value as a terminal shows it, which is too narrow for intervals."""
        return formatted(key, self.values[key]) if key in self.values else UNKNOWN

    def text(self, key: str) -> str:
        """A value as pages show it, with its interval if it has one."""
        text = self.value_text(key)
        if key not in self.intervals:
            return text
        return f"{text} ({' to '.join(formatted(key, end) for end in self.intervals[key])})"

    def __str__(self) -> str:
        return ", ".join(f"{key} {self.text(key)}" for key in columns([self]))

    @classmethod
    def joined(cls, parts: Iterable[Scores]) -> Scores:
        """Those of several judges together; their keys differ."""
        values: dict[str, float] = {}
        intervals: dict[str, tuple[float, float]] = {}
        for part in parts:
            values |= part.values
            intervals |= part.intervals
        return cls(values, intervals)

    def report(self) -> dict[str, Any]:
        """As reports hold them, among other things."""
        if not self.intervals:
            return dict(self.values)
        ends = {key: {"low": low, "high": high} for key, (low, high) in self.intervals.items()}
        return {**self.values, "intervals": ends}

    @classmethod
    def read(cls, report: Mapping[str, Any]) -> Scores:
        """The reverse of `report`: all numbers that are known to be nothing else.

        So a value is shown even where its metric is not installed any more.
        """
        values = {
            key: value
            for key, value in report.items()
            if isinstance(value, int | float) and key not in registry.RESERVED
        }
        ends = report.get("intervals", {})
        return cls(values, {key: (each["low"], each["high"]) for key, each in ends.items()})


@dataclass(frozen=True)
class ModelScores:
    """What the report of `evaluate` says of a model.

    `baselines` are the scores of what it is compared with, by name, `classes` its own on the
    images of each class, where there are several. `judges` are the backbones that scored it, and
    `protocol` of how many answers, reals and drives that was (`EvaluationSet.protocol`);
    `packages` those that metrics from elsewhere came from, with versions, by metric. Of a model
    that failed in training, or was skipped, all are empty, and `failed` or `skipped` is the reason.
    """

    task: str
    scores: Scores = Scores()
    baselines: Mapping[str, Scores] = field(default_factory=dict)
    classes: Mapping[str, Scores] = field(default_factory=dict)
    judges: tuple[str, ...] = ()
    protocol: Mapping[str, int] = field(default_factory=dict)
    failed: str | None = None
    skipped: str | None = None
    packages: Mapping[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> tuple[str, str] | None:
        """Where there are no scores: "failed" or "skipped", and the reason."""
        if self.skipped is not None:
            return "skipped", self.skipped
        return None if self.failed is None else ("failed", self.failed)

    def __str__(self) -> str:
        return ": ".join(self.missing) if self.missing else str(self.scores)

    def report(self) -> dict[str, Any]:
        """The report of `evaluate`."""
        if self.missing:
            return {"task": self.task, **dict([self.missing])}
        found = {
            "task": self.task,
            "judges": list(self.judges),
            "protocol": dict(self.protocol),
            **self.scores.report(),
            "baselines": {name: each.report() for name, each in self.baselines.items()},
        }
        if self.classes:
            found["classes"] = {name: each.report() for name, each in self.classes.items()}
        return found | ({"packages": dict(self.packages)} if self.packages else {})

    @classmethod
    def read(cls, report: Mapping[str, Any]) -> ModelScores:
        """Read a report back.

        Also one of earlier turns, where baselines stood under `beside` and the number of reals,
        which was that of the answers too, under `samples`.

        Raises:
            KeyError: it is not whole.
        """
        reasons = {key: report[key] for key in MISSING if key in report}
        if reasons:
            return cls(report["task"], **reasons)
        baselines = report["baselines"] if "baselines" in report else report["beside"]
        many = report.get("samples")
        before = {} if many is None else {"answers": many, "reals": many}
        return cls(
            report["task"],
            Scores.read(report),
            {name: Scores.read(each) for name, each in baselines.items()},
            {name: Scores.read(each) for name, each in report.get("classes", {}).items()},
            tuple(report.get("judges", ())),
            report.get("protocol", before),
            packages=report.get("packages", {}),
        )


def score(metrics: Iterable[Metric], evidence: Evidence, backbone: str, whose: str) -> Scores:
    """Compute all metrics whose needs are met.

    Args:
        metrics: in any order.
        evidence: what there is, of the images judged and of their task.
        backbone: by which `evidence` has features.
        whose: are the images judged; for messages.

    Raises:
        ArgusError: a metric gave no finite number; one of another package raised; or two give
            their values under one key.
    """
    values, intervals = {}, {}
    for metric in metrics:
        if any(need not in evidence for need in metric.needs):
            continue
        key, given = metric.key(backbone), [evidence[need] for need in metric.needs]
        if key in values:
            raise ArgusError(
                f"two metrics would give {key!r} in reports, one of them {_named(metric)}: that "
                "one needs another name"
            )
        found = _computed(metric, given, whose)
        if found:
            values[key] = found[0]
        if len(found) > 1:
            intervals[key] = (found[1], found[2])
    return Scores(values, intervals)


def _computed(metric: Metric, given: list[Any], whose: str) -> list[float]:
    """The value and, where there is an interval, its two ends; nothing if it cannot be told."""
    package = registry.packages().get(metric.name)
    try:
        value = metric.value(*given)
        if value is None:
            return []
        found = [float(value)]
        ends = metric.interval(*given) if metric.interval else None
        if ends is not None:
            found += [float(end) for end in ends]
    except Exception as error:
        if not package:
            raise
        raise ArgusError(
            f"{_named(metric)} failed on {whose} "
            f"({type(error).__name__}: {error}): mend or uninstall that package"
        ) from error
    if not all(map(math.isfinite, found)):
        raise ArgusError(f"{_named(metric)} is not finite on {whose}: {', '.join(map(str, found))}")
    return found


def _named(metric: Metric) -> str:
    package = registry.packages().get(metric.name)
    return f"the metric {metric.name!r} of {package or 'Argus itself'}"


def columns(scored: Iterable[Scores], judges: Sequence[str] = ()) -> list[str]:
    """The keys that any of them has and that tables show, the deciding metric's first.

    Args:
        scored: what is to stand in one table.
        judges: backbones, by which the deciding metric is shown first; of other metrics that rest
            on features, those by the first of these alone are shown. None: all.
    """
    keys = {key for each in scored for key in each.values}
    shown = {key for key in keys if _shown(key, judges)}
    return sorted(shown, key=lambda key: (*_place(key)[:1], _rank(key, judges), key))


def _shown(key: str, judges: Sequence[str]) -> bool:
    metric = registry.metric_of(key)
    if metric is None or metric is registry.deciding():
        return True
    if not metric.by_backbone or not judges:
        return metric.table
    return metric.table and key == metric.key(judges[0])


def _rank(key: str, judges: Sequence[str]) -> int:
    """The place of the judge in whose name a score is."""
    ends = [place for place, judge in enumerate(judges) if key.endswith(f"_{judge}")]
    return ends[0] if ends else len(judges)


def _place(key: str) -> tuple[bool, str]:
    metric = registry.metric_of(key)
    return metric is not registry.deciding(), key


def formatted(key: str, value: float) -> str:
    """A value as its metric is printed."""
    metric = registry.metric_of(key)
    return f"{value:.{metric.digits if metric else Metric.digits}g}"


def better(key: str) -> str:
    """Which of two values under a key is the better one: "smaller" or "larger"."""
    metric = registry.metric_of(key)
    return metric.better if metric else Metric.better


def table_columns(models: Iterable[ModelScores]) -> list[str]:
    """The `columns` of a table of models, as their judges stand in order."""
    scored = [model for model in models if not model.missing]
    judges = next((model.judges for model in scored if model.judges), ())
    return columns((model.scores for model in scored), judges)


def by_task(models: Mapping[str, ModelScores]) -> dict[str, dict[str, ModelScores]]:
    """Models by task, the best of each first, those without a score last."""
    keys = table_columns(models.values())

    def rank(name: str) -> float:
        value = models[name].scores.values.get(keys[0]) if keys else None
        if value is None:
            return math.inf
        return value if better(keys[0]) == "smaller" else -value

    tasks: dict[str, dict[str, ModelScores]] = {}
    for name in sorted(models, key=lambda name: (models[name].task, rank(name))):
        tasks.setdefault(models[name].task, {})[name] = models[name]
    return tasks


def baselines_of(rivals: Mapping[str, ModelScores]) -> Mapping[str, Scores]:
    """The baselines of a task: those of its models are alike, and failed models have none."""
    return next((each.baselines for each in rivals.values() if each.baselines), {})


def protocol_text(protocol: Mapping[str, int]) -> str:
    """Of how many images a score is, in words: "72 answers against 38 reals of 7 drives"."""
    text = f"{protocol['answers']} answers against {protocol['reals']} reals"
    if "drives" in protocol:
        text += f" of {protocol['drives']} drives"
    if "sources" in protocol:
        text += f", from {protocol['sources']} sources of {protocol['source_drives']} drives"
    return text
