"""How large a difference has to be to be found, at few drives and many."""

from __future__ import annotations

import numpy as np

from argus.judging.gate.power import OFTEN, detectable
from argus.judging.metrics.kid import compare
from benchmarks.evaluation.calibration import DRIVES
from benchmarks.evaluation.worlds import World, pair
from benchmarks.measures import Measure

ROUNDS = 300
LEVEL = 0.05
RIVAL = 1.5
EFFECTS = (1.0, 0.5, 0.0)  # how far the challenger stands off


def power(world: World, challenger: float, rounds: int) -> tuple[float, float, float]:
    """How often a better challenger is found.

    Args:
        world: what they are compared in.
        challenger: how far it stands off; its rival does at `RIVAL`.
        rounds: comparisons.

    Returns:
        The share found at `LEVEL`, the mean difference, and the median of the smallest difference
        that these tests say they find.
    """
    pairs = (pair(world, seed, (challenger, RIVAL)) for seed in range(rounds))
    found = [compare([one], [other], reals) for one, other, reals in pairs]
    share = np.mean([each.confidence >= 1 - LEVEL for each in found])
    said = np.median([detectable(each, LEVEL) for each in found])
    return float(share), float(np.mean([each.difference for each in found])), float(said)


def measures() -> list[Measure]:
    """Shares of better challengers found, and what differences tests say they see."""
    table = []
    for drives in DRIVES:
        for name, world in (
            (f"translators, {drives} and {drives} drives", World(drives, drives)),
            (f"generators, {drives} drives", World(drives)),
        ):
            for effect in EFFECTS:
                share, difference, said = power(world, effect, ROUNDS)
                what = f"{name}: found at {LEVEL:g}, true difference {difference:.2f}"
                table.append(Measure(what, share, None, "share", None, "", None))
                what = f"{name}: difference {difference:.2f}; said to be found in {OFTEN:.0%}"
                table.append(Measure(what, abs(difference), said, "KID", None, "", None))
    return table
