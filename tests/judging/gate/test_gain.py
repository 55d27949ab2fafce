from __future__ import annotations

import json

import pytest
from scipy.stats import t

from argus.judging.gate.gain import Gain
from argus.judging.statistics import Comparison

STEP = Comparison(-0.2, 0.05, 0.999, {"target drives": 11}, {"target drives": 0.05})
MARGIN = 0.05 * t.isf(0.05, 10)


def test_a_link_is_the_comparison_with_the_champion_before() -> None:
    found = Gain().replaced(STEP)
    assert (found.difference, found.turns) == (-0.2, 1)
    assert (found.low, found.high) == pytest.approx((-0.2 - MARGIN, -0.2 + MARGIN))
    assert (found.chained, found.chained_low, found.chained_high) == (
        found.difference,
        found.low,
        found.high,
    )


def test_links_add_up_end_by_end() -> None:
    found = Gain().replaced(STEP).kept().replaced(STEP).kept()
    assert (found.difference, found.low, found.high) == (0, 0, 0)
    assert found.turns == 4
    assert found.chained == pytest.approx(-0.4)
    assert found.chained_high - found.chained == pytest.approx(2 * MARGIN)
    assert found.chained - found.chained_low == pytest.approx(2 * MARGIN)


def test_where_nothing_can_be_told_a_new_chain_begins() -> None:
    blind = Comparison(-0.3, None, 0.5, {"target drives": 1})
    assert Gain().replaced(STEP).replaced(blind) == Gain()


def test_it_goes_through_json() -> None:
    found = Gain().replaced(STEP).kept()
    assert Gain.read(json.loads(json.dumps(found.report()))) == found
    assert Gain.read(None) is None
