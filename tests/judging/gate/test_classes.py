from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus.judging.gate.classes import LEVEL, worse
from argus.judging.metrics.kid import compare
from argus.judging.statistics import Comparison, Sample


def told(confidence: float) -> Comparison:
    return Comparison(0.1, 0.1, confidence, {"target drives": 9}, {"target drives": 0.1})


def test_holms_method_by_hand() -> None:
    found = worse({"day": told(0.9), "dusk": told(0.02), "night": told(0.01)})
    assert found == pytest.approx({"night": 0.03, "dusk": 0.04})
    # each alone is below .05, but not if there are three
    assert worse({"day": told(0.03), "dusk": told(0.02), "night": told(0.04)}) == {}
    # an adjusted value is never below one before it
    assert worse({"day": told(0.0125), "dusk": told(0.012), "night": told(0.9)}) == pytest.approx(
        {"dusk": 0.036, "day": 0.036}
    )


def test_a_class_that_cannot_be_told_counts_for_nothing() -> None:
    blind = Comparison(0.5, None, 0.5, {"target drives": 1})
    assert worse({"night": blind}) == {}
    assert worse({"day": told(0.04), "night": blind}) == pytest.approx({"day": 0.04})
    assert worse({}) == {}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_no_class_is_worse_that_is_not_so_alone_and_one_at_a_share_always_is(
    confidences: list[float],
) -> None:
    found = worse({str(i): told(each) for i, each in enumerate(confidences)})
    assert all(confidences[int(name)] <= LEVEL for name in found)
    for i, each in enumerate(confidences):
        assert str(i) in found or each > LEVEL / len(confidences)


def test_a_broken_night_is_found_and_equals_are_seldom_refused() -> None:
    refused = broken = 0
    for seed in range(120):
        rng = np.random.default_rng(seed)

        def of(name: str, off: float, n: int, rng: np.random.Generator = rng) -> Sample:
            made = rng.normal(size=(n, 4)) + off
            return Sample(made, name, tuple(map(str, range(n))))

        reals = {label: of("target drives", 0, 12) for label in ("day", "dusk", "night")}
        rival = {label: of("draws of old", 0.3, 40) for label in reals}
        equal = {label: of("draws of new", 0.3, 40) for label in reals}
        compared = {label: compare([equal[label]], [rival[label]], reals[label]) for label in reals}
        refused += bool(worse(compared))
        spoilt = of("draws of new", 1.5, 40)
        compared["night"] = compare([spoilt], [rival["night"]], reals["night"])
        broken += "night" in worse(compared)
    assert refused / 120 < 0.1
    assert broken / 120 > 0.9
