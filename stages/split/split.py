"""Where the images of a catalogue belong, and what a person should know of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from argus.core import params
from argus.data import catalogue
from argus.data.catalogue import SPLITS, UNKNOWN
from argus.data.feasibility import obstacle
from argus.features.vectors import Vectors
from stages.split.arrivals import Arrivals
from stages.split.assign import assign
from stages.split.neighbours import Near, bits_between, leaks
from stages.split.places import places
from stages.split.prior_splits import PriorSplits, handed_on, spelt


def split(
    images: pl.DataFrame,
    record: pl.DataFrame,
    settings: params.Split,
    mirrored: bool,
    vectors: Vectors | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, int]]:
    """Decide where the images of a catalogue belong.

    Args:
        images: after `embed`, in order of arrival.
        record: of the turn before, as in `record.SCHEMA`; empty on the first turn.
        settings: of the split.
        mirrored: whether an image and its mirror image look the same.
        vectors: of the images in use; None: hashes alone tell what is near, and no place is known.

    Returns:
        The catalogue with places and a column `split` (null for rows not in use), with what is
        embargoed and what lacks the grant for the split of its group marked; the record of this
        turn; how many training images lie near a held-out one, by `hash` and by `features`, which
        must be 0.
    """
    if vectors is not None:
        images = images.with_columns(place=places(images, vectors, settings))
    arrivals = Arrivals.of(images)
    prior = PriorSplits.of(record, images, arrivals)
    near = Near.of(images, arrivals, prior, settings, mirrored, vectors)
    decision = assign(arrivals, near, prior, settings.seed, settings.val, settings.test)
    record = handed_on(record, images, arrivals, decision.group_split, decision.side)
    column = pl.Series([None], dtype=pl.String).new_from_index(0, images.height)
    images = images.with_columns(column.scatter(arrivals.row, spelt(decision.side)).alias("split"))
    denied = arrivals.row[np.flatnonzero(decision.denied)]
    images = catalogue.with_decisions(images, denied, "use_not_granted")
    out = np.flatnonzero(decision.nearest_clash >= 0)
    row, other = arrivals.row[out], arrivals.row[decision.nearest_clash[out]]
    images = catalogue.with_decisions(
        images,
        row,
        "embargoed",
        images["image_id"].gather(other),
        bits_between(images, row, other, mirrored),
    )
    return images, record, leaks(near, decision.side)


def shortage(images: pl.DataFrame) -> str:
    """What a person should know before anything is trained: which splits got no image, and what
    became of those that came in. Empty if all got one."""
    bare = [name for name in SPLITS if catalogue.accepted(images, name).is_empty()]
    if not bare:
        return ""
    in_use = catalogue.accepted(images).height
    lost = catalogue.fates(images)
    return (
        f"no image is in {' and '.join(bare)}: {in_use} of {images.height} that came in are in "
        f"use, too few or of too few drives. Bring in more drives{f'. {lost}' if lost else ''}"
    )


def skipped(
    classes: Mapping[str, Mapping[str, int]],
    models: Mapping[str, params.Model],
    judged_by: Sequence[str],
) -> list[str]:
    """Which models cannot be trained and judged on these splits, before anything is trained; a
    line for each reason.

    Args:
        classes: as `per_class` gives it.
        models: `models` of params.yaml.
        judged_by: `evaluate.splits`.
    """
    alike: dict[str, list[str]] = {}
    for name, model in models.items():
        if why := obstacle(model, classes, judged_by):
            alike.setdefault(why, []).append(name)
    return [f"{', '.join(names)} will be skipped: {why}" for why, names in alike.items()]


def per_class(images: pl.DataFrame) -> dict[str, dict[str, int]]:
    """By split, how many images of each class that is in use are in it, 0 included."""
    none = dict.fromkeys(sorted(catalogue.labels(catalogue.accepted(images)).unique()), 0)
    parts = {name: catalogue.accepted(images, name) for name in SPLITS}
    return {n: {**none, **catalogue.counts(catalogue.labels(s))} for n, s in parts.items()}


def metrics(images: pl.DataFrame, leaked: Mapping[str, int]) -> dict[str, Any]:
    """The metrics of the stage.

    Args:
        images: the catalogue after `split`.
        leaked: as `split` gives it.
    """
    classes = per_class(images)
    return {
        **{name: catalogue.accepted(images, name).height for name in SPLITS},
        "embargoed": int((images["status"] == "embargoed").sum()),
        "use_not_granted": int((images["status"] == "use_not_granted").sum()),
        "places": catalogue.accepted(images)["place"].drop_nulls().n_unique(),
        "leaks": sum(leaked.values()),
        "leaks_by": dict(leaked),
        "per_class": classes,
        "classes_without": {
            name: [label for label, count in of.items() if not count and label != UNKNOWN]
            for name, of in classes.items()
        },
    }
