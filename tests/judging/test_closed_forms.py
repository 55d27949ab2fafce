"""A lookup table that translates and Gaussians that draw, against what defines them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from argus.data.packed import Packed
from argus.judging import closed_forms
from argus.judging.closed_forms import (
    KNOTS,
    gaussian_draws,
    histograms,
    quantiles,
    tone_curve,
    translated,
)
from tests.conftest import scenes

IMAGES = arrays(
    np.uint8,
    array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=6).map(lambda shape: (*shape, 3)),
)
EVERY_LEVEL = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, axis=3)


def pack(images: np.ndarray, labels: list[int], classes: tuple[str, ...]) -> Packed:
    """Hashes in the reverse order of rows, so that the one is not taken for the other."""
    ids = tuple(f"{len(images) - i:05d}" for i in range(len(images)))
    return Packed(images, np.array(labels), classes, ids, ids)


@given(IMAGES)
def test_quantiles_are_those_of_all_levels_one_by_one(images: np.ndarray) -> None:
    shares = np.linspace(0, 1, KNOTS)
    for channel, counts in enumerate(histograms(images)):
        expected = np.quantile(images[..., channel], shares)
        np.testing.assert_allclose(quantiles(counts), expected, atol=1e-9)


@given(IMAGES)
def test_a_curve_between_equal_sets_changes_nothing(images: np.ndarray) -> None:
    assert (translated(images, tone_curve(images, images[::-1])) == images).all()


@given(IMAGES, IMAGES)
def test_a_curve_never_falls_and_stays_within_the_target(
    sources: np.ndarray, targets: np.ndarray
) -> None:
    curve = tone_curve(sources, targets)
    assert (np.diff(curve.astype(int), axis=0) >= 0).all()
    assert (curve.min(axis=0) >= targets.min(axis=(0, 1, 2))).all()
    assert (curve.max(axis=0) <= targets.max(axis=(0, 1, 2))).all()


def test_a_curve_takes_quantiles_to_quantiles_in_each_channel() -> None:
    rng = np.random.default_rng(0)
    sources = rng.normal((90, 130, 170), (20, 12, 18), (8, 64, 64, 3)).round().clip(0, 255)
    targets = rng.gamma((2, 4, 8), (9, 6, 4), (5, 64, 64, 3)).round().clip(0, 255)
    sources, targets = sources.astype(np.uint8), targets.astype(np.uint8)
    moved = translated(sources, tone_curve(sources, targets))
    shares = np.linspace(0, 1, 33)
    for channel in range(3):
        found = np.quantile(moved[..., channel], shares)
        expected = np.quantile(targets[..., channel], shares)
        assert np.abs(found - expected).max() <= 1  # what rounding levels leaves


@pytest.mark.parametrize("seed", range(3))
def test_a_condition_that_is_a_monotone_map_is_found_again(seed: int) -> None:
    """Straight between knots, so that the curve is it and no approximation."""
    rng = np.random.default_rng(seed)
    gain, offset = rng.uniform(0.2, 0.8, 3), rng.uniform(0, 40, 3)

    def night(images: np.ndarray) -> np.ndarray:
        return (images * gain + offset).round().astype(np.uint8)

    sources = scenes(6)
    curve = tone_curve(sources, night(sources))
    off = translated(sources, curve).astype(int) - night(sources)
    assert np.abs(off).max() <= 1


def test_levels_beyond_the_source_go_to_the_ends_of_the_target() -> None:
    sources = np.array([100, 150], np.uint8).reshape(1, 1, 2, 1).repeat(3, axis=3)
    targets = np.array([10, 20], np.uint8).reshape(1, 1, 2, 1).repeat(3, axis=3)
    curve = tone_curve(sources, targets)
    assert curve[[0, 100, 125, 150, 255], 1].tolist() == [10, 10, 15, 20, 20]


def test_a_source_of_one_level_goes_to_the_middle_of_the_target() -> None:
    sources = np.full((1, 4, 4, 3), 200, np.uint8)
    curve = tone_curve(sources, EVERY_LEVEL)
    assert set(curve.ravel().tolist()) == {128}  # 127.5, to even


def test_sources_of_mapped_files_are_read_one_at_a_time() -> None:
    images = scenes(5)
    lazily = tone_curve((image for image in images[:3]), (image for image in images[3:]))
    assert (lazily == tone_curve(images[:3], images[3:])).all()


def test_a_gaussian_has_the_mean_and_covariance_of_its_class() -> None:
    rng = np.random.default_rng(1)
    # far from both ends, so that clipping takes nothing
    images = rng.normal(128, 12, (40, 2, 3, 3)).round().astype(np.uint8)
    days, nights = images[:30], images[30:] // 2 + 40
    train = pack(np.concatenate([days, nights]), [0] * 30 + [1] * 10, ("day", "night"))
    draws = gaussian_draws(train, ["day", "night"] * 20_000, seed=3)
    for own, found in ((days, draws[::2]), (nights, draws[1::2])):
        x, drawn = own.reshape(len(own), -1) / 1.0, found.reshape(len(found), -1) / 1.0
        covariance, spread = np.cov(x.T), np.std(x, axis=0)
        # five standard errors, and a twelfth that rounding to whole levels adds to each variance
        assert np.abs(drawn.mean(0) - x.mean(0)).max() < 5 * spread.max() / np.sqrt(20_000)
        off = np.cov(drawn.T) - covariance - np.eye(len(covariance)) / 12
        assert np.abs(off).max() < 5 * spread.max() ** 2 * np.sqrt(2 / 20_000)


@given(st.integers(2, 6), st.integers(0, 99))
def test_draws_lie_in_the_principal_components_of_their_class(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    images = rng.integers(118, 138, (n, 4, 4, 3), dtype=np.uint8)
    draws = gaussian_draws(pack(images, [0] * n, ("day",)), ["day"] * 5, seed)
    x = images.reshape(n, -1) / 1.0
    components = np.linalg.svd(x - x.mean(0), full_matrices=False)[2][: n - 1]
    off = draws.reshape(5, -1) - x.mean(0)
    left = off - off @ components.T @ components
    # nothing but what rounding to whole levels leaves, at most half a level a pixel
    assert np.abs(off - left).max() > 0.5
    assert (np.linalg.norm(left, axis=1) <= 0.5 * np.sqrt(x.shape[1]) + 1e-9).all()


def test_each_class_is_drawn_from_its_own_images() -> None:
    images = np.concatenate([np.full((3, 4, 4, 3), level, np.uint8) for level in (10, 90, 200)])
    train = pack(images, [0] * 3 + [1] * 3 + [2] * 3, ("night", "dusk", "day"))
    draws = gaussian_draws(train, ["day", "night", "dusk", "day"], seed=0)
    assert draws.shape == (4, 4, 4, 3)
    assert [set(draw.ravel().tolist()) for draw in draws] == [{200}, {10}, {90}, {200}]


def test_of_a_single_image_every_draw_is_that_image() -> None:
    image = scenes(1)
    draws = gaussian_draws(pack(image, [0], ("day",)), ["day"] * 3, seed=0)
    assert (draws == image).all()


def test_a_class_without_training_images_is_made_up_from_the_others() -> None:
    images = np.concatenate([np.full((2, 4, 4, 3), level, np.uint8) for level in (10, 200)])
    train = pack(images, [0, 0, 2, 2], ("night", "fog", "day"))
    draws = gaussian_draws(train, ["fog", "day", "fog", "night"], seed=0)
    assert draws[:, 0, 0, 0].tolist() == [200, 200, 10, 10]  # as `EvaluationSet.labels_for` does


def test_levels_are_clipped_and_not_wrapped() -> None:
    images = np.zeros((2, 8, 8, 3), np.uint8)
    images[1] = 255
    draws = gaussian_draws(pack(images, [0, 0], ("day",)), ["day"] * 200, seed=0)
    levels = draws[:, 0, 0, 0].astype(int)
    assert {0, 255} <= set(levels.tolist())
    # half of the draws of N(127.5, 180.3^2) lie within .674 standard deviations of it, so that
    # 24 % each are clipped to black and to white; wrapping would leave hardly any
    assert 0.12 < (levels == 0).mean() < 0.36
    assert 0.12 < (levels == 255).mean() < 0.36


def test_draws_differ_by_seed_alone_and_from_each_other() -> None:
    train = pack(scenes(6), [0, 1] * 3, ("day", "night"))
    labels = ["day"] * 4
    first = gaussian_draws(train, labels, seed=0)
    assert (first == gaussian_draws(train, labels, seed=0)).all()
    assert (first != gaussian_draws(train, labels, seed=1)).any()
    assert len(np.unique(first.reshape(4, -1), axis=0)) == 4


def test_draws_of_two_classes_are_independent() -> None:
    twice = np.concatenate([scenes(6), scenes(6)])
    draws = gaussian_draws(pack(twice, [0] * 6 + [1] * 6, ("a", "b")), ["a", "b"], seed=0)
    assert (draws[0] != draws[1]).mean() > 0.5


def test_a_gaussian_holds_strips_of_images_and_at_most_so_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In strips or at once, the same; of more images than `MOST` the first by hash count."""
    images, labels = scenes(12), ["day"] * 7
    whole = gaussian_draws(pack(images, [0] * 12, ("day",)), labels, seed=0)
    monkeypatch.setattr(closed_forms, "CELLS", 1)  # a row of pixels at a time
    assert (gaussian_draws(pack(images, [0] * 12, ("day",)), labels, seed=0) == whole).all()
    monkeypatch.setattr(closed_forms, "MOST", 5)
    few = gaussian_draws(pack(images, [0] * 12, ("day",)), labels, seed=0)
    last = gaussian_draws(pack(images[-5:], [0] * 5, ("day",)), labels, seed=0)
    assert (few == last).all()  # hashes are in the reverse order of rows
