"""Copies: by perceptual hash, AuthPct, C_T, and the distance to the nearest training image."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter
from scipy.stats import binomtest, mannwhitneyu

from argus.judging import copies
from argus.judging.copies import UNKNOWN, Pair, closest_pairs, nearest_by_hash, pairs_sheet
from argus.judging.distances import Nearest, nearest
from argus.judging.metrics.auth_pct import auth_pct
from argus.judging.metrics.c_t import c_t
from argus.judging.metrics.copied import copied, interval
from argus.judging.metrics.nearest_training import nearest_training
from tests.conftest import scenes

RADIUS = 4


def jpeg(image: np.ndarray) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=75)
    return np.asarray(Image.open(file))


def blurred(image: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(0.7)))


ALTERED = {
    "as it is": lambda image: image,
    "mirrored": lambda image: image[:, ::-1],
    "encoded again": jpeg,
    "blurred": blurred,
    "darker": lambda image: (image * 0.8).astype(np.uint8),
    "brighter": lambda image: np.clip(image * 1.1, 0, 255).astype(np.uint8),
}


@pytest.mark.parametrize("how", ALTERED)
def test_a_copy_machine_is_found_whatever_it_does_to_the_images(how: str) -> None:
    training = scenes(60)
    rows = np.random.default_rng(0).permutation(60)[:40]
    images = np.stack([ALTERED[how](image) for image in training[rows]])
    found = nearest_by_hash(images, training)
    assert copied(images, training, RADIUS) >= 0.95
    near = found.distance <= RADIUS
    assert np.array_equal(found.row[near], rows[near])


def test_other_images_are_no_copies() -> None:
    training, images = scenes(200), scenes(100, seed=500)
    assert copied(images, training, RADIUS) == 0
    half = np.concatenate([images[:30], training[:10]])
    assert copied(half, training, RADIUS) == 10 / 40


def test_the_bits_are_those_between_the_hashes_in_either_direction() -> None:
    images, training = scenes(20), scenes(30, seed=50)
    a, b = copies.hashes(images), copies.hashes(training)
    expected = [
        [
            min(
                (int(x) ^ int(q)).bit_count() for x, q in ((p, k), (p, k_mirrored), (p_mirrored, k))
            )
            for k, k_mirrored in zip(b.phash, b.phash_mirrored, strict=True)
        ]
        for p, p_mirrored in zip(a.phash, a.phash_mirrored, strict=True)
    ]
    found = nearest_by_hash(images, training)
    assert np.array_equal(found.distance, np.min(expected, axis=1))
    assert np.array_equal(found.row, np.argmin(expected, axis=1))


def test_what_is_found_does_not_depend_on_how_many_are_compared_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    images, training = scenes(9), scenes(7, seed=50)
    found = nearest_by_hash(images, training)
    monkeypatch.setattr(copies, "ROWS", 15)
    again = nearest_by_hash(images, training)
    assert np.array_equal(found.row, again.row)
    assert np.array_equal(found.distance, again.distance)


def test_fog_without_information_is_nobodys_copy_though_its_hash_is_near() -> None:
    rng = np.random.default_rng(1)
    fog = (180 + rng.integers(0, 2, (6, 32, 48, 3))).astype(np.uint8)
    assert (copies.hashes(fog).fragile > copies.MOST_FRAGILE).all()
    training = np.concatenate([fog, scenes(5)])
    assert copied(fog, training, RADIUS) == 0
    assert set(nearest_by_hash(fog, training).distance) == {UNKNOWN}
    # nor does it stand in the way of what is one
    assert nearest_by_hash(training[-5:], training).row.tolist() == [6, 7, 8, 9, 10]


def test_large_images_are_hashed_as_ingest_does_and_sizes_compare() -> None:
    large = scenes(5, 360, 540)
    small = np.stack([np.asarray(Image.fromarray(image).resize((96, 64))) for image in large])
    found = nearest_by_hash(small, large)
    assert found.row.tolist() == [0, 1, 2, 3, 4]
    assert found.distance.max() <= RADIUS


@pytest.mark.parametrize(("count", "of"), [(0, 12), (3, 12), (12, 12)])
def test_the_interval_is_that_of_a_share(count: int, of: int) -> None:
    training = scenes(12)
    images = (
        np.concatenate([training[:count], scenes(of - count, seed=90)]) if count < of else training
    )
    ends = binomtest(count, of).proportion_ci(0.9, "exact")
    assert interval(images, training, RADIUS) == pytest.approx((ends.low, ends.high))


def test_the_closest_pairs_are_copies_first_and_then_near_by_features() -> None:
    by_hash = Nearest(np.array([3, 1, 2, 0]), np.array([4, 20, 0, 8]))
    by_features = Nearest(np.array([5, 6, 7, 8]), np.array([0.1, 0.25, 9.0, 0.2]))
    assert closest_pairs(by_hash, by_features, RADIUS, 3) == [
        Pair(2, 2, "copy: 0 of 64 bits differ"),
        Pair(0, 3, "copy: 4 of 64 bits differ"),
        Pair(3, 8, "features 0.2 apart"),
    ]
    assert len(closest_pairs(by_hash, by_features, RADIUS, 9)) == 4


def test_the_sheet_shows_each_pair_side_by_side() -> None:
    images, training = scenes(3), scenes(4, seed=50)
    sheet = np.asarray(pairs_sheet(images, training, [Pair(2, 1, "a"), Pair(0, 3, "b")], columns=1))
    first, second = sheet[4 : 4 + 96], sheet[4 + 96 + 20 : 4 + 96 + 20 + 96]
    for row, left, right in ((first, 2, 1), (second, 0, 3)):
        assert np.array_equal(row[::3, 4 : 4 + 144 : 3], images[left])
        assert np.array_equal(row[::3, 152 : 152 + 144 : 3], training[right])


def test_auth_pct_by_hand() -> None:
    training = np.array([[0.0], [1.0], [5.0]])  # to their nearest: 1, 1, 4
    # nearest 0 at .5: copy; nearest 0 at 2: not; nearest 5 at 3.9 and at 4: copies; 5 at 4.1: not
    images = np.array([[-0.5], [-2.0], [8.9], [9.0], [9.1]])
    assert auth_pct(images, training) == 2 / 5
    assert auth_pct(training, training) == 0
    assert auth_pct(images, training[:1]) is None


@given(seed=st.integers(0, 2**16), shift=st.floats(-1, 1), ties=st.booleans())
def test_c_t_is_the_standard_score_of_scipys_u(seed: int, shift: float, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    images, reals = rng.normal(size=(12, 3)) * np.exp(shift), rng.normal(size=(9, 3))
    if ties:
        images, reals = images.round(), reals.round()
    training = rng.normal(size=(7, 3))
    a, b = (nearest(each, training).distance for each in (images, reals))
    u = mannwhitneyu(a, b).statistic
    expected = (u - 12 * 9 / 2) / np.sqrt(12 * 9 * 22 / 12)
    assert c_t(images, reals, training, ["a"] * 12, ["a"] * 9) == pytest.approx(expected)


def test_c_t_is_a_mean_over_classes_weighted_by_reals_without_small_ones() -> None:
    rng = np.random.default_rng(2)
    images, reals = rng.normal(size=(50, 3)), rng.normal(size=(31, 3))
    training = rng.normal(size=(7, 3))
    asked, known = list("a" * 20 + "b" * 20 + "c" * 10), list("a" * 8 + "b" * 16 + "c" * 7)
    a = c_t(images[:20], reals[:8], training, asked[:20], known[:8])
    b = c_t(images[20:40], reals[8:24], training, asked[20:40], known[8:24])
    assert a is not None
    assert b is not None
    assert c_t(images, reals, training, asked, known) == pytest.approx((a + 2 * b) / 3)
    assert c_t(images[40:], reals[24:], training, asked[40:], known[24:]) is None


def test_features_tell_copies_from_reals_and_from_poor_images() -> None:
    rng = np.random.default_rng(3)
    training, reals, others = rng.normal(size=(3, 120, 8))
    sets = {
        "copies": training + 0.05 * rng.normal(size=training.shape),
        "reals": others,
        "poor": others * 2,
    }
    names = ["a"] * 120
    found = {
        name: (
            auth_pct(images, training),
            c_t(images, reals, training, names, names),
            nearest_training(images, reals, training),
        )
        for name, images in sets.items()
    }
    auth, scores, ratios = (
        dict(zip(found, each, strict=True)) for each in zip(*found.values(), strict=True)
    )
    assert auth["copies"] < 0.05 < 0.5 < auth["reals"] <= auth["poor"]
    assert scores["copies"] < -10 < -3 < scores["reals"] < 3 < scores["poor"]
    assert ratios["copies"] < 0.2 < 0.9 < ratios["reals"] < 1.1 < ratios["poor"]


def test_without_a_distance_of_reals_there_is_no_share_of_it() -> None:
    training = np.random.default_rng(4).normal(size=(20, 4))
    assert nearest_training(training + 1, training[:9], training) is None
