"""One group for what a fixed camera sees: images that belong to no drive, by place."""

from __future__ import annotations

import polars as pl

from argus.core.params import Split
from argus.data.catalogue import COPIES, IN_USE
from argus.features.neighbours import FeatureNeighbours
from argus.features.vectors import Vectors


def places(images: pl.DataFrame, vectors: Vectors, settings: Split) -> pl.Series:
    """The place of each image without a sequence, by its leader's `image_id`; null for others.

    In order of arrival an image joins the place of the earliest leader that it is alike, else it
    leads a place of its own; a copy is where the image is that it was dropped for. So nothing that
    comes later changes a place. A camera by day and by night has a place for each, and some more in
    changing light; those that are near each other join as drives do.

    Where a leader is taken out, its place goes by the next image of it that leads. The splits of
    all stand, as the record has them by image.

    Args:
        images: the catalogue in order of arrival.
        vectors: of its images in use, in that order.
        settings: of the split.
    """
    single = images["sequence"].is_null()
    used = images.select(IN_USE).to_series()
    of_single = single.filter(used).arg_true().to_numpy()
    rows = (single & used).arg_true().to_numpy()
    leader = FeatureNeighbours(
        vectors.part(of_single),
        images["phash"].gather(rows),
        settings.distance,
        settings.with_hash.place,
        settings.with_hash.radius,
    ).leaders()
    ids = images["image_id"].gather(rows)
    kept = pl.DataFrame({"lost_to": ids, "place": ids.gather(leader)})
    copies = pl.col("status").is_in(COPIES) & pl.col("sequence").is_null()
    of_copies = (
        images.select("lost_to", copy=copies)
        .join(kept, on="lost_to", how="left", maintain_order="left")
        .select(pl.when("copy").then("place"))
        .to_series()
    )
    return of_copies.scatter(rows, kept["place"])
