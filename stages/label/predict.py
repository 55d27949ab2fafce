"""Give training images without a label the condition that they most likely show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from argus.core.params import Label
from argus.data import catalogue
from argus.data.catalogue import GROUP, IN_USE, UNKNOWN
from argus.features.classifier import Classifier, fit
from argus.features.classifier import temperature as temperature_of
from stages.label.evidence import gather
from stages.label.leave_one_out import Fold, calibrate, folds, logits_and_truth
from stages.label.metrics import classifier_metrics

UNLABELLED = IN_USE & (pl.col("split") == "train") & pl.col("label").is_null()
HELD_OUT = {"actual": pl.String, "predicted": pl.String}
UNCALIBRATED = (
    "without one of its sources no predicted condition is distinguished from another: how far to "
    "trust a guess on a new camera is not known"
)


def predict(
    images: pl.DataFrame, matrix: np.ndarray, place: np.ndarray, settings: Label
) -> tuple[pl.DataFrame, dict[str, Any], pl.DataFrame]:
    """Predict the condition of every training image in use that has none.

    Rows of val and test keep what was delivered: nothing may be evaluated on labels made up.
    Unlike the split, a predicted label is not for good: more labelled images may change it.

    Args:
        images: the catalogue after `split`, N rows.
        matrix: float [M, D] feature vectors.
        place: int64 [N] rows of `matrix`; only those of rows in use are looked up.
        settings: of the stage.

    Returns:
        images: the catalogue with the predictions, see `with_labels`.
        report: the metrics; `not_predicted_because` is in it if the labelled images do not suffice.
        held_out: `actual` and `predicted` label of each labelled test image that could be evaluated
        by leaving its source out.
    """
    images = images.with_columns(
        pl.lit(None, dtype=pl.String).alias("label_guess"),
        pl.lit(None, dtype=pl.Float32).alias("label_confidence"),
    )
    report: dict[str, Any] = {"unlabelled": int(images.select(UNLABELLED.sum()).item())}
    held_out = pl.DataFrame(schema=HELD_OUT)
    evidence = gather(images, settings.min_images, settings.max_images)
    report["conditions"] = dict(evidence.conditions)
    if evidence.lacking:
        return images, {**report, "not_predicted_because": evidence.lacking}, held_out
    left_out = folds(images, matrix, place, evidence, settings.min_images)
    across = calibrate(images, matrix, place, left_out)
    if across is None:
        return images, {**report, "not_predicted_because": UNCALIBRATED}, held_out
    labels = images["label"].gather(evidence.train_rows).to_list()
    classifier = fit(matrix, place[evidence.train_rows], labels)
    # a new camera is no easier than those known: where all sources left out show one easy condition
    # (all day), images of val have the last word
    temperature = across
    if len(evidence.val_rows):
        val = logits_and_truth(images, matrix, place, classifier, evidence.val_rows)
        temperature = max(across, temperature_of([val]))
    report["temperature"] = temperature
    evaluation, held_out = evaluate(
        images, matrix, place, left_out, temperature, evidence.predicted_classes, settings
    )
    tested = images[evidence.test_rows]["source"]
    report["not_judged"] = catalogue.counts(
        tested.filter(~tested.is_in([fold.source for fold in left_out]))
    )
    if evaluation:
        report["leave_one_source_out"] = evaluation
    classifier = replace(classifier, temperature=temperature)
    images = with_labels(
        images, matrix, place, classifier, evidence.predicted_classes, settings.confidence
    )
    return images, report, held_out


def evaluate(
    images: pl.DataFrame,
    matrix: np.ndarray,
    place: np.ndarray,
    left_out: list[Fold],
    temperature: float,
    allowed: tuple[str, ...],
    settings: Label,
) -> tuple[dict[str, Any], pl.DataFrame]:
    """How right labels are on the test images of sources that were not fitted on.

    Returns:
        The metrics of `classifier_metrics`, and under `per_source` some of each source; empty if no
        test image can be evaluated. And `held_out`, see `predict`.
    """
    parts = []
    for fold in left_out:
        if len(fold.test_rows):
            classifier = replace(fold.classifier, temperature=temperature)
            guess, confidence = classifier.guesses(matrix, place[fold.test_rows])
            answer = given(guess, confidence, allowed, settings.confidence)
            parts.append((fold.test_rows, guess, confidence, answer))
    if not parts:
        return {}, pl.DataFrame(schema=HELD_OUT)
    rows, guess, confidence, answer = (np.concatenate(part) for part in zip(*parts, strict=True))
    shown = images[rows]
    actual, source = shown["label"].to_numpy(), shown["source"].to_numpy()
    drives = shown.select(GROUP).to_series().to_numpy()
    metrics = classifier_metrics(actual, guess, confidence, answer, drives)
    metrics["per_source"] = {}
    for name in np.unique(source):
        of = source == name
        one = classifier_metrics(actual[of], guess[of], confidence[of], answer[of], drives[of])
        metrics["per_source"][str(name)] = {
            key: one[key]
            for key in ("images", "accuracy", "coverage", "accuracy_given")
            if key in one
        }
    return metrics, pl.DataFrame({"actual": actual, "predicted": answer}, schema=HELD_OUT)


def with_labels(
    images: pl.DataFrame,
    matrix: np.ndarray,
    place: np.ndarray,
    classifier: Classifier,
    allowed: tuple[str, ...],
    threshold: float,
) -> pl.DataFrame:
    """The catalogue with the conditions of unlabelled training images predicted.

    `label_guess` of such a row is its likeliest condition and `label_confidence` the probability of
    that; where it is high enough, `label` is this condition and `label_provenance` is `predicted`.
    Elsewhere both stay null, which is what later stages call `unknown`.
    """
    rows = images.select(UNLABELLED).to_series().arg_true().to_numpy()
    guess, confidence = classifier.guesses(matrix, place[rows])
    label = given(guess, confidence, allowed, threshold)
    predicted = label != UNKNOWN
    changes = {
        "label": (rows[predicted], label[predicted].tolist()),
        "label_provenance": (rows[predicted], ["predicted"] * int(predicted.sum())),
        "label_guess": (rows, guess.tolist()),
        "label_confidence": (rows, confidence),
    }
    return images.with_columns(
        images[name].scatter(where, pl.Series(values, dtype=images.schema[name])).alias(name)
        for name, (where, values) in changes.items()
    )


def given(
    guess: np.ndarray, confidence: np.ndarray, allowed: tuple[str, ...], threshold: float
) -> np.ndarray:
    """What is written for each guess: the guess itself, or `unknown`; str [N]."""
    sure = np.isin(guess, allowed) & (confidence > threshold)
    return np.where(sure, guess, UNKNOWN)
