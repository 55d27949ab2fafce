"""How classes fare from station to station."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from stages.prune.balance import balance, distance_to_quotas, imbalance_ratio, stations

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
