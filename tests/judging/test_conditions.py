"""What condition an image shows, told by a classifier that never saw its source."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from argus.judging.conditions import named
from argus.judging.metrics.condition import reached

CONDITION, CAMERA = np.eye(3)[0], np.eye(3)[1]


def features(night: bool, camera: int, count: int = 12, seed: int = 0) -> np.ndarray:
    """Of images that show their condition weakly, and their camera strongly."""
    noise = np.random.default_rng(seed).normal(0, 0.3, (count, 3))
    return np.asarray(noise + CONDITION * (1 if night else -1) + CAMERA * camera)


def training(*sets: tuple[bool, int, str]) -> tuple[np.ndarray, list[str], list[str]]:
    found = [features(night, camera, seed=k) for k, (night, camera, _) in enumerate(sets)]
    labels = [name for night, _, _ in sets for name in ["night" if night else "day"] * 12]
    return np.concatenate(found), labels, [source for _, _, source in sets for _ in range(12)]


def test_a_night_is_named_and_a_day_is_not() -> None:
    learnt = training((False, 0, "a"), (True, 0, "a"))
    shown = np.concatenate([features(True, 0, seed=8), features(False, 0, seed=9)])
    said = named(shown, ["a"] * 24, *learnt, {"night"})
    assert share(said[:12]) > 0.9
    assert share(said[12:]) < 0.1


def test_a_camera_is_not_taken_for_a_condition() -> None:
    # source c is by day alone and its camera is all that tells it: who saw it calls it day
    learnt = training((False, 0, "a"), (True, 0, "a"), (False, 1, "c"), (False, 1, "c"))
    noise = np.random.default_rng(5).normal(0, 0.1, (12, 3))
    translated = noise + 0.4 * CONDITION + CAMERA  # half a night
    fair = named(translated, ["c"] * 12, *learnt, {"night"})
    fooled = named(translated, ["a stranger"] * 12, *learnt, {"night"})
    assert share(fair) > 0.8
    assert share(fooled) < 0.5


def test_where_nothing_can_be_told_nothing_is_said() -> None:
    learnt = training((False, 0, "a"), (False, 1, "b"))
    assert named(features(True, 0), ["a"] * 12, *learnt, {"night"}) == ("",) * 12
    learnt = training((False, 0, "a"), (True, 0, "a"))
    assert named(features(True, 0), ["a"] * 12, *learnt, {"fog"}) == ("",) * 12


def share(said: Sequence[str]) -> float:
    found = reached(said, ["night"] * len(said))
    assert found is not None
    return found


def test_where_nothing_was_said_nothing_is_reached_nor_missed() -> None:
    assert reached([""] * 3, ["night"] * 3) is None


def test_reached_is_a_share() -> None:
    assert reached(["night", "day", "night", ""], ["night"] * 4) == pytest.approx(0.5)
