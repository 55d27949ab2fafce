"""The gain over the turns, as a curve and in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from argus.judging.gain_curve import Step
from stages.report import words
from stages.report.charts import Axis, Curve, Tick, curve


class GainCurve(NamedTuple):
    """The champions of a task over the turns."""

    task: str
    curve: Curve
    across: list[Tick]
    up: list[Tick]
    zero: float
    steps: list[tuple[str, str, str, str]]
    """Day, champion, gain of that turn and gain since the first."""
    says: str


def gains(task: str, steps: list[Step]) -> GainCurve | None:
    """The curve of a task's champions; None before there are two turns to compare.

    Gain is what the distance to the reals has fallen by, so more is better.
    """
    if len(steps) < 2:
        return None
    turns = [float(step.gain.turns) for step in steps]
    gained = [-step.gain.chained for step in steps]
    ends = [
        _ends(step.gain.chained, step.gain.chained_low, step.gain.chained_high) for step in steps
    ]
    across = Axis(min(turns), max(turns)) if turns[0] != turns[-1] else Axis.around(turns)
    up = Axis.around([*gained, *(end for pair in ends for end in pair)], zero=True)
    last = steps[-1].gain
    low, high = ends[-1]
    sure = f" (90 % interval {low:.3f} to {high:.3f})" if low != high else ""
    told = [
        (
            words.day(step.day),
            step.champion,
            step.gain.text().replace("-", "\u2212"),
            step.gain.chained_text().replace("-", "\u2212"),
        )
        for step in steps
    ]
    ticks = [Tick(across.place(turn), f"{int(turn)}") for turn in _some(turns)]
    return GainCurve(
        task,
        curve(turns, gained, across, up, ends),
        ticks,
        up.ticks,
        100 - up.place(0.0),
        told,
        f"Over {words.count(last.turns, 'turn')} since its first champion, {task} came "
        f"{abs(last.chained):.3g} {'nearer to' if last.chained <= 0 else 'further from'} the real "
        f"images{sure}.".replace("-", "\u2212"),
    )


def _ends(value: float, low: float | None, high: float | None) -> tuple[float, float]:
    """The interval of a gain out of that of a difference, which is its negative."""
    if low is None or high is None:
        return -value, -value
    return -high, -low


def _some(turns: list[float]) -> Iterable[float]:
    """At most nine of them, the last one among them."""
    step = -(-len(turns) // 8)
    return sorted({*turns[::step], turns[-1]})
