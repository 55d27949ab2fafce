"""From comparisons to a decision with a written reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from argus.judging.gate.choose import Choice
from argus.judging.gate.guards import Verdict, failed, told
from argus.judging.gate.power import detectable, weakest
from argus.judging.statistics import Comparison


class Criterion(NamedTuple):
    """When one is better than another: by which metric, and how sure that has to be."""

    metric: str
    """Its label."""
    confidence: float
    """Above 0.5, below 1."""


@dataclass(frozen=True)
class Decision:
    """Who clients use from now on for one task, and why.

    `champion` is the name of a model, or None if nothing is good enough. `promoted` tells whether
    it is new.
    """

    champion: str | None
    promoted: bool
    reason: str

    def besides(self, failed: Sequence[str], skipped: Mapping[str, str]) -> Decision:
        """The same, its reason naming the models of the task that have no weights.

        Args:
            failed: in training.
            skipped: the reasons, by model.
        """
        notes = [f"{', '.join(failed)} failed in training"] if failed else []
        for why in dict.fromkeys(skipped.values()):
            alike = [name for name in skipped if skipped[name] == why]
            be = "was" if len(alike) == 1 else "were"
            notes.append(f"{', '.join(alike)} {be} skipped: {why}")
        return self.noting(*notes) if notes else self

    def held_back(self, incumbent: str | None, verdicts: Sequence[Verdict]) -> Decision:
        """The same, or not promoted after all, if a guard says no.

        Args:
            incumbent: who stays then.
            verdicts: of the guards, on the challenger.
        """
        no = failed(verdicts)
        if not no:
            return self
        said = f"the challenger is refused by {told(no)}"
        if not self.promoted:
            return self.noting(said)
        return Decision(incumbent, False, f"{said}; else it would be promoted: {self.reason}")

    def noting(self, *notes: str) -> Decision:
        """The same, with more to its reason."""
        return replace(self, reason="; ".join([self.reason, *notes]))


def against_nobody(
    incumbent: str | None,
    task: str,
    failed: Sequence[str],
    refused: Sequence[str],
    skipped: Mapping[str, str],
) -> Decision:
    """Without a challenger: the incumbent, if there is one, stays as it is, and is not scored.

    Args:
        incumbent: its name, or None.
        task: what nobody challenges for.
        failed: models of the task that failed in training.
        refused: those that rest on what may not be used.
        skipped: the reasons of those that were not trained, by model.
    """
    named: Sequence[str] = failed
    if refused:
        why = f"no model for {task} may be used ({', '.join(refused)})"
    elif skipped:
        why = f"no model for {task} has weights"
    elif failed:
        why, named = f"every model for {task} failed in training ({', '.join(failed)})", []
    else:
        why = f"no model trains for {task}"
    reason = f"{incumbent} stays, unscored: {why}" if incumbent else f"no incumbent, and {why}"
    return Decision(incumbent, False, reason).besides(named, skipped)


def against_baselines(
    challenger: Choice, comparisons: Mapping[str, Comparison], criterion: Criterion
) -> Decision:
    """Without an incumbent: the challenger must beat every baseline.

    Args:
        challenger: the one that was chosen.
        comparisons: of the challenger with each baseline, by its name.
        criterion: what beating means.
    """
    against = f"{_each(comparisons, criterion)}, {over(next(iter(comparisons.values())))}"
    at = percent(criterion.confidence)
    missed = " and ".join(_named(unbeaten(comparisons, criterion)))
    if missed:
        reason = f"{challenger} does not beat {missed} at {at}: {against}"
        return Decision(None, False, reason)
    reason = f"no incumbent; {challenger} beats every baseline: {against}"
    return Decision(challenger.serves, True, reason)


def against_incumbent(
    challenger: Choice, incumbent: str, comparison: Comparison, criterion: Criterion
) -> Decision:
    """With an incumbent: it stays unless the challenger is better beyond chance."""
    new, old = f"today's {challenger}", f"the incumbent {incumbent}"
    found = f"{described(comparison, criterion.metric)}, {over(comparison)}"
    if comparison.confidence >= criterion.confidence:
        reason = f"{new} is nearer to the held-out reals than {old}: {found}"
        return Decision(challenger.serves, True, reason)
    at = percent(criterion.confidence)
    seen = could_have_seen(comparison, criterion)
    reason = f"{old} stays: {new} is not better at {at}: {found}; {seen}"
    return Decision(incumbent, False, reason)


def unbeaten(comparisons: Mapping[str, Comparison], criterion: Criterion) -> dict[str, Comparison]:
    """Those baselines that a model is not nearer to the reals than, beyond chance."""
    return {
        name: each for name, each in comparisons.items() if each.confidence < criterion.confidence
    }


def behind_baselines(
    champion: str, comparisons: Mapping[str, Comparison], criterion: Criterion
) -> str | None:
    """What is to be said of a champion that beat its rival, but not every baseline of today.

    It is champion all the same: whatever else there is is no better.
    """
    lost = unbeaten(comparisons, criterion)
    if not lost:
        return None
    missed, at = " and ".join(_named(lost)), percent(criterion.confidence)
    found = _each(lost, criterion)
    return f"{champion} does not beat {missed} at {at} on today's reals: {found}"


def _named(baselines: Iterable[str]) -> list[str]:
    return [name.replace("_", " ") for name in baselines]


def _each(comparisons: Mapping[str, Comparison], criterion: Criterion) -> str:
    pairs = zip(_named(comparisons), comparisons.values(), strict=True)
    return ", ".join(f"{name} ({described(each, criterion.metric)})" for name, each in pairs)


def described(comparison: Comparison, metric: str) -> str:
    """In words: the difference with its standard error, and the confidence."""
    error = "?" if comparison.standard_error is None else f"{comparison.standard_error:.3f}"
    sure = f"confidence {percent(comparison.confidence)}"
    return f"{metric} {comparison.difference:+.3f} ± {error}, {sure}"


def could_have_seen(comparison: Comparison, criterion: Criterion) -> str:
    """In words: how large a difference would have been found, and what it lacks most."""
    scarce = weakest(comparison)
    if scarce is None:
        return "that is too few to see any difference"
    least = detectable(comparison, 1 - criterion.confidence)
    return (
        f"a test like this sees a difference of {least:.3f} in four cases of five; most of its "
        f"error comes from its {_counted(comparison.units[scarce], scarce)}"
    )


def percent(share: float) -> str:
    """With two decimals, if it needs them: 95%, 99.04%; and neither 100% of what is less, nor 0% of
    what is more."""
    if 0 < share < 0.0001:
        return "under 0.01%"
    return "over 99.99%" if 0.9999 < share < 1 else f"{100 * share:.4g}%"


def over(comparison: Comparison) -> str:
    """How many units a comparison rests on, in words: "over 7 target drives and 1 source drive"."""
    *others, last = [_counted(n, population) for population, n in comparison.units.items()]
    return f"over {', '.join(others)} and {last}" if others else f"over {last}"


def _counted(n: int, population: str) -> str:
    named = re.sub(r"\b(drive|draw|seed)s\b", r"\1", population) if n == 1 else population
    return f"{n} {named}"
