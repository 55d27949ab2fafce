"""Guards: what a model must not do, however near to the reals it is.

A distance can be lowered by copying training images, by painting the scene away, or by giving up
one class for the others. Each of these is asked for by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from argus.core.errors import ArgusError, nearest
from argus.core.params import Beside
from argus.judging import registry
from argus.judging.gate.classes import worse
from argus.judging.gate.judges import Bench
from argus.judging.metric import Metric
from argus.judging.scores import Scores, formatted
from argus.judging.statistics import Comparison

OF_TRANSLATIONS = frozenset({"sources", "source_maps", "source_boxes", "twins", "twin_maps"})
"""What only metrics of translators need."""


class Verdict(NamedTuple):
    """What a guard says of a model: `passed` is None where it could not be measured."""

    guard: str
    passed: bool | None
    says: str

    def report(self) -> dict[str, Any]:
        """As `decision.json` holds it."""
        return self._asdict()


def within_limits(
    scores: Scores,
    beside: Mapping[str, Scores],
    judges: Sequence[str],
    limits: Mapping[str, float | Beside],
) -> list[Verdict]:
    """Whether the values of some metrics are good enough, each on its own.

    Args:
        scores: of the model.
        beside: of what limits may be relative to, by name: baselines, the incumbent.
        judges: the backbones that have to find it so, of metrics that rest on features.
        limits: by metric the worst value that passes: the largest where smaller is better, the
            smallest where larger is; a number, or some times the value of something beside. No
            verdict where nothing is beside by that name (no incumbent), nor of a generator on what
            is measured of translations. Where a value is missing, by any judge, there is one that
            says so: it has neither passed nor failed.

    Raises:
        ArgusError: a limit on a metric that there is not.
    """
    found: list[Verdict] = []
    translates = "untranslated" in beside
    for name, limit in sorted(limits.items()):
        metric = registry.known().get(name)
        if metric is None:
            raise ArgusError(
                f"params.yaml, promote.limits: there is no metric '{name}'"
                f"{nearest(name, registry.known())}"
            )
        absent = isinstance(limit, Beside) and limit.of not in beside
        if not absent and (translates or OF_TRANSLATIONS.isdisjoint(metric.needs)):
            found += _within(metric, limit, scores, beside, judges)
    return found


def _within(
    metric: Metric,
    limit: float | Beside,
    scores: Scores,
    beside: Mapping[str, Scores],
    judges: Sequence[str],
) -> list[Verdict]:
    """Whether one metric is within its limit by the judges that can tell, and who cannot."""
    values, told, missing = {}, [], []
    for key, judge in {metric.key(judge): judge for judge in judges}.items():
        value, worst = scores.values.get(key), _worst(key, limit, beside)
        if value is None or worst is None:
            missing.append(f" by {judge}" if metric.by_backbone else "")
        else:
            values[key] = value
            told.append((key, worst))
    found = []
    if told:
        smaller = metric.better == "smaller"
        passed = all(
            values[key] <= worst if smaller else values[key] >= worst for key, worst in told
        )
        found.append(Verdict(metric.name, passed, _said(metric, values, told, limit)))
    if missing:
        says = f"{metric.label} could not be told{' and'.join(missing)}"
        found.append(Verdict(metric.name, None, says))
    return found


def _worst(key: str, limit: float | Beside, beside: Mapping[str, Scores]) -> float | None:
    """The worst value that passes; None where what it is relative to has none."""
    if not isinstance(limit, Beside):
        return limit
    value = beside[limit.of].values.get(key)
    return None if value is None else limit.times * value


def _said(
    metric: Metric,
    values: Mapping[str, float],
    worst: Sequence[tuple[str, float]],
    limit: float | Beside,
) -> str:
    """What was found and what was wanted, in words."""
    of = [
        formatted(key, value)
        + (f" by {key.removeprefix(f'{metric.name}_')}" if metric.by_backbone else "")
        for key, value in values.items()
    ]
    bound = "at most" if metric.better == "smaller" else "at least"
    ends = dict.fromkeys(formatted(key, end) for key, end in worst)
    wanted = f"{bound} {' and '.join(ends)}"
    if isinstance(limit, Beside):
        wanted += f", {_relative(limit)},"
    return f"{metric.label} {' and '.join(of)}, where {wanted} is wanted"


def _relative(limit: Beside) -> str:
    times = "" if limit.times == 1 else f"{limit.times:g} times "
    return f"{times}that of the {limit.of.replace('_', ' ')}"


def classes_hold(
    comparisons: Mapping[str, Mapping[str, Comparison]], too_few: Collection[str] = ()
) -> list[Verdict]:
    """Whether no class is further from its reals than that of any other, beyond chance.

    A mean over classes can improve while one of them breaks. See `classes.worse`.

    Args:
        comparisons: of the challenger with each other, by class and by the other's name. Empty
            where there is but one class: no verdict.
        too_few: classes of the reals that are not judged by themselves.
    """
    asked = {(name, other): each for name, of in comparisons.items() for other, each in of.items()}
    told = sorted({name for (name, _), each in asked.items() if each.errors})
    drives = sorted(comparisons.keys() - set(told))
    because = [
        f"too few {what} of {', '.join(sorted(names))} to tell"
        for what, names in (("drives", drives), ("reals", too_few))
        if names
    ]
    untold = [Verdict("classes", None, "; ".join(because))] if because else []
    if not told:
        return untold
    found = worse(asked)
    if not found:
        says = f"{', '.join(told)}: in none further from the reals beyond chance"
        return [Verdict("classes", True, says), *untold]
    said = [
        f"{name} is further from the reals than that of the {other.replace('_', ' ')} "
        f"(by {asked[name, other].difference:.3f}, p {p:.2g})"
        for (name, other), p in found.items()
    ]
    return [Verdict("classes", False, "; ".join(said)), *untold]


def witness_agrees(
    bench: Bench, comparisons: Mapping[str, Mapping[str, Comparison]]
) -> list[Verdict]:
    """Whether a second judge, asked the same, finds the challenger on the same side.

    It has to agree in direction alone, not beyond chance: what one judge takes for an improvement
    and another for the opposite is an improvement of some features.

    Args:
        bench: who judges.
        comparisons: of the challenger with each other, by judge and by the other's name.
    """
    guard = "second judge"
    if bench.witness is None:
        return [Verdict(guard, None, bench.because)]
    first, second = comparisons[bench.judge], comparisons[bench.witness]
    against = [
        name for name, each in second.items() if each.difference > 0 and first[name].difference < 0
    ]
    if not against:
        return [Verdict(guard, True, f"{bench.witness} agrees with {bench.judge}")]
    named = ", ".join(f"{name} ({second[name].difference:+.3f})" for name in against)
    return [Verdict(guard, False, f"{bench.witness} finds it further from the reals than {named}")]


def failed(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Those that say no."""
    return [verdict for verdict in verdicts if verdict.passed is False]


def told(verdicts: Iterable[Verdict]) -> str:
    """In words, one after the other."""
    return "; ".join(verdict.says for verdict in verdicts)
