"""How much nearer champions have come to the reals, turn by turn and in all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from argus.judging.statistics import Comparison

TAIL = 0.05  # on either side of an interval


@dataclass(frozen=True)
class Gain:
    """What the deciding metric says of a turn's champion beside that of the turn before, and beside
    the first of its chain.

    Raw distances of two turns do not compare, since their reals differ. Differences do: champion
    and predecessor are both scored on the reals of the turn at which one replaced the other, and
    `chained` adds these up. That assumes that a difference is about the same by the reals of any
    turn.

    Intervals are central ones of 90 %. Those of the chain add up, end by end, as if all errors went
    the same way. Variances would add only if errors were independent, which they are not: the reals
    of two turns are mostly the same. So the interval is too wide, rather than too narrow. What no
    interval shows: a challenger is promoted because it looks better, so a link is on average a
    little larger than the truth, the more so the less power the test had.

    Attributes:
        difference: negative if this champion is nearer; 0 if it is the one of the turn before.
        turns: since the first champion of the chain.
    """

    difference: float = 0.0
    low: float = 0.0
    high: float = 0.0
    chained: float = 0.0
    chained_low: float = 0.0
    chained_high: float = 0.0
    turns: int = 0

    def kept(self) -> Gain:
        """A turn later, with the same champion."""
        return Gain(
            chained=self.chained,
            chained_low=self.chained_low,
            chained_high=self.chained_high,
            turns=self.turns + 1,
        )

    def replaced(self, comparison: Comparison) -> Gain:
        """A turn later, with a new champion.

        Args:
            comparison: of it with the one before, on today's reals. If it cannot be told how far it
                is off, a new chain begins.
        """
        if not comparison.errors:
            return Gain()
        margin = comparison.margin(TAIL)
        low, high = comparison.difference - margin, comparison.difference + margin
        return Gain(
            comparison.difference,
            low,
            high,
            self.chained + comparison.difference,
            self.chained_low + low,
            self.chained_high + high,
            self.turns + 1,
        )

    def report(self) -> dict[str, Any]:
        """As `gain` in the decision."""
        return asdict(self)

    @classmethod
    def read(cls, report: Mapping[str, Any] | None) -> Gain | None:
        """The chain that a turn left; None where there was no champion. A first champion begins
        one with `Gain()`."""
        return None if report is None else cls(**report)

    def text(self) -> str:
        """The turn's gain for a person: what the distance fell by, so more is better."""
        return _fallen(self.difference, self.low, self.high)

    def chained_text(self) -> str:
        """The gain since the first champion, likewise."""
        return _fallen(self.chained, self.chained_low, self.chained_high)


def _fallen(difference: float, low: float, high: float) -> str:
    text = _signed(-difference)
    return text if low == high else f"{text} ({_signed(-high)} to {_signed(-low)})"


def _signed(value: float) -> str:
    return f"{value + 0.0:+.3f}" if round(value, 3) else "0"
