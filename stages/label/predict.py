"""Give training images without a label the condition that they most likely show."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from stages.common.catalogue import GROUP, IN_USE, UNKNOWN
from stages.common.params import Label
from stages.label.classifier import Classifier, fit
from stages.label.evidence import gather
from stages.label.judgement import judged

UNLABELLED = IN_USE & (pl.col("split") == "train") & pl.col("label").is_null()


def predict(
    images: pl.DataFrame, matrix: np.ndarray, place: np.ndarray, settings: Label
) -> tuple[pl.DataFrame, dict[str, Any], pl.DataFrame]:
    """Predict the condition of every training image in use that has none.

    Rows of val and test keep what was delivered: nothing may be judged on labels that we made up.
    Unlike the split, a predicted label is not for good: more labelled images may change it.

    Args:
        images: the catalogue after `split`, N rows.
        matrix: float [M, D] feature vectors.
        place: int64 [N] rows of `matrix`; only those of rows in use are looked up.

    Returns:
        images: the catalogue with the predictions, see `with_labels`.
        report: the metrics; `not_predicted_because` is in it if the labelled images do not suffice.
        held_out: `actual` and `predicted` label of each labelled test image.
    """
    images = images.with_columns(
        pl.lit(None, dtype=pl.String).alias("label_guess"),
        pl.lit(None, dtype=pl.Float32).alias("label_confidence"),
    )
    report: dict[str, Any] = {"unlabelled": int(images.select(UNLABELLED.sum()).item())}
    held_out = pl.DataFrame(schema={"actual": pl.String, "predicted": pl.String})
    evidence = gather(images, settings.min_images, settings.max_images)
    if evidence.lacking:
        return images, {**report, "not_predicted_because": evidence.lacking}, held_out

    classifier = fit(
        matrix,
        place[evidence.teaching],
        images["label"].gather(evidence.teaching).to_list(),
        place[evidence.calibrating],
        images["label"].gather(evidence.calibrating).to_list(),
    )
    report["temperature"] = classifier.temperature
    report["conditions"] = {
        name: "given" if name in evidence.vouched else "not given: too few labelled images in val"
        for name in evidence.known
    }
    if len(evidence.judging):
        judging = images[evidence.judging]
        actual = judging["label"].to_numpy()
        guess, confidence = classifier.guesses(matrix, place[evidence.judging])
        answer = given(guess, confidence, evidence.vouched, settings.confidence)
        drives = judging.select(GROUP).to_series().to_numpy()
        report["test"] = judged(actual, guess, confidence, answer, drives)
        held_out = pl.DataFrame({"actual": actual, "predicted": answer}, schema=held_out.schema)
    images = with_labels(images, matrix, place, classifier, evidence.vouched, settings.confidence)
    return images, report, held_out


def with_labels(
    images: pl.DataFrame,
    matrix: np.ndarray,
    place: np.ndarray,
    classifier: Classifier,
    vouched: tuple[str, ...],
    threshold: float,
) -> pl.DataFrame:
    """The catalogue with the conditions of unlabelled training images predicted.

    `label_guess` of such a row is its likeliest condition and `label_confidence` the probability of
    that; where it is high enough, `label` is this condition and `label_from` is `predicted`.
    Elsewhere both stay null, which is what later stages call `unknown`.
    """
    rows = images.select(UNLABELLED).to_series().arg_true().to_numpy()
    guess, confidence = classifier.guesses(matrix, place[rows])
    label = given(guess, confidence, vouched, threshold)
    told = label != UNKNOWN
    changes = {
        "label": (rows[told], label[told].tolist()),
        "label_from": (rows[told], ["predicted"] * int(told.sum())),
        "label_guess": (rows, guess.tolist()),
        "label_confidence": (rows, confidence),
    }
    return images.with_columns(
        images[name].scatter(where, pl.Series(values, dtype=images.schema[name])).alias(name)
        for name, (where, values) in changes.items()
    )


def given(
    guess: np.ndarray, confidence: np.ndarray, vouched: tuple[str, ...], threshold: float
) -> np.ndarray:
    """What is written for each guess: the guess itself, or `unknown`; str [N]."""
    sure = np.isin(guess, vouched) & (confidence > threshold)
    return np.where(sure, guess, UNKNOWN)
