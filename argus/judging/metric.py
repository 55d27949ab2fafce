"""What a metric is: a number that says how good a set of images is, and how to read that number.

A metric is one file of `argus/judging/metrics/`, or of another package that names it as an entry
point in the group `argus.metrics`; the file ends in `METRIC = Metric(...)`. Whatever computes,
compares, prints or draws scores asks `argus.judging.registry` which there are. docs/metrics.md
shows a whole one.

Keep imports at the top of such a file light (no torch): `argus history` reads it, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from argus.judging.statistics import Comparison

Better = Literal["smaller", "larger"]


@dataclass(frozen=True)
class Metric:
    """How a number is computed, compared and printed.

    Attributes:
        name: lower case, digits and underscores; what reports call it. One that needs features
            is followed by the backbone that computed these: `kid_efficientnet`.
        label: what a person calls it, "KID".
        needs: what `value` and `interval` are given, in this order; names of
            `argus.judging.evidence.NEEDS`. A set of images of which one of these is not to be had
            (a generator has no `sources`, a baseline no `card`) goes without the metric.
        value: the number, finite.
        interval: the lowest and the highest value that the evidence allows, if it can be told.
        better: which of two values is the better one.
        digits: significant digits that tables show.
        compare: of challenger, rival and reals, as features [N, D], and the drive of each real:
            whether the challenger is better beyond chance. A metric without it decides nothing.
        evaluated: whether `evaluate` computes it; training alone watches one that is not.
    """

    name: str
    label: str
    needs: tuple[str, ...]
    value: Callable[..., float]
    interval: Callable[..., tuple[float, float]] | None = None
    better: Better = "smaller"
    digits: int = 4
    compare: Callable[..., Comparison] | None = None
    evaluated: bool = True

    def key(self, backbone: str) -> str:
        """What a report calls the value: the name, with the backbone if it rests on features."""
        of_features = any(need.endswith(("features", "maps")) for need in self.needs)
        return f"{self.name}_{backbone}" if of_features else self.name
