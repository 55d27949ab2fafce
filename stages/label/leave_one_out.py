"""Leave-one-source-out: how well conditions are predicted on a camera that was not fitted on.

A classifier that has seen a source knows its camera, and is right on its held-out images for that
reason too. What comes in unlabelled comes from elsewhere. So each source is left out once: a
classifier fitted on all others says how far to trust a guess (on the training images of the one
left out) and how often it is right (on its test images).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from argus.features.classifier import Classifier, fit, temperature
from stages.label.evidence import Evidence


@dataclass(frozen=True)
class Fold:
    """A source, and a classifier fitted on all sources but this one.

    Row numbers of the catalogue, int64: `calibration_rows` are training images of the source whose
    condition the classifier knows, `test_rows` its labelled test images.
    """

    source: str
    classifier: Classifier
    calibration_rows: np.ndarray
    test_rows: np.ndarray


def folds(
    images: pl.DataFrame, matrix: np.ndarray, place: np.ndarray, evidence: Evidence, min_images: int
) -> list[Fold]:
    """A fold for each source with labelled images, where the others have two conditions to fit.

    Args:
        images: the catalogue after `split`, N rows.
        matrix: float [M, D] feature vectors.
        place: int64 [N] rows of `matrix`.
        evidence: the labelled images.
        min_images: how many images of a condition the others must have for it to be fitted.
    """
    source, label = images["source"].to_numpy(), images["label"].to_numpy()
    train, test = evidence.train_rows, evidence.test_rows
    found = []
    for left_out in sorted({*source[train], *source[test]}):
        others = train[source[train] != left_out]
        names, counts = np.unique(label[others].astype(str), return_counts=True)
        fitted = names[counts >= min_images]
        if len(fitted) < 2:
            continue
        others = others[np.isin(label[others], fitted)]
        own = train[source[train] == left_out]
        found.append(
            Fold(
                str(left_out),
                fit(matrix, place[others], label[others].tolist()),
                own[np.isin(label[own], fitted)],
                test[source[test] == left_out],
            )
        )
    return found


def calibrate(
    images: pl.DataFrame, matrix: np.ndarray, place: np.ndarray, found: list[Fold]
) -> float | None:
    """The temperature that the sources left out bear out; None if no fold has what it takes."""
    held_out = [
        logits_and_truth(images, matrix, place, fold.classifier, fold.calibration_rows)
        for fold in found
        if len(fold.calibration_rows)
    ]
    return temperature(held_out) if held_out else None


def logits_and_truth(
    images: pl.DataFrame,
    matrix: np.ndarray,
    place: np.ndarray,
    classifier: Classifier,
    rows: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """What `temperature` takes, of some rows of the catalogue whose conditions are known."""
    truth = np.searchsorted(classifier.classes, images["label"].gather(rows).to_list())
    return classifier.logits(matrix, place[rows]), truth
