"""From comparisons to a decision with a written reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stages.promote.gate import Verdict


@dataclass(frozen=True)
class Decision:
    """Who clients use from now on for one task, and why.

    `champion` is the name of a model, or None if nothing is good enough. `promoted` tells whether
    it is new.
    """

    champion: str | None
    promoted: bool
    reason: str


def against_floors(challenger: str, verdicts: Mapping[str, Verdict], confidence: float) -> Decision:
    """Without an incumbent: the challenger must beat every floor.

    Args:
        verdicts: challenger against each floor, by the floor's name.
    """
    lost = [name for name, verdict in verdicts.items() if verdict.confidence < confidence]
    against = ", ".join(
        f"{name.replace('_', ' ')} ({described(verdict)})" for name, verdict in verdicts.items()
    )
    if lost:
        missed = " and ".join(name.replace("_", " ") for name in lost)
        reason = f"{challenger} does not beat {missed} at {confidence:.0%}: {against}"
        return Decision(None, False, reason)
    return Decision(challenger, True, f"no incumbent; {challenger} beats every floor: {against}")


def against_incumbent(
    challenger: str, incumbent: str, verdict: Verdict, confidence: float
) -> Decision:
    """With an incumbent: it stays unless the challenger is better beyond chance."""
    if verdict.confidence >= confidence:
        reason = f"{challenger} is nearer to the held-out reals than {incumbent}"
        return Decision(challenger, True, f"{reason}: {described(verdict)}")
    reason = f"{incumbent} stays: {challenger} is not better at {confidence:.0%}"
    return Decision(incumbent, False, f"{reason}: {described(verdict)}")


def described(verdict: Verdict) -> str:
    """A verdict in words: the difference in KID with its standard error, and the confidence."""
    return (
        f"KID {verdict.difference:+.3f} ± {verdict.standard_error:.3f}, "
        f"confidence {verdict.confidence:.1%}"
    )
