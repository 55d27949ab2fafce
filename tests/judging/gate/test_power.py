import math

import numpy as np
import pytest
from scipy.stats import nct, t

from argus.judging.gate.power import detectable, weakest
from argus.judging.statistics import Comparison

MANY = Comparison(0.0, 0.1, 0.5, {"target drives": 21}, {"target drives": 0.1})
BOTH = Comparison(
    0.0,
    math.hypot(0.03, 0.04),
    0.5,
    {"target drives": 12, "source drives": 4},
    {"target drives": 0.03, "source drives": 0.04},
)


@pytest.mark.parametrize("alpha", [0.05, 0.001])
def test_a_difference_of_that_size_is_found_in_four_cases_of_five(alpha: float) -> None:
    least = detectable(MANY, alpha)
    # the chance of Student's t that it is off by that much, by the noncentral distribution
    power = nct.sf(t.isf(alpha, 20), 20, least / 0.1)
    assert power == pytest.approx(0.8, abs=0.03)


def test_a_stricter_level_sees_less_and_so_do_fewer_units() -> None:
    assert detectable(MANY, 0.001) > detectable(MANY, 0.05)
    few = Comparison(0.0, 0.1, 0.5, {"target drives": 4}, {"target drives": 0.1})
    assert detectable(few, 0.05) > detectable(MANY, 0.05)


def test_with_two_populations_it_is_found_at_least_as_often() -> None:
    rng = np.random.default_rng(0)
    least, rounds = detectable(BOTH, 0.05), 4000
    found = 0
    for _ in range(rounds):
        errors = {
            name: error * math.sqrt(rng.chisquare(BOTH.units[name] - 1) / (BOTH.units[name] - 1))
            for name, error in BOTH.errors.items()
        }
        test = Comparison(-least + 0.05 * rng.normal(), 0.05, 0.5, BOTH.units, errors)
        found += test.difference < -test.margin(0.05)
    assert found / rounds > 0.78


def test_the_weakest_population_is_the_one_that_errs_most() -> None:
    assert weakest(BOTH) == "source drives"
    blind = Comparison(-0.3, None, 0.5, {"target drives": 1})
    assert weakest(blind) is None
    assert detectable(blind, 0.05) == math.inf
