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

from argus.judging.evidence import BY_BACKBONE

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
        value: the number, finite; or None if there are too few images to tell it from, as of a
            rare class: these go without the metric, too.
        interval: the lowest and the highest value that the evidence allows, or None if that
            cannot be told.
        better: which of two values is the better one.
        digits: significant digits that tables show.
        compare: of challengers, rivals and the reals: whether the challenger is better beyond
            chance. Of either side there may be several, seeds of one recipe; each is a `Sample`.
            A metric without it decides nothing.
        evaluated: whether `evaluate` computes it; training alone watches one that is not.
        table: whether the tables of pages show it; reports have every value.
    """

    name: str
    label: str
    needs: tuple[str, ...]
    value: Callable[..., float | None]
    interval: Callable[..., tuple[float, float] | None] | None = None
    better: Better = "smaller"
    digits: int = 4
    compare: Callable[..., Comparison] | None = None
    evaluated: bool = True
    table: bool = True

    def key(self, backbone: str) -> str:
        """What a report calls the value: the name, with the backbone if it rests on features."""
        return f"{self.name}_{backbone}" if self.by_backbone else self.name

    @property
    def by_backbone(self) -> bool:
        """Whether the value is another one if another backbone judges."""
        return not BY_BACKBONE.isdisjoint(self.needs)
