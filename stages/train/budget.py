"""How long a training goes on: so many steps, so many images, or (for comparisons) so long."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from argus.core import params


@dataclass(frozen=True)
class Budget:
    """The end of a training: either `steps`, or `seconds` of wall time.

    Seconds are those of the training steps alone: what is validated, drawn and saved beside them
    does not count, so that two models are given the same time to learn, however often they are
    validated. How far they lead depends on the machine, so what comes out is not reproducible.
    """

    steps: int | None = None
    seconds: float | None = None

    @classmethod
    def of(cls, model: params.Model) -> Budget:
        """The budget of an entry of `models`; one of `images` is rounded up to whole steps."""
        if model.images is not None:
            return cls(steps=math.ceil(model.images / model.batch))
        return cls(model.steps, model.seconds)

    @property
    def reproducible(self) -> bool:
        """Whether the same training anywhere takes the same number of steps."""
        return self.seconds is None

    def spent(self, steps: int, seconds: float) -> Fraction:
        """The share that is used up after `steps` in `seconds`: 0 at the start, 1 at the end."""
        if self.steps is not None:
            return Fraction(steps, self.steps)
        assert self.seconds is not None
        return min(Fraction(seconds) / Fraction(self.seconds), Fraction(1))


def is_due(before: Fraction, now: Fraction, times: int) -> bool:
    """Whether one of `times` equal parts of the budget ended between two shares of it."""
    return int(now * times) > int(before * times)
