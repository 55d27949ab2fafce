"""What data is wanted next: classes, scenes and conditions, each with examples."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from argus.data import catalogue
from argus.features.vectors import Vectors
from argus.judging import wanted


def table(rows: list[tuple[str, str, int]]) -> pl.DataFrame:
    """Images by split, label and drive."""
    found = pl.DataFrame(
        [
            {
                "image_id": f"{n:064x}",
                "label": label,
                "sequence": f"s/{drive}",
                "status": "accepted",
            }
            for n, (_, label, drive) in enumerate(rows)
        ]
    )
    return catalogue.in_schema(found).with_columns(pl.Series("split", [row[0] for row in rows]))


def directions(angles: list[float]) -> Vectors:
    """Vectors in a plane, by their angle in degrees."""
    at = np.deg2rad(angles)
    return Vectors(np.stack([np.cos(at), np.sin(at)], axis=1).astype(np.float32))


def test_classes_under_quota_come_with_what_they_lack_the_worst_first() -> None:
    images = table([("train", "day", 0)] * 5 + [("train", "fog", 1)] * 2 + [("val", "fog", 2)])
    found = wanted.quotas(images, {"day": 0, "fog": 3, "rain": 4})
    assert [(each.label, each.images, each.short) for each in found] == [
        ("rain", 0, 4),
        ("fog", 2, 3),
    ]
    assert found[0].examples == ()
    assert found[1].examples == (f"{5:064x}", f"{6:064x}")


def test_held_out_scenes_that_nothing_in_training_looks_like_are_a_region() -> None:
    train = [("train", "day", drive) for drive in range(10)]
    held = [("val", "day", 20), ("test", "night", 21), ("test", "fog", 22), ("test", "day", 23)]
    angles = [*(float(n) for n in range(10)), 5.5, 60.0, 60.8, 120.0]
    (region,) = wanted.regions(table(train + held), directions(angles))
    assert (region.images, region.labels, region.drives) == (2, ("fog", "night"), 2)
    assert set(region.examples) == {f"{11:064x}", f"{12:064x}"}
    away = [2 * np.sin(np.deg2rad(angle) / 2) for angle in (60 - 9, 60.8 - 9)]
    assert region.distance == pytest.approx(np.mean(away), abs=1e-4)
    assert region.far == pytest.approx(2 * np.sin(np.deg2rad(1) / 2), abs=1e-4)


def test_frames_of_ones_own_drive_do_not_say_what_is_far() -> None:
    """Were they to, nearly all that is new would be far."""
    train = [("train", "day", n // 5) for n in range(10)]
    angles = [0, 0.1, 0.2, 0.3, 0.4, 30, 30.1, 30.2, 30.3, 30.4, 50.0, 50.1]
    held = [("test", "day", 9)] * 2
    assert wanted.regions(table(train + held), directions(angles)) == []


def test_one_drive_alone_cannot_say_what_is_far() -> None:
    rows = [("train", "day", 0)] * 3 + [("test", "day", 1)] * 3
    assert wanted.regions(table(rows), directions([0, 1, 2, 90, 91, 92])) == []
    assert wanted.regions(table(rows[:3]), directions([0, 1, 2])) == []


def test_the_nearest_is_the_nearest_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=(n, 5)).astype(np.float32) for n in (23, 17))
    without = rng.random((23, 17)) < 0.3
    monkeypatch.setattr(wanted, "BLOCK", 7)
    found = wanted.nearest(Vectors(a), Vectors(b), without)
    unit = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in (a, b)]
    apart = np.linalg.norm(unit[0][:, None] - unit[1], axis=2)
    np.testing.assert_allclose(found, np.where(without, 2, apart).min(axis=1), atol=1e-3)


CLASSES = {
    "day": {"kid_a": 0.5, "kid_b": 0.9, "intervals": {"kid_b": {"low": 0.8, "high": 1.0}}},
    "night": {"kid_a": 0.7, "kid_b": 0.4},
}


@pytest.mark.parametrize(
    ("decision", "worst"),
    [
        ({"champion": "g", "challenger": "g", "classes": CLASSES}, "night"),
        ({"champion": "g", "challenger": "g", "classes": CLASSES, "judge": {"name": "b"}}, "day"),
        (
            {"champion": "g", "challenger": "x", "incumbent": {"model": "g", "classes": CLASSES}},
            "night",
        ),
    ],
)
def test_a_champion_is_told_by_class_the_worst_first(decision: dict[str, Any], worst: str) -> None:
    images = table([("test", "day", 0), ("test", "night", 1), ("train", "night", 2)])
    found = wanted.conditions(images, {"generate": decision}, {})
    assert found[0].label == worst
    assert len(found) == 2
    by_label = {each.label: each for each in found}
    assert by_label["night"].examples == (f"{1:064x}",)  # what it was judged by, and no other
    if decision.get("judge"):
        assert by_label["day"].ends == (0.8, 1.0)


def test_a_champion_without_scores_by_class_has_no_worst_condition() -> None:
    images = table([("test", "day", 0)])
    for decision in ({"champion": None}, {"champion": "g", "challenger": "g"}):
        assert wanted.conditions(images, {"generate": decision}, {}) == []
