"""A line of turns: how often luck promotes an equal, and whether a better one is still found."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from argus.judging.gate.spending import Spending
from argus.judging.metrics.kid import compare
from benchmarks.evaluation.worlds import World, pair
from benchmarks.measures import Measure

RISK = 0.05
LINES = 200
TURNS = (5, 20, 100)
BETTER_AT = (1, 3, 10, 30, 100)
ROUNDS = 400
DISTANCE = 1.5  # of champions and equals
BETTER = 0.0
WORLD = World(10, 10)

Rule = Callable[[int], float]
"""The level of a champion's next challenge, from the number that it has met."""


def spent(tests: int) -> float:
    """Ours."""
    return Spending(1 - RISK, tests).alpha


def series(tests: int) -> float:
    """All of the risk once for ever, as LORD++ spends it before its first discovery: by k^-1.6."""
    return RISK * (tests + 1) ** -1.6 / 2.2858


RULES: Mapping[str, Rule] = {
    "5 % a turn": lambda _: RISK,
    "k^-1.6 for ever": series,
    "1/k within a hundred (ours)": spent,
}


def lucky(
    world: World, rule: Rule, turns: int, lines: int, frozen: bool = True
) -> tuple[float, float]:
    """Lines of turns in which every challenger is as good as its champion.

    Args:
        world: what they are compared in.
        rule: of the levels.
        turns: of a line.
        lines: how many.
        frozen: whether reals, sources and what the champion made of them stay the same from turn
            to turn; otherwise all are drawn anew.

    Returns:
        The share of lines with a promotion, and promotions a line.
    """
    promotions = np.zeros(lines)
    for line in range(lines):
        rng = np.random.default_rng(line)
        reals, sources = world.reals(rng), world.sources(rng)
        number, tests = 0, 0
        champion = world.model(rng, sources, number, DISTANCE)
        for turn in range(1, turns + 1):
            if not frozen:
                reals, sources = world.reals(rng), world.sources(rng)
                champion = world.model(rng, sources, number, DISTANCE)
            challenger = world.model(rng, sources, turn, DISTANCE)
            if compare([challenger], [champion], reals).confidence >= 1 - rule(tests):
                champion, number, tests = challenger, turn, 0
                promotions[line] += 1
            else:
                tests += 1
    return float(np.mean(promotions > 0)), float(promotions.mean())


def found(world: World, rules: Mapping[str, Rule], rounds: int) -> dict[str, list[float]]:
    """How often a better challenger is promoted that comes as so manieth of a champion.

    Args:
        world: what they are compared in.
        rules: of the levels, by name.
        rounds: comparisons.

    Returns:
        By rule, the share at each of `BETTER_AT`.
    """
    pairs = (pair(world, seed, (BETTER, DISTANCE)) for seed in range(rounds))
    sure = np.array([compare([one], [other], reals).confidence for one, other, reals in pairs])
    return {
        name: [float(np.mean(sure >= 1 - rule(at - 1))) for at in BETTER_AT]
        for name, rule in rules.items()
    }


def measures() -> list[Measure]:
    """Luck in lines of equals, and better challengers found, by rule."""
    table = []
    for name, rule in RULES.items():
        for frozen in (True, False):
            for turns in TURNS:
                share, _ = lucky(WORLD, rule, turns, LINES * 5 // turns + 100, frozen)
                ours = rule is spent
                table.append(
                    Measure(
                        f"{name}: lines of {turns} turns of equals with a promotion, "
                        f"{'the same' if frozen else 'new'} reals every turn",
                        share,
                        None,
                        "share",
                        share,
                        f"<= {RISK}" if ours else "",
                        share <= RISK if ours else None,
                    )
                )
    for name, shares in found(WORLD, RULES, ROUNDS).items():
        for at, share in zip(BETTER_AT, shares, strict=True):
            what = f"{name}: a better one is found as challenger {at} of a champion"
            table.append(Measure(what, share, None, "share", None, "", None))
    return table
