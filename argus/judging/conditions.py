"""What condition an image shows, by a classifier of the training images' features."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from argus.features import classifier

LEAST = 5
"""Training images of a condition that it takes to be told."""


def named(
    features: np.ndarray,
    sources: Sequence[str],
    training_features: np.ndarray,
    training_labels: Sequence[str],
    training_sources: Sequence[str],
    wanted: Collection[str],
) -> tuple[str, ...]:
    """The condition of each image, by the classifier of the stage `label`, leave-one-source-out.

    An image that was translated from one of a source is named by a classifier that never saw that
    source, which would know its camera, where the others have the target and another condition;
    else by one of all sources.

    Args:
        features: float [M, D], by the backbone that judges.
        sources: the data source that each image was translated from, M names; "" of none.
        training_features: float [K, D], by the same.
        training_labels: K names.
        training_sources: K names.
        wanted: the conditions that were asked for.

    Returns:
        M names; all empty where the training images show fewer than two conditions, or none of
        those wanted.
    """
    labels, of = np.asarray(training_labels, str), np.asarray(training_sources, str)
    found = np.full(len(features), "", dtype=object)
    everything = _known(labels, np.ones(len(labels), bool), wanted)
    for source in sorted(set(sources)):
        rows = _known(labels, of != source, wanted)
        rows = rows if len(rows) else everything
        here = np.flatnonzero(np.asarray(sources, str) == source)
        if len(rows):
            fitted = classifier.fit(training_features, rows, labels[rows].tolist())
            found[here] = fitted.guesses(features, here)[0]
    return tuple(str(name) for name in found)


def _known(labels: np.ndarray, among: np.ndarray, wanted: Collection[str]) -> np.ndarray:
    """Rows of the conditions with enough images among some: none if these would tell nothing."""
    names, counts = np.unique(labels[among], return_counts=True)
    known = names[counts >= LEAST]
    enough = len(known) > 1 and not set(wanted).isdisjoint(known.tolist())
    return np.flatnonzero(among & np.isin(labels, known)) if enough else np.empty(0, np.int64)
