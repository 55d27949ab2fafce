"""How often an equal is taken for better, at few drives and many, of equal and unequal sizes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from argus.judging.metrics.kid import compare
from benchmarks.evaluation.worlds import World, pair
from benchmarks.measures import Measure

ROUNDS = 1000  # each gives two chances: either may be taken for the better one
DRIVES = (3, 5, 10, 20)
NOMINAL = (0.05, 0.01, 0.001)
DISTANCE = 1.0


def promotions(world: World, rounds: int, levels: Iterable[float] = NOMINAL) -> list[float]:
    """The share of equals that are taken for better, by level.

    Args:
        world: what is compared in.
        rounds: comparisons, of which each counts for both directions.
        levels: at which it is decided.
    """
    sure = [
        compare([one], [other], reals).confidence
        for one, other, reals in (pair(world, seed, (DISTANCE,) * 2) for seed in range(rounds))
    ]
    off = np.abs(np.array(sure) - 0.5) + 0.5
    return [float(np.mean(off >= 1 - level)) / 2 for level in levels]


def worlds() -> dict[str, World]:
    """By what the tables call them."""
    named = {}
    for drives in DRIVES:
        for unequal in (False, True):
            sizes = "unequal" if unequal else "equal"
            named[f"translators, {drives} and {drives} drives, {sizes}"] = World(
                drives, drives, unequal
            )
            named[f"generators, {drives} drives, {sizes}"] = World(drives, unequal=unequal)
    for targets, sources in ((3, 20), (20, 3)):
        named[f"translators, {targets} target and {sources} source drives"] = World(
            targets, sources
        )
    named["translators of one distribution, 10 and 10 drives"] = World(10, 10, alike=True)
    return named


def measures(rounds: int = ROUNDS) -> list[Measure]:
    """Shares of equals promoted, in each world and at each level; the bar is the level itself,
    and three standard errors of so many rounds."""
    found = []
    for name, world in worlds().items():
        for level, share in zip(NOMINAL, promotions(world, rounds), strict=True):
            most = level + 3 * (level / (2 * rounds)) ** 0.5
            found.append(
                Measure(
                    f"{name}: equals promoted at {level:g}",
                    share,
                    None,
                    "share",
                    share,
                    f"<= {most:.2g}",
                    share <= most,
                )
            )
    return found
