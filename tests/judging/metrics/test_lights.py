"""Red stays red and green stays green."""

from __future__ import annotations

import numpy as np
import pytest

from argus.judging.metrics.lights import swapped
from tests.conftest import scenes


def lit(red: tuple[int, int, int], green: tuple[int, int, int], ground: int = 60) -> np.ndarray:
    """A dim street with a tail lamp and a green light: uint8 [2, 32, 48, 3]."""
    images = np.full((2, 32, 48, 3), ground, np.uint8)
    images[:, 20:22, 10:12] = red
    images[:, 8:10, 30:32] = green
    return images


RED, GREEN = (200, 20, 20), (20, 180, 40)


def test_lamps_that_change_places_are_all_swapped() -> None:
    street = lit(RED, GREEN)
    assert swapped(street, street) == 0.0
    assert swapped(lit(GREEN, RED), street) == pytest.approx(1.0)
    half = street.copy()
    half[0] = lit(GREEN, RED)[0]
    assert swapped(half, street) == pytest.approx(0.5)


@pytest.mark.parametrize("tint", [(1.0, 0.7, 0.9), (0.8, 1.0, 0.8), (0.3, 0.3, 0.3)])
def test_a_tint_over_all_swaps_nothing(tint: tuple[float, float, float]) -> None:
    street = lit(RED, GREEN)
    assert swapped((street * np.array(tint)).astype(np.uint8), street) == 0.0


def test_what_lost_its_colour_is_not_swapped() -> None:
    street = lit(RED, GREEN)
    assert swapped(np.zeros_like(street), street) == 0.0
    grey = np.repeat(street.mean(axis=3, keepdims=True).astype(np.uint8), 3, axis=3)
    assert swapped(grey, street) == 0.0
    assert swapped(street, grey) == 0.0


def test_another_scene_has_about_half_of_the_colours_swapped() -> None:
    images = scenes(16)
    assert 0.3 < swapped(np.roll(images, 8, axis=0), images) < 0.7
