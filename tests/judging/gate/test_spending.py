from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus.judging.gate.spending import MEMORY, Spending

CONFIDENCE = 0.95


def levels(outcomes: Sequence[bool]) -> list[float]:
    """Of a test for each outcome (whether it promoted)."""
    state, found = Spending(CONFIDENCE), []
    for promoted in outcomes:
        found.append(state.alpha)
        state = state.after(promoted)
    return found


def test_a_hundred_challenges_spend_the_whole_risk() -> None:
    assert sum(levels([False] * MEMORY)) == pytest.approx(0.05)


def test_any_hundred_challenges_in_a_row_spend_no_more() -> None:
    spent = levels([False] * 350)
    windows = [sum(spent[start : start + MEMORY]) for start in range(250)]
    assert max(windows) <= 0.05 + 1e-12


def test_power_does_not_die_away() -> None:
    spent = levels([False] * 1000)
    assert spent == sorted(spent, reverse=True)
    assert spent[-1] == spent[MEMORY - 1] > 0.05 / 1000
    assert spent[0] == pytest.approx(0.0096, abs=1e-4)


@given(st.lists(st.booleans(), min_size=1, max_size=300))
def test_what_any_hundred_spend_is_the_risk_and_as_much_for_each_promotion(
    outcomes: list[bool],
) -> None:
    spent = levels(outcomes)
    for start in range(len(spent)):
        window = slice(start, start + MEMORY)
        assert sum(spent[window]) <= 0.05 * (1 + sum(outcomes[window])) + 1e-12


def test_a_new_champion_begins_with_all_of_it() -> None:
    old = Spending(CONFIDENCE, 40)
    new = old.after(promoted=True)
    assert new == Spending(CONFIDENCE)
    assert new.wealth == pytest.approx(0.05)
    assert old.after(promoted=False).tests == 41


def test_the_next_level_never_exceeds_what_is_left() -> None:
    for tests in range(300):
        state = Spending(CONFIDENCE, tests)
        assert state.alpha <= state.wealth + 1e-12


def test_it_goes_through_json_from_turn_to_turn() -> None:
    state = Spending(CONFIDENCE, 3)
    after = state.after(promoted=False)
    report = json.loads(json.dumps(after.report(state.alpha)))
    assert report["alpha"] == pytest.approx(state.alpha)
    assert Spending.read(report, CONFIDENCE) == after
    assert report["next"] == pytest.approx(Spending.read(report, CONFIDENCE).alpha)
    assert Spending.read(None, CONFIDENCE) == Spending(CONFIDENCE)
    # a turn without a test spends nothing
    idle = json.loads(json.dumps(after.report(None)))
    assert Spending.read(idle, CONFIDENCE) == after


def test_the_risk_is_that_of_the_parameter() -> None:
    assert Spending(0.99).alpha == pytest.approx(Spending(0.95).alpha / 5)
