"""From comparisons to a decision with a written reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from argus.judging.gate.choose import Choice
from argus.judging.statistics import Verdict


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


def against_floors(
    challenger: Choice, verdicts: Mapping[str, Verdict], confidence: float
) -> Decision:
    """Without an incumbent: the challenger must beat every floor.

    Args:
        verdicts: challenger against each floor, by the floor's name.
    """
    against = f"{_each(verdicts)}, {over(next(iter(verdicts.values())))}"
    missed = " and ".join(_named(unbeaten(verdicts, confidence)))
    if missed:
        reason = f"{challenger} does not beat {missed} at {confidence:.0%}: {against}"
        return Decision(None, False, reason)
    reason = f"no incumbent; {challenger} beats every floor: {against}"
    return Decision(challenger.name, True, reason)


def against_incumbent(
    challenger: Choice, incumbent: str, verdict: Verdict, confidence: float
) -> Decision:
    """With an incumbent: it stays unless the challenger is better beyond chance."""
    new, old = f"today's {challenger}", f"the incumbent {incumbent}"
    if verdict.confidence >= confidence:
        reason = f"{new} is nearer to the held-out reals than {old}"
        return Decision(challenger.name, True, f"{reason}: {described(verdict)}, {over(verdict)}")
    reason = f"{old} stays: {new} is not better at {confidence:.0%}"
    return Decision(incumbent, False, f"{reason}: {described(verdict)}, {over(verdict)}")


def unbeaten(verdicts: Mapping[str, Verdict], confidence: float) -> dict[str, Verdict]:
    """Those floors that a model is not nearer to the reals than, beyond chance."""
    return {name: each for name, each in verdicts.items() if each.confidence < confidence}


def behind_floors(champion: str, verdicts: Mapping[str, Verdict], confidence: float) -> str | None:
    """What is to be said of a champion that beat its rival, but not every floor on today's reals.

    That takes no slot from it: what else is there is no better.
    """
    lost = unbeaten(verdicts, confidence)
    if not lost:
        return None
    missed = " and ".join(_named(lost))
    return f"{champion} does not beat {missed} at {confidence:.0%} on today's reals: {_each(lost)}"


def _named(floors: Iterable[str]) -> list[str]:
    return [name.replace("_", " ") for name in floors]


def _each(verdicts: Mapping[str, Verdict]) -> str:
    pairs = zip(_named(verdicts), verdicts.values(), strict=True)
    return ", ".join(f"{name} ({described(verdict)})" for name, verdict in pairs)


def described(verdict: Verdict) -> str:
    """A verdict in words: the difference in KID with its standard error, and the confidence."""
    error = "?" if verdict.standard_error is None else f"{verdict.standard_error:.3f}"
    return f"KID {verdict.difference:+.3f} ± {error}, confidence {verdict.confidence:.1%}"


def over(verdict: Verdict) -> str:
    """How many drives a verdict rests on, in words."""
    return f"over {verdict.drives} drive{'' if verdict.drives == 1 else 's'}"
