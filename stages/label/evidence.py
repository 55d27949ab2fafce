"""Which labelled images train, calibrate and test the classifier, and which classes it predicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from argus.data import catalogue
from argus.data.catalogue import IN_USE, UNKNOWN

LABELLED = IN_USE & pl.col("label").is_not_null() & (pl.col("label") != UNKNOWN)
GIVEN = "given"


@dataclass(frozen=True)
class Evidence:
    """Labelled images in use, as row numbers of the catalogue, int64.

    The classifier is fitted and calibrated on images that may train alone: an image of val that may
    only evaluate has no part in it. `train_rows` are training images of `fitted_classes`: the
    classifier tells these apart. `val_rows` are those of val that may train, `test_rows` all of
    test, on which the result is evaluated.

    `conditions` says of each condition that is delivered whether it is `given` out, or why not.
    Those of a single source are not: what tells its images from all others may be its camera. They
    still win images that look more like them, which then stay without a label: without the class
    `fog` a foggy frame would be called `day`.
    """

    fitted_classes: tuple[str, ...]
    conditions: Mapping[str, str]
    train_rows: np.ndarray
    val_rows: np.ndarray
    test_rows: np.ndarray

    @property
    def predicted_classes(self) -> tuple[str, ...]:
        """The conditions that are given out."""
        return tuple(name for name, fate in self.conditions.items() if fate == GIVEN)

    @property
    def lacking(self) -> str | None:
        """Why nothing can be predicted from this; None if something can."""
        if len(self.fitted_classes) < 2:
            return "fewer than two conditions have label.min_images labelled training images"
        if not self.predicted_classes:
            return (
                "no condition has label.min_images labelled training images in each of two "
                "sources, so none can be told from the camera of its source"
            )
        return None


def gather(images: pl.DataFrame, min_images: int, max_images: int) -> Evidence:
    """Sort the labelled images by what they are for.

    Args:
        images: the catalogue after `split`.
        min_images: how many training images a condition needs to be known, and in each of two
            sources to be given out.
        max_images: at most so many of a condition are fitted on, from all its sources alike as far
            as they have so many, by their image id, which is a hash and so a random draw that stays
            the same.

    Raises:
        ArgusError: an image is in a split without the grant for it.
    """
    catalogue.require_grants(images)
    rows = images.with_row_index("row").filter(LABELLED)
    train, val, test = (rows.filter(pl.col("split") == name) for name in catalogue.SPLITS)
    conditions: dict[str, str] = {}
    known = []
    for name in sorted(rows["label"].unique()):
        of_each = catalogue.counts(train.filter(pl.col("label") == name)["source"])
        if sum(of_each.values()) >= min_images:
            known.append(name)
        conditions[name] = _fate(of_each, min_images)
    is_known = pl.col("label").is_in(known)
    in_turn = train.filter(is_known).sort(
        pl.col("image_id").rank("ordinal").over("label", "source"), "image_id"
    )
    fitted = in_turn.group_by("label", maintain_order=True).head(max_images).sort("row")
    return Evidence(
        tuple(known),
        conditions,
        *(
            part["row"].to_numpy().astype(np.int64)
            for part in (fitted, val.filter(is_known & pl.col("may_train")), test)
        ),
    )


def _fate(of_each: Mapping[str, int], min_images: int) -> str:
    """Whether a condition with so many labelled training images by source is given out."""
    enough = [source for source, count in of_each.items() if count >= min_images]
    if len(enough) >= 2:
        return GIVEN
    total = sum(of_each.values())
    if total < min_images:
        return f"not given: {total} labelled training images, and label.min_images is {min_images}"
    who = f"only {enough[0]} has" if enough else "no source has"
    return f"not given: {who} label.min_images labelled training images of it, and it takes two"
