"""Where the marks of the page's charts stand: in per cent of the width and height that there is, so
that a chart fits a phone and a printed page, and its text keeps its size."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

MARGIN = 0.06  # of the range, left free on either side
TICKS = 5


class Tick(NamedTuple):
    at: float
    text: str


class Axis(NamedTuple):
    """A range of values; `place` says where one stands, 0 to 100."""

    low: float
    high: float

    @classmethod
    def around(cls, values: Iterable[float], *, zero: bool = False) -> Axis:
        """The range of some values with a margin; `zero` takes in 0."""
        found = [value for value in values if math.isfinite(value)] + ([0.0] if zero else [])
        low, high = min(found, default=0.0), max(found, default=1.0)
        if low == high:
            low, high = low - (abs(low) / 2 or 0.5), high + (abs(high) / 2 or 0.5)
        margin = MARGIN * (high - low)
        return cls(low - margin, high + margin)

    def place(self, value: float) -> float:
        return round(100 * (value - self.low) / (self.high - self.low), 2)

    @property
    def ticks(self) -> list[Tick]:
        """Round numbers in the range: 1, 2 or 5 times a power of ten apart."""
        rough = (self.high - self.low) / TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * k for k in (1, 2, 5, 10) if rough <= power * k * 1.0001)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        return [
            Tick(self.place(k * step), f"{k * step + 0.0:.{digits}f}")
            for k in range(first, last + 1)
        ]


class Mark(NamedTuple):
    """A dot with its interval, if it has one: places from the left."""

    at: float
    low: float | None = None
    high: float | None = None

    @classmethod
    def on(cls, axis: Axis, value: float, ends: tuple[float, float] | None) -> Mark:
        if ends is None:
            return cls(axis.place(value))
        return cls(axis.place(value), *(min(max(axis.place(end), 0), 100) for end in ends))


class Curve(NamedTuple):
    """A line through points, with the band around it, if there is one, as SVG's `points`."""

    line: str
    dots: list[tuple[float, float]]
    band: str = ""


def curve(
    x: Sequence[float],
    y: Sequence[float],
    across: Axis,
    up: Axis,
    ends: Sequence[tuple[float, float]] = (),
) -> Curve:
    """A curve on two axes; values that are not finite are left out."""
    points = [
        (across.place(a), round(100 - up.place(b), 2))
        for a, b in zip(x, y, strict=True)
        if math.isfinite(b)
    ]
    band = ""
    if ends:
        lower = [
            (across.place(a), 100 - up.place(low)) for a, (low, _) in zip(x, ends, strict=True)
        ]
        upper = [
            (across.place(a), 100 - up.place(top)) for a, (_, top) in zip(x, ends, strict=True)
        ]
        band = _points([*lower, *upper[::-1]])
    return Curve(_points(points), points, band)


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
