import numpy as np
import pytest
from scipy.stats import kstest

from argus.judging.metrics.kid import compare, kernel, kid
from argus.judging.statistics import Comparison


def draw(rng: np.random.Generator, n: int, shift: float = 0.0) -> np.ndarray:
    return rng.normal(loc=shift, size=(n, 6))


def alone(n: int) -> list[str]:
    return [str(i) for i in range(n)]


def test_the_difference_is_that_of_kid() -> None:
    rng = np.random.default_rng(0)
    a, b, reals = draw(rng, 30, 0.2), draw(rng, 30, 0.5), draw(rng, 30)
    # image i of a model is paired with real i, so those n pairs are left out of the cross terms
    n = 30

    def paired_kid(x: np.ndarray) -> float:
        within = sum(k.sum() - np.trace(k) for k in (kernel(x, x), kernel(reals, reals)))
        cross = kernel(x, reals)
        return float((within - 2 * (cross.sum() - np.trace(cross))) / (n * (n - 1)))

    found = compare(a, b, reals, alone(n))
    assert found.difference == pytest.approx(paired_kid(a) - paired_kid(b))
    assert found.difference == pytest.approx(kid(a, reals) - kid(b, reals), abs=0.15)


def test_a_model_against_itself_is_a_coin_toss() -> None:
    rng = np.random.default_rng(1)
    a, reals = draw(rng, 20), draw(rng, 20)
    found = compare(a, a, reals, alone(20))
    assert found == Comparison(difference=0, standard_error=0, confidence=0.5, drives=20)


def test_swapping_the_two_swaps_the_result() -> None:
    rng = np.random.default_rng(2)
    a, b, reals = draw(rng, 25, 0.1), draw(rng, 25, 0.3), draw(rng, 25)
    there, back = compare(a, b, reals, alone(25)), compare(b, a, reals, alone(25))
    assert there.difference == pytest.approx(-back.difference)
    assert there.confidence == pytest.approx(1 - back.confidence)


def test_a_clearly_better_model_wins_with_confidence() -> None:
    rng = np.random.default_rng(3)
    reals = draw(rng, 60)
    found = compare(draw(rng, 60), draw(rng, 60, 1.0), reals, alone(60))
    assert found.difference < 0
    assert found.confidence > 0.99


def test_between_equals_the_confidence_is_uniform() -> None:
    rng = np.random.default_rng(4)
    confidences = [
        compare(draw(rng, 40, 0.5), draw(rng, 40, 0.5), draw(rng, 40), alone(40)).confidence
        for _ in range(400)
    ]
    assert kstest(confidences, "uniform").pvalue > 0.01
    # the promise of promote.confidence: a model that is no better takes over in 5 % of turns
    assert 0.02 < np.mean(np.array(confidences) > 0.95) < 0.08


def test_frames_of_one_drive_are_not_independent_evidence() -> None:
    rng = np.random.default_rng(5)
    drives, frames = 8, 12
    groups = [str(drive) for drive in range(drives) for _ in range(frames)]
    wrong_alone = wrong_grouped = 0
    for _ in range(150):
        # a drive shifts all its frames, in the reals and in what either model makes of them
        def of_drives() -> np.ndarray:
            middle = np.repeat(rng.normal(size=(drives, 6)), frames, axis=0)
            return middle + 0.2 * draw(rng, drives * frames)

        a, b, reals = of_drives(), of_drives(), of_drives()
        wrong_alone += compare(a, b, reals, alone(len(groups))).confidence > 0.95
        wrong_grouped += compare(a, b, reals, groups).confidence > 0.95
    assert wrong_grouped / 150 < 0.12
    assert wrong_alone > 2 * wrong_grouped


def test_a_single_drive_proves_nothing() -> None:
    rng = np.random.default_rng(6)
    found = compare(draw(rng, 20), draw(rng, 20, 3.0), draw(rng, 20), ["one"] * 20)
    assert found == Comparison(found.difference, standard_error=None, confidence=0.5, drives=1)
