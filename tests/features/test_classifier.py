"""The classifier and its calibration, beside closed forms and classes whose posterior is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from argus.features import classifier as module
from argus.features.classifier import Classifier, fit, temperature
from stages.label.metrics import calibration_error
from tests.label.world import cloud

NAMES = ("day", "fog", "night")


def drawn(each: int) -> list[str]:
    return [name for name in NAMES for _ in range(each)]


def fitted(spread: float, train: int = 200, calibrate: int = 100) -> Classifier:
    labels, held_out = drawn(train), drawn(calibrate)
    matrix = np.r_[cloud(labels, spread, seed=0), cloud(held_out, spread, seed=1)]
    rows = np.arange(len(matrix))
    found = fit(matrix, rows[: len(labels)], labels)
    truth = np.searchsorted(found.classes, held_out)
    held = (found.logits(matrix, rows[len(labels) :]), truth)
    return replace(found, temperature=temperature([held]))


@pytest.mark.parametrize("right", [9, 15])
def test_the_temperature_in_closed_form(right: int) -> None:
    """Two classes with logits 3 and 0: at the optimum the probability is that of the targets."""
    count, gap = 20, 3.0
    logits = np.tile([gap, 0.0], (count, 1))
    truth = np.r_[np.zeros(right, int), np.ones(count - right, int)]
    found = temperature([(logits, truth)])
    mean = (right * (count + 1) + (count - right)) / (count + 2) / count
    if mean > 0.5:
        assert found == pytest.approx(gap / np.log(mean / (1 - mean)), rel=1e-3)
    else:  # no better than chance: as unsure as can be
        assert found == pytest.approx(module.TEMPERATURES[1], rel=0.01)


@pytest.mark.parametrize("count", [5, 50])
def test_a_few_images_that_are_all_told_right_make_nobody_certain(count: int) -> None:
    logits = np.tile([[8.0, 0.0]], (count, 1))
    found = temperature([(logits, np.zeros(count, int))])
    sure = softmax(logits / found, axis=1)[0, 0]
    assert sure == pytest.approx((count + 1) / (count + 2), rel=1e-3)


@settings(max_examples=20)
@given(st.floats(1.2, 5), st.integers(2, 5))
def test_logits_too_large_by_a_factor_are_divided_by_it(factor: float, classes: int) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(5000, classes)) * 2
    truth = (rng.random((5000, 1)) > softmax(logits, axis=1).cumsum(axis=1)).sum(axis=1)
    truth = np.minimum(truth, classes - 1)
    assert temperature([(logits * factor, truth)]) == pytest.approx(factor, rel=0.12)
    # and never below 1: it does not make anybody surer
    assert temperature([(logits / factor, truth)]) == pytest.approx(1, abs=1e-3)


def test_every_source_left_out_weighs_the_same_however_many_images_it_has() -> None:
    """Two classes, logits 3 and 0; one source is right nine times in ten, the other half."""
    gap = np.array([[3.0, 0.0]])

    def source(times: int, right: int) -> tuple[np.ndarray, np.ndarray]:
        truth = np.array([0] * right + [1] * (10 - right))
        return np.repeat(gap, 10 * times, axis=0), np.tile(truth, times)

    found = temperature([source(2000, 9), source(2000, 5)])
    assert found == pytest.approx(3 / np.log(0.7 / 0.3), rel=1e-2)
    assert temperature([source(40000, 9), source(2000, 5)]) == pytest.approx(found, rel=1e-2)


def test_on_gaussian_classes_confidence_is_the_posterior() -> None:
    spread = 2.5
    classifier = fitted(spread, train=2000, calibrate=500)
    names = drawn(1500)
    vectors = cloud(names, spread, seed=2)
    likely = classifier.probabilities(vectors)
    np.testing.assert_allclose(likely.sum(axis=1), 1)
    # clouds of equal spread: log-odds are linear, so the truth is within the model
    logits = np.stack(
        [-((vectors - cloud([n], 0, 0)) ** 2).sum(axis=1) / 2 / spread**2 for n in NAMES], axis=1
    )
    truth = softmax(logits, axis=1)
    assert np.abs(likely - truth).mean() < 0.02
    right = np.asarray(NAMES)[likely.argmax(axis=1)] == names
    assert calibration_error(likely.max(axis=1), right) < 0.03
    assert 0.8 < classifier.temperature < 1.25


def test_one_that_is_too_sure_is_made_less_so() -> None:
    classifier = fitted(spread=4.0, train=4, calibrate=300)
    assert classifier.temperature > 1.5
    names = drawn(300)
    vectors = cloud(names, 4.0, seed=3)

    def error(of: Classifier) -> float:
        guess, confidence = of.guesses(vectors, np.arange(len(vectors)))
        return calibration_error(confidence, guess == names)

    assert error(classifier) < 0.1 < error(replace(classifier, temperature=1.0))


def test_clouds_far_apart_are_told_apart() -> None:
    classifier = fitted(spread=0.3)
    assert classifier.classes == NAMES
    names = drawn(50)
    guess, confidence = classifier.guesses(cloud(names, 0.3, seed=5), np.arange(150))
    assert guess.tolist() == names
    assert confidence.min() > 0.9


def test_two_conditions_are_enough() -> None:
    labels = ["day"] * 30 + ["night"] * 10
    matrix = cloud(labels, 1.0, seed=0)
    classifier = fit(matrix, np.arange(40), labels)
    assert classifier.logits(matrix, np.arange(40)).shape == (40, 2)
    assert classifier.probabilities(matrix).shape == (40, 2)
    assert classifier.guesses(matrix, np.array([0, 35]))[0].tolist() == ["day", "night"]


def test_a_common_condition_is_not_favoured() -> None:
    labels = ["day"] * 900 + ["night"] * 100
    vectors = cloud(labels, 3.0, seed=0)
    classifier = fit(vectors, np.arange(1000), labels)
    between = cloud(["day", "night"], 0, seed=0).mean(axis=0, keepdims=True)
    assert classifier.probabilities(between) == pytest.approx(np.full((1, 2), 0.5), abs=0.1)


def test_blocks_give_what_one_piece_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    classifier, vectors = fitted(1.5), cloud(drawn(30), 1.5, seed=4)
    rows = np.random.default_rng(0).permutation(90)[:70]
    whole = classifier.probabilities(vectors[rows])
    monkeypatch.setattr(module, "BLOCK", 16)
    guess, confidence = classifier.guesses(vectors, rows)
    assert (guess == np.asarray(NAMES)[whole.argmax(axis=1)]).all()
    np.testing.assert_allclose(confidence, whole.max(axis=1), rtol=1e-5)
    assert fitted(1.5).temperature == pytest.approx(classifier.temperature, rel=1e-6)


def test_the_same_images_give_the_same_classifier() -> None:
    vectors = cloud(drawn(20), 2.0, seed=9)
    assert (fitted(2.0).probabilities(vectors) == fitted(2.0).probabilities(vectors)).all()
