"""How good predicted conditions are, on held-out images whose condition was delivered."""

from __future__ import annotations

from typing import Any

import numpy as np

from argus.data.catalogue import UNKNOWN

BINS = 10


def classifier_metrics(
    actual: np.ndarray,
    guess: np.ndarray,
    confidence: np.ndarray,
    given: np.ndarray,
    drives: np.ndarray,
) -> dict[str, Any]:
    """The metrics of a classifier on held-out images.

    Args:
        actual: str [N], N at least 1, the conditions as delivered.
        guess: str [N], the likeliest one.
        confidence: float [N], its probability.
        given: str [N], what would be written into the catalogue: the guess, or `unknown`.
        drives: str [N], what belongs together and is no independent evidence.

    Returns:
        `images` and `drives`; `accuracy` of the guesses and `balanced_accuracy`, each condition
        counting the same; `calibration_error`; `coverage`, the share that would be given a label,
        and `accuracy_given`, how many of those are right (absent if there is none). The same by
        condition under `per_class`: `recall`, `given` as it is, and `precision`, how many of those
        given its label really show it (absent if there is none).
    """
    right, labelled = guess == actual, given != UNKNOWN
    per_class: dict[str, dict[str, Any]] = {}
    for name in np.unique(actual):
        of_class, so_called = actual == name, given == name
        per_class[str(name)] = {
            "images": int(of_class.sum()),
            "drives": len(np.unique(drives[of_class])),
            "recall": float(right[of_class].mean()),
            "given": float(so_called[of_class].mean()),
            **({"precision": float(of_class[so_called].mean())} if so_called.any() else {}),
        }
    return {
        "images": len(actual),
        "drives": len(np.unique(drives)),
        "accuracy": float(right.mean()),
        "balanced_accuracy": float(np.mean([c["recall"] for c in per_class.values()])),
        "calibration_error": calibration_error(confidence, right),
        "coverage": float(labelled.mean()),
        **({"accuracy_given": float(right[labelled].mean())} if labelled.any() else {}),
        "per_class": per_class,
    }


def calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """The expected calibration error (Guo et al., ICML 2017, section 2), 0 to 1, over ten bins.

    How far the mean confidence lies from the share that is right, in bins of equal width, weighted
    by how many images a bin holds.

    Args:
        confidence: float [N], 0 to 1.
        right: bool [N].
    """
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    excess = np.bincount(bins, weights=confidence - right, minlength=BINS)
    return float(np.abs(excess).sum() / len(confidence))
