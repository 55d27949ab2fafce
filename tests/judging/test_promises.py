"""Whether the gate keeps its promises, where the truth is known (`make bench-evaluation` has more).

Shares have the error of so many rounds: bars are three of these above what is promised.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest

from argus.judging.metrics.kid import compare
from benchmarks.evaluation.calibration import promotions, worlds
from benchmarks.evaluation.power import power
from benchmarks.evaluation.turns import RULES, found, lucky, spent
from benchmarks.evaluation.worlds import DRAWS, World

pytestmark = pytest.mark.slow
ROUNDS = 300


def bar(level: float, chances: int) -> float:
    return level + 3 * math.sqrt(level * (1 - level) / chances)


@pytest.mark.parametrize("name", worlds())
def test_equals_are_promoted_no_more_often_than_the_level_says(name: str) -> None:
    levels = (0.05, 0.01)
    for level, share in zip(levels, promotions(worlds()[name], ROUNDS, levels), strict=True):
        assert share <= bar(level, 2 * ROUNDS)


def test_the_level_is_used_and_not_only_kept() -> None:
    for world in (World(20), World(20, 20)):
        (share,) = promotions(world, ROUNDS, [0.05])
        assert share > 0.025


def test_drives_have_their_own_error_on_both_sides() -> None:
    """Taking frames of sources for independent promotes several times as many equals."""
    world, wrong = World(20, 3, own=1.0), 0
    for seed in range(ROUNDS):
        rng = np.random.default_rng(seed)
        reals, sources = world.reals(rng), world.sources(rng)
        sides = [world.model(rng, sources, i, 1.0) for i in range(2)]
        frames = [
            each._replace(units=tuple(f"{unit}/{i}" for i, unit in enumerate(each.units)))
            for each in sides
        ]
        wrong += abs(compare(frames[:1], frames[1:], reals).confidence - 0.5) > 0.45
    (right,) = promotions(world, ROUNDS, [0.05])
    assert wrong / (2 * ROUNDS) > 0.1
    assert right < 0.05


@pytest.mark.parametrize("seeds", [2, 3])
def test_seeds_of_a_recipe_are_no_proof_of_the_recipe_unless_their_spread_is_counted(
    seeds: int,
) -> None:
    """Recipes are equals, seeds stand off by what luck gives them."""
    world, wrong, alone = World(15), 0, 0
    for seed in range(ROUNDS):
        rng = np.random.default_rng(seed)
        reals, sides = world.reals(rng), []
        for side in range(2):
            luck = rng.normal(1, 0.4, seeds)
            made = [world.model(rng, None, side, far) for far in luck]
            sides.append(
                [each._replace(population=f"draws of {side}, {i}") for i, each in enumerate(made)]
            )
        ours, theirs = sides
        wrong += abs(compare(ours, theirs, reals).confidence - 0.5) > 0.45
        alone += abs(compare(ours[:1], theirs[:1], reals).confidence - 0.5) > 0.45
    assert wrong / (2 * ROUNDS) <= bar(0.05, 2 * ROUNDS)
    assert alone / (2 * ROUNDS) > 0.08


def test_a_better_one_is_found_more_often_with_more_drives() -> None:
    shares = {}
    for drives in (5, 10, 20):
        share, difference, said = power(World(drives), 0.0, 150)
        shares[drives] = share
        # where the difference is as large as the one said to be found in 80 %, it is
        if abs(difference) > said:
            assert share > 0.75
    assert 0.4 < shares[5] < shares[10] < shares[20]
    assert shares[20] > 0.9


def test_a_difference_is_that_of_the_means_at_any_number_of_drives_and_draws() -> None:
    """Squared MMDs do not depend on how many units there are."""
    few, many = (power(World(drives), 0.5, 250)[1] for drives in (3, 20))
    assert few == pytest.approx(many, rel=0.15)
    assert DRAWS > 20


@pytest.mark.parametrize("frozen", [True, False])
def test_luck_promotes_an_equal_in_at_most_five_percent_of_lines(frozen: bool) -> None:
    share, _ = lucky(World(10), spent, 60, 60, frozen)
    assert share <= bar(0.05, 60)


def test_at_five_percent_a_turn_luck_promotes_in_most_lines() -> None:
    rule = RULES["5 % a turn"]
    assert lucky(World(10), rule, 20, 40, frozen=False)[0] > 0.35
    assert lucky(World(10), rule, 20, 40, frozen=True)[0] > 0.15


def test_late_challengers_are_found_as_well() -> None:
    shares: Mapping[str, list[float]] = found(World(20), RULES, 150)
    first, third, tenth, thirtieth, _ = shares["1/k within a hundred (ours)"]
    assert first > third > tenth > thirtieth > 0.2
    assert thirtieth > shares["k^-1.6 for ever"][3]
