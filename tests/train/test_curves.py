"""The chart of a training shows what there is, the step kept, and why it failed."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from argus.data.contact_sheets import save
from stages.train.curves import chart

LOSSES = [(5 * i, {"loss/generator": 1 / i, "penalty/r1": 1.0}) for i in range(1, 11)]
LOOKS = [(20, {"val/kid": 0.5, "val/diversity": 0.2}), (40, {"val/kid": 0.3, "val/diversity": 0.6})]
POINTS = sorted(LOSSES + LOOKS, key=lambda point: point[0])


def lines(figure: Figure) -> dict[str, list[tuple[float, float]]]:
    """Every line of every panel, by its label in the legend."""
    return {
        str(line.get_label()): [(x, y) for x, y in np.asarray(line.get_xydata()).tolist()]
        for axes in figure.axes
        for line in axes.lines
    }


def test_losses_kid_and_diversity_are_drawn_through_the_points_that_have_them() -> None:
    figure = chart(POINTS, 40, None, 0.25)
    drawn = lines(figure)
    assert drawn["generator"] == [(step, values["loss/generator"]) for step, values in LOSSES]
    assert drawn["kid"] == [(20, 0.5), (40, 0.3)]
    assert drawn["diversity"] == [(20, 0.2), (40, 0.6)]
    assert {x for x, _ in drawn["kept: 40"]} == {40}
    assert {y for _, y in drawn["limit 0.25"]} == {0.25}
    assert "r1" not in drawn
    assert figure.get_suptitle() == ""


def test_a_failure_stands_on_the_picture_and_at_its_step() -> None:
    reason = "loss/generator is not finite at step 55 " + "and so on " * 12
    broken = [*POINTS, (55, {"loss/generator": math.nan})]
    figure = chart(broken, None, reason, 0.25)
    assert figure.get_suptitle().replace("\n", " ") == f"failed: {reason.strip()}"
    for axes in figure.axes:
        assert any(set(np.asarray(line.get_xdata()).tolist()) == {55} for line in axes.lines)


def test_without_validation_there_is_one_panel() -> None:
    assert len(chart(LOSSES, None, None, 0.25).axes) == 1


@pytest.mark.parametrize("points", [[], [(3, {"loss/a": 1.0})]])
def test_a_training_that_failed_at_once_has_a_picture_too(
    points: list[tuple[int, dict[str, float]]], tmp_path: Path
) -> None:
    save(chart(points, None, "RuntimeError in its step", 0.25), tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 1000


def test_equal_trainings_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        save(chart(POINTS, 20, "why", 0.25), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
