"""The metrics of predicted labels, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from stages.label.metrics import calibration_error, classifier_metrics

ACTUAL = np.array(["day"] * 4 + ["night"] * 2)
GUESS = np.array(["day", "day", "day", "night", "night", "night"])
GIVEN = np.array(["day", "day", "unknown", "night", "night", "unknown"])
CONFIDENCE = np.array([0.95, 0.95, 0.55, 0.95, 0.95, 0.55])
DRIVES = np.array(["a", "a", "b", "b", "c", "c"])


def test_metrics_by_hand() -> None:
    found = classifier_metrics(ACTUAL, GUESS, CONFIDENCE, GIVEN, DRIVES)
    assert found["images"] == 6
    assert found["drives"] == 3
    assert found["accuracy"] == pytest.approx(5 / 6)
    assert found["balanced_accuracy"] == pytest.approx((3 / 4 + 1) / 2)
    assert found["coverage"] == pytest.approx(4 / 6)
    assert found["accuracy_given"] == pytest.approx(3 / 4)
    # bins: four at .95 of which three are right, two at .55 that both are
    assert found["calibration_error"] == pytest.approx((4 * 0.2 + 2 * 0.45) / 6)
    assert found["per_class"] == {
        "day": {"images": 4, "drives": 2, "recall": 0.75, "given": 0.5, "precision": 1.0},
        "night": {"images": 2, "drives": 1, "recall": 1.0, "given": 0.5, "precision": 0.5},
    }


def test_where_nothing_is_given_nothing_is_said_of_it() -> None:
    found = classifier_metrics(ACTUAL, GUESS, CONFIDENCE, np.full(6, "unknown"), DRIVES)
    assert found["coverage"] == 0
    assert "accuracy_given" not in found
    assert "precision" not in found["per_class"]["day"]


def test_calibration_error_in_closed_form() -> None:
    certain, half = np.ones(10), np.full(10, 0.5)
    right = np.arange(10) < 5
    assert calibration_error(certain, np.ones(10, dtype=bool)) == 0
    assert calibration_error(certain, right) == pytest.approx(0.5)
    assert calibration_error(half, right) == pytest.approx(0)
    # too sure in one bin does not make up for too modest in another
    mixed = np.r_[np.full(10, 0.95), np.full(10, 0.55)]
    told = np.r_[np.arange(10) < 5, np.ones(10, dtype=bool)]
    assert calibration_error(mixed, told) == pytest.approx(0.45)


def test_confidence_that_is_drawn_true_has_next_to_no_error() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.3, 1, 20_000)
    assert calibration_error(confidence, rng.random(20_000) < confidence) < 0.015
