"""How classes fare from station to station."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.prune.class_balance import (
    balance,
    distance_to_quotas,
    ideal_shares,
    imbalance_ratio,
    quotas,
    stations,
)

ROWS = [  # status, split, label, label_provenance, how many
    ("accepted", "train", "day", "delivered", 6),
    ("accepted", "train", "night", "predicted", 2),
    ("pruned", "train", "day", "predicted", 4),
    ("pruned", "train", None, None, 1),
    ("excluded", "train", "fog", "delivered", 1),
    ("accepted", "val", "day", "delivered", 2),
    ("accepted", "test", "night", "delivered", 3),
    ("use_not_granted", None, "night", "delivered", 1),
    ("near_duplicate", None, "day", "delivered", 5),
    ("exact_copy", None, "day", "delivered", 1),
    ("truncated", None, "night", "delivered", 2),
]


def catalogue() -> pl.DataFrame:
    rows: list[Any] = [row[:4] for row in ROWS for _ in range(row[4])]
    return pl.DataFrame(rows, ["status", "split", "label", "label_provenance"], orient="row")


def test_every_row_is_counted_where_it_came_to() -> None:
    sizes = {name: part.height for name, part in stations(catalogue()).items()}
    assert sizes == {
        "delivered": 28,
        "accepted": 26,
        "distinct": 20,
        "train": 14,
        "val": 2,
        "test": 3,
        "selected": 8,
    }


def test_the_metrics_in_closed_form() -> None:
    found = balance(catalogue(), budget=9, tau=1.0)
    assert found["per_class"]["train"] == {"day": 10, "fog": 1, "night": 2, "unknown": 1}
    assert found["per_class"]["selected"] == {"day": 6, "night": 2}
    assert found["predicted"] == {
        "train": {"day": 4, "night": 2},
        "selected": {"night": 2},
    }
    assert found["class_entropy"]["val"] == 0
    assert found["class_entropy"]["selected"] == pytest.approx(0.811278, abs=1e-6)  # of 1/4, 3/4
    assert found["imbalance_ratio"] == {
        "delivered": 18,
        "accepted": 18,
        "distinct": 12,
        "train": 10,
        "val": 1,
        "test": 1,
        "selected": 3,
    }
    # 10, 2 and 1 of 13 candidates: what was excluded is none; 9 * 10 / 13 = 6.9
    assert found["quotas"]["shortfall"] == {"day": 1, "night": 0, "unknown": 1}
    apart = abs(6 / 8 - 10 / 13) + abs(2 / 8 - 2 / 13) + 1 / 13
    assert found["quotas"]["total_variation"] == pytest.approx(apart / 2)


def test_quotas_that_are_met_are_no_distance_away() -> None:
    found = distance_to_quotas({"day": 900, "night": 100}, {"day": 75, "night": 25}, 100, 0.5)
    assert found == {"total_variation": pytest.approx(0), "shortfall": {"day": 0, "night": 0}}


def test_a_class_that_is_too_small_falls_short() -> None:
    found = distance_to_quotas({"day": 90, "fog": 10}, {"day": 90, "fog": 10}, 100, 0.0)
    assert found == {"total_variation": pytest.approx(0.4), "shortfall": {"day": 0, "fog": 40}}


def test_imbalance_ratio() -> None:
    assert imbalance_ratio({"a": 7, "b": 7}) == 1
    assert imbalance_ratio({"a": 723, "b": 35}) == pytest.approx(723 / 35)


COUNTS = st.dictionaries(st.text("abcdef", min_size=1), st.integers(1, 500), min_size=1)


@given(COUNTS, st.integers(1, 2000), st.floats(0, 1))
def test_the_budget_is_used_and_no_class_gets_more_than_it_has(
    counts: dict[str, int], budget: int, tau: float
) -> None:
    wanted = quotas(counts, budget, tau)
    assert sum(wanted.values()) == min(budget, sum(counts.values()))
    assert all(0 <= wanted[name] <= counts[name] for name in counts)


@given(COUNTS, st.integers(1, 2000), st.floats(0, 1))
def test_more_images_never_mean_fewer_places(
    counts: dict[str, int], budget: int, tau: float
) -> None:
    wanted = quotas(counts, budget, tau)
    by_count = sorted(counts, key=lambda name: counts[name])
    for fewer, more in pairwise(by_count):
        assert wanted[more] >= wanted[fewer] - 1  # one image by rounding


def test_tau_in_closed_form() -> None:
    counts = {"day": 900, "night": 100}
    assert quotas(counts, 100, 1.0) == {"day": 90, "night": 10}
    assert quotas(counts, 100, 0.5) == {"day": 75, "night": 25}
    assert quotas(counts, 100, 0.0) == {"day": 50, "night": 50}


def test_what_a_small_class_cannot_use_goes_to_the_others() -> None:
    assert quotas({"a": 1000, "b": 1000, "c": 10}, 300, 0.0) == {"a": 145, "b": 145, "c": 10}


@given(COUNTS, st.floats(0, 1))
def test_shares_add_up_and_quotas_follow_them_while_no_class_is_too_small(
    counts: dict[str, int], tau: float
) -> None:
    shares = ideal_shares(counts, tau)
    assert sum(shares.values()) == pytest.approx(1)
    budget = min(int(counts[name] / share) for name, share in shares.items())
    wanted = quotas(counts, max(budget, 1), tau)
    assert all(abs(wanted[name] - budget * shares[name]) <= 1 for name in counts)
