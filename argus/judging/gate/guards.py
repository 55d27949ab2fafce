"""Guards: what a model must not do, however near to the reals it is.

A distance can be lowered by copying training images, by painting the scene away, or by giving up
one class for the others. Each of these is asked for by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from argus.core.errors import ArgusError, nearest
from argus.judging import registry
from argus.judging.gate.judges import Bench
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


def within_limits(scores: Scores, judge: str, limits: Mapping[str, float]) -> list[Verdict]:
    """Whether the values of some metrics are good enough, each on its own.

    Args:
        scores: of the model.
        judge: the backbone whose values count, of metrics that rest on features.
        limits: by metric the worst value that passes: the largest where smaller is better, the
            smallest where larger is. A metric that does not apply to the model (a generator has
            no sources whose content it could keep) has no verdict.

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
        key = metric.key(judge)
        if key not in scores.values:
            continue
        value = scores.values[key]
        passed = value <= limit if metric.better == "smaller" else value >= limit
        bound = "at most" if metric.better == "smaller" else "at least"
        says = f"{metric.label} {formatted(key, value)}, {bound} {limit:g} wanted"
        found.append(Verdict(name, passed, says))
    return found


def classes_hold(
    comparisons: Mapping[str, Mapping[str, Comparison]], confidence: float
) -> list[Verdict]:
    """Whether no class is further from its reals than before, beyond chance.

    A mean over classes can improve while one of them breaks. Each of n comparisons is asked at a
    level of (1 - confidence) / n (Bonferroni), so that a model that is worse in none is refused
    with at most that probability.

    Args:
        comparisons: of the challenger with each other, by class and by the other's name.
        confidence: above 0.5, below 1.
    """
    asked = [each for of in comparisons.values() for each in of.values()]
    if not asked:
        return []
    level = (1 - confidence) / len(asked)
    worse = [
        f"{name} than {other.replace('_', ' ')} (by {each.difference:.3f} ± "
        f"{each.standard_error:.3f})"
        for name, of in comparisons.items()
        for other, each in of.items()
        if each.standard_error is not None and each.confidence < level
    ]
    if worse:
        return [Verdict("classes", False, f"further from the reals in {', '.join(worse)}")]
    named = ", ".join(comparisons)
    return [Verdict("classes", True, f"in none of {named} further from the reals beyond chance")]


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
    return "; ".join(f"{verdict.guard}: {verdict.says}" for verdict in verdicts)
