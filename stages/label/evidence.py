"""Which labelled images teach a condition, which vouch for it, and which judge the result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from stages.common import catalogue
from stages.common.catalogue import IN_USE, UNKNOWN

LABELLED = IN_USE & pl.col("label").is_not_null() & (pl.col("label") != UNKNOWN)


@dataclass(frozen=True)
class Evidence:
    """Labelled images in use, as row numbers of the catalogue, int64.

    What learns is taught and calibrated by images that may train alone: an image of val that may
    only judge has no part in it.

    `known` are the conditions that enough training images show: the classifier tells these apart.
    `vouched` are those of them that enough images of val show too, so that it is known how far to
    trust a prediction; only these are given out. The others still win images that look more like
    them, which then stay without a label: without the class `fog` a foggy frame would be called
    `day`. `teaching` are training images of the known conditions, `calibrating` those of val
    that may train, `judging` all of test.
    """

    known: tuple[str, ...]
    vouched: tuple[str, ...]
    teaching: np.ndarray
    calibrating: np.ndarray
    judging: np.ndarray

    @property
    def lacking(self) -> str | None:
        """Why nothing can be predicted from this; None if something can."""
        if len(self.known) < 2:
            return "fewer than two conditions have label.min_images labelled training images"
        if not self.vouched:
            return "no condition has label.min_images labelled images in val that may train"
        return None


def gather(images: pl.DataFrame, min_images: int, max_images: int) -> Evidence:
    """Sort the labelled images by what they are for.

    Args:
        images: the catalogue after `split`.
        min_images: how many images a condition needs, in train to be known and in val as well to
            be given out.
        max_images: at most so many of a condition teach, by their image id, which is a hash and so
            a random draw that stays the same.

    Raises:
        ArgusError: an image is in a split without the grant for it.
    """
    catalogue.require_grants(images)
    rows = images.with_row_index("row").filter(LABELLED)
    train, val, test = (rows.filter(pl.col("split") == name) for name in catalogue.SPLITS)
    val = val.filter(pl.col("may_train"))
    known = _frequent(train, min_images)
    drawn = pl.col("image_id").rank("ordinal").over("label") <= max_images
    shown = pl.col("label").is_in(known)
    return Evidence(
        known,
        tuple(name for name in _frequent(val, min_images) if name in known),
        *(
            part["row"].to_numpy().astype(np.int64)
            for part in (train.filter(shown & drawn), val.filter(shown), test)
        ),
    )


def _frequent(labelled: pl.DataFrame, least: int) -> tuple[str, ...]:
    return tuple(name for name, n in catalogue.counts(labelled["label"]).items() if n >= least)
