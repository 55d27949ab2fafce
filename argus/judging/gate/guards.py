"""Guards: what a model must not do, however near to the reals it is.

A distance can be lowered by copying training images, by painting the scene away, or by giving up
one class for the others. Each of these is asked for by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from argus.core.errors import ArgusError, nearest
from argus.core.params import Beside
from argus.judging import registry
from argus.judging.gate.classes import worse
from argus.judging.gate.judges import Bench
from argus.judging.metric import Metric
from argus.judging.scores import Scores, formatted
from argus.judging.statistics import Comparison


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
            smallest where larger is; a number, or some times the value of something beside. Where
            a metric or what it is relative to is not to be had (a generator has no sources whose
            content it could keep) there is no verdict.

    Raises:
        ArgusError: a limit on a metric that there is not.
    """
    found = []
    for name, limit in sorted(limits.items()):
        metric = registry.known().get(name)
        if metric is None:
            raise ArgusError(
                f"params.yaml, promote.limits: there is no metric '{name}'"
                f"{nearest(name, registry.known())}"
            )
        keys = dict.fromkeys(metric.key(judge) for judge in judges)
        asked = [(key, _worst(key, limit, beside)) for key in keys if key in scores.values]
        told = [(key, worst) for key, worst in asked if worst is not None]
        if not told:
            continue
        smaller = metric.better == "smaller"
        values = {key: scores.values[key] for key, _ in told}
        passed = all(
            values[key] <= worst if smaller else values[key] >= worst for key, worst in told
        )
        found.append(Verdict(name, passed, _said(metric, values, told, limit)))
    return found


def _worst(key: str, limit: float | Beside, beside: Mapping[str, Scores]) -> float | None:
    """The worst value that passes; None where what it is relative to has none."""
    if not isinstance(limit, Beside):
        return limit
    value = beside[limit.of].values.get(key) if limit.of in beside else None
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


def classes_hold(comparisons: Mapping[str, Mapping[str, Comparison]]) -> list[Verdict]:
    """Whether no class is further from its reals than that of any other, beyond chance.

    A mean over classes can improve while one of them breaks. See `classes.worse`.

    Args:
        comparisons: of the challenger with each other, by class and by the other's name. Empty
            where there is but one class: no verdict.
    """
    if not comparisons:
        return []
    asked = {(name, other): each for name, of in comparisons.items() for other, each in of.items()}
    named = ", ".join(comparisons)
    if not any(each.errors for each in asked.values()):
        return [Verdict("classes", None, f"too few drives of {named} to tell")]
    found = worse(asked)
    if not found:
        return [Verdict("classes", True, f"{named}: in none further from the reals beyond chance")]
    said = [
        f"{name} is further from the reals than that of the {other.replace('_', ' ')} "
        f"(by {asked[name, other].difference:.3f}, p {p:.2g})"
        for (name, other), p in found.items()
    ]
    return [Verdict("classes", False, "; ".join(said))]


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
