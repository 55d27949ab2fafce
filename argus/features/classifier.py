"""Which condition an image shows, by its feature vector: a linear classifier, calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

TEMPERATURES = (1.0, 100.0)
BLOCK = 8192  # rows at a time; bounds memory


@dataclass(frozen=True)
class Classifier:
    """Multinomial logistic regression on standardised features, and the temperature of its logits.

    `classes` are in the order of the columns of `probabilities`.
    """

    classes: tuple[str, ...]
    model: Pipeline
    temperature: float

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """How likely each condition is: float [N, D] to float64 [N, K], rows adding up to 1."""
        likely: np.ndarray = softmax(_logits(self.model, features) / self.temperature, axis=1)
        return likely

    def logits(self, matrix: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Before the temperature: float64 [N, K], of some rows of a matrix [M, D]."""
        return np.concatenate([_logits(self.model, matrix[rows[b]]) for b in _blocks(len(rows))])

    def guesses(self, matrix: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The likeliest condition of some rows of a matrix [M, D], which may be mapped from a file.

        Returns:
            names: str [N], of `classes`; confidence: float32 [N], its probability.
        """
        best = np.empty(len(rows), dtype=np.int64)
        confidence = np.empty(len(rows), dtype=np.float32)
        for block in _blocks(len(rows)):
            likely = self.probabilities(matrix[rows[block]])
            best[block], confidence[block] = likely.argmax(axis=1), likely.max(axis=1)
        return np.asarray(self.classes)[best], confidence


def fit(matrix: np.ndarray, rows: np.ndarray, labels: Sequence[str]) -> Classifier:
    """Learn conditions from some images; how far to trust them, others tell (`temperature`).

    Each class weighs the same in the fit, however many images it has: how common a condition is
    among labelled sets says nothing of how common it is in what a client sends.

    Args:
        matrix: float [M, D] feature vectors, which may be mapped from a file.
        rows: int64 [N] rows of it.
        labels: N names, of two conditions or more.

    Returns:
        the classifier, with a temperature of 1.
    """
    model = make_pipeline(
        StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=2000)
    )
    model.fit(matrix[rows].astype(np.float64), np.asarray(labels))
    return Classifier(tuple(str(name) for name in model.classes_), model, 1.0)


def temperature(held_out: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """By what to divide logits so that confidence is as high as held-out images bear out.

    One number for all classes (Guo et al., On calibration of modern neural networks, ICML 2017),
    that with the least cross-entropy. Unlike scikit-learn's calibrators it may be found on images
    that lack a class. On few images that are all told right the least cross-entropy is at zero,
    which would be certain of everything; so, as Platt did (Probabilistic outputs for support
    vector machines, 1999), n images speak for a probability of (n + 1) / (n + 2) at most. And it is
    1 at least: that some sources are easily told is no reason to be surer of the next than the
    fit is by itself.

    Args:
        held_out: for each source that was left out, which count the same however many images they
            have: logits, float [M, K], K at least 2, and the column of the true class, int64 [M],
            M at least 1.
    """
    pairs = [(logits, _targets(truth, logits.shape[1])) for logits, truth in held_out]

    def cross_entropy(log_temperature: float) -> float:
        by = np.exp(log_temperature)
        return -sum(
            float((target * log_softmax(logits / by, axis=1)).sum()) / len(logits)
            for logits, target in pairs
        )

    found = minimize_scalar(cross_entropy, bounds=np.log(TEMPERATURES), method="bounded")
    return float(np.exp(found.x))


def _targets(truth: np.ndarray, classes: int) -> np.ndarray:
    """What the probabilities should be: float64 [M, K], by Platt's smoothing."""
    count = len(truth)
    target = np.full((count, classes), 1 / (count + 2) / (classes - 1))
    target[np.arange(count), truth] = (count + 1) / (count + 2)
    return target


def _blocks(n: int) -> list[slice]:
    return [slice(start, start + BLOCK) for start in range(0, n, BLOCK)]


def _logits(model: Pipeline, features: np.ndarray) -> np.ndarray:
    """Float64 [N, K]; of two classes scikit-learn gives only the difference."""
    logits: np.ndarray = model.decision_function(features.astype(np.float64))
    return np.stack([-logits / 2, logits / 2], axis=1) if logits.ndim == 1 else logits
