"""From comparisons to a decision with a written reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stages.common.similarity import Verdict
from stages.promote.choose import Choice


@dataclass(frozen=True)
class Decision:
    """Who clients use from now on for one task, and why.

    `champion` is the name of a model, or None if nothing is good enough. `promoted` tells whether
    it is new.
    """

    champion: str | None
    promoted: bool
    reason: str

    def besides(self, failed: Sequence[str]) -> Decision:
        """The same, its reason naming the models of the task that failed in training."""
        return self.noting(f"{', '.join(failed)} failed in training") if failed else self

    def noting(self, *notes: str) -> Decision:
        """The same, with more to its reason."""
        return replace(self, reason="; ".join([self.reason, *notes]))


def against_nobody(
    incumbent: str | None, task: str, failed: Sequence[str], refused: Sequence[str] = ()
) -> Decision:
    """Without a challenger: the incumbent stays, if there is one.

    Args:
        failed: models of the task that failed in training.
        refused: the others, which rest on what may not be used.
    """
    if not (failed or refused):
        why = f"no model trains for {task}"
    elif not refused:
        why = f"every model for {task} failed in training ({', '.join(failed)})"
    else:
        why = f"no model for {task} may be used ({', '.join(refused)})"
    reason = f"{incumbent} stays: {why}" if incumbent else f"no incumbent, and {why}"
    return Decision(incumbent, False, reason).besides(failed if refused else [])


def against_floors(
    challenger: Choice, verdicts: Mapping[str, Verdict], confidence: float
) -> Decision:
    """Without an incumbent: the challenger must beat every floor.

    Args:
        verdicts: challenger against each floor, by the floor's name.
    """
    lost = [name for name, verdict in verdicts.items() if verdict.confidence < confidence]
    against = ", ".join(
        f"{name.replace('_', ' ')} ({described(verdict)})" for name, verdict in verdicts.items()
    )
    against += f", {over(next(iter(verdicts.values())))}"
    if lost:
        missed = " and ".join(name.replace("_", " ") for name in lost)
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


def described(verdict: Verdict) -> str:
    """A verdict in words: the difference in KID with its standard error, and the confidence."""
    error = "?" if verdict.standard_error is None else f"{verdict.standard_error:.3f}"
    return f"KID {verdict.difference:+.3f} ± {error}, confidence {verdict.confidence:.1%}"


def over(verdict: Verdict) -> str:
    """How many drives a verdict rests on, in words."""
    return f"over {verdict.drives} drive{'' if verdict.drives == 1 else 's'}"
