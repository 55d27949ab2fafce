"""The error to the true answer."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from argus.judging.metrics.twin_error import errors, ssim, twin_error
from tests.conftest import scenes


def maps(images: np.ndarray) -> np.ndarray:
    """Colours and edges of 4x4 blocks, in place of a network's features."""
    levels = images.astype(np.float32)
    edges = np.abs(np.diff(levels, axis=2, append=levels[:, :, -1:]))
    both = np.concatenate([levels, edges], axis=3)
    blocks = both.reshape(len(both), 8, 4, 12, 4, 6).mean(axis=(2, 4))
    return np.moveaxis(blocks, 3, 1)


def error(images: np.ndarray, twins: np.ndarray) -> float:
    return twin_error(images, twins, maps(images), maps(twins))


def test_the_parts_are_those_of_a_closed_form() -> None:
    a = np.full((1, 32, 48, 3), 51, np.uint8)
    b = np.full((1, 32, 48, 3), 102, np.uint8)
    ones, turned = np.zeros((1, 2, 1, 1)), np.zeros((1, 2, 1, 1))
    ones[0, 0], turned[0, 1] = 3.0, 0.5  # orthogonal: a squared distance of 2
    light = (0.01 * 255) ** 2
    alike = (2 * 51 * 102 + light) / (51**2 + 102**2 + light)
    expected = 2 + 2 * 51 / 255 + (1 - alike) / 2
    assert errors(a, b, ones, turned) == pytest.approx([expected], abs=1e-6)


def test_ssim_is_one_for_itself_and_minus_for_a_negative() -> None:
    images = scenes(3)
    assert ssim(images, images) == pytest.approx(1.0)
    assert (ssim(images, 255 - images) < 0).all()


def test_a_blurred_a_mirrored_or_a_black_answer_is_no_good_one() -> None:
    twins = (scenes(8) // 3).astype(np.uint8)
    rng = np.random.default_rng(0)
    near = np.clip(twins + rng.integers(-6, 7, twins.shape), 0, 255).astype(np.uint8)
    blurred = np.stack(
        [np.asarray(Image.fromarray(i).filter(ImageFilter.GaussianBlur(4))) for i in twins]
    )
    assert error(twins, twins) == pytest.approx(0.0, abs=1e-9)
    broken = (blurred, twins[:, :, ::-1], np.roll(twins, 1, axis=0), np.zeros_like(twins))
    for images in (*broken, 255 - twins, twins[..., ::-1]):
        assert error(images, twins) > 1.5 * error(near, twins)
