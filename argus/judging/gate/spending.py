"""How sure a challenger has to be, so that luck does not win in the long run (alpha spending)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MEMORY = 100  # challenges in a row that the promise speaks of


@dataclass(frozen=True)
class Spending:
    """What one champion's challengers may still spend of the risk that luck replaces it.

    The k-th challenge of a champion is decided at the level `risk / (H k)`, and from the hundredth
    on at that of the hundredth; H is the sum of 1/k up to a hundred, so that any hundred challenges
    in a row spend no more than `risk`. Hence, by Bonferroni's inequality, and however much the
    tests depend on each other through the reals that they share:

    - A champion is replaced by a model that is no better with a probability of at most `risk` over
      any hundred challenges in a row.
    - So of challengers that are all equals none is promoted in a hundred turns but with that
      probability; and where some are better, luck is expected to promote at most `risk` times one
      more than all promotions there are (the mFDR of Foster and Stine, JRSS B 2008), as a new
      champion begins with all of the risk to spend.

    docs/adr/0019-spending-by-reign.md has why.

    Attributes:
        confidence: `promote.confidence`: one minus the risk.
        tests: challenges that the champion has met and that could be decided.
    """

    confidence: float
    tests: int = 0

    @property
    def alpha(self) -> float:
        """The level of the next test, one-sided."""
        return self._level(self.tests + 1)

    @property
    def wealth(self) -> float:
        """What is left to spend of the risk, counting the last hundred challenges but one."""
        last = range(max(1, self.tests - MEMORY + 2), self.tests + 1)
        return 1 - self.confidence - sum(map(self._level, last))

    def after(self, promoted: bool) -> Spending:
        """After a test that could be decided. Any other turn spends nothing: one without a
        challenger, with one over a limit, or with too few drives to tell."""
        return Spending(self.confidence, 0 if promoted else self.tests + 1)

    def report(self, used: float | None) -> dict[str, Any]:
        """As `level` in the decision.

        Args:
            used: the level of this turn's test; None where there was none.
        """
        return {"alpha": used, "tests": self.tests, "wealth": self.wealth, "next": self.alpha}

    @classmethod
    def read(cls, report: Mapping[str, Any] | None, confidence: float) -> Spending:
        """The state that a turn left, for the next.

        Args:
            report: of the turn before; None on a new line, after a turn without it, and where the
                champion has lost its slot.
            confidence: as it is today.
        """
        return cls(confidence, report["tests"] if report else 0)

    def _level(self, challenge: int) -> float:
        return (1 - self.confidence) / (_HARMONIC * min(challenge, MEMORY))


_HARMONIC = sum(1 / k for k in range(1, MEMORY + 1))
