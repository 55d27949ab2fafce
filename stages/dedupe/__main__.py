"""Gather the sources' images in order of arrival and drop copies: `python -m stages.dedupe`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from stages.common import catalogue, params, reports
from stages.common.errors import ArgusError, exits_cleanly
from stages.dedupe.stars import stars

INGESTED = Path("data/ingest")


def gather(sources: list[str]) -> pl.DataFrame:
    """All images of the sources that `params.yaml` lists, in order of arrival.

    Never by what lies in the folder: DVC leaves the output of a source on disk after the source
    has left the list, and what was retired or revoked must not go on being used.

    Raises:
        ArgusError: no source is listed, or two are the same.
    """
    if not sources:
        raise ArgusError("params.yaml lists no `sources`: add one with `argus source add NAME`")
    if len(set(sources)) < len(sources):
        raise ArgusError(f"params.yaml lists a source twice: {', '.join(sources)}")
    tables = [catalogue.read(INGESTED / source / "images.parquet") for source in sources]
    return catalogue.in_order(pl.concat(tables))


def dedupe(images: pl.DataFrame, radius: int) -> pl.DataFrame:
    """Mark exact copies and near-duplicates; the first seen wins, over all sources.

    What an image lost to is always one that is kept: a copy of a near-duplicate lost to the image
    that the near-duplicate lost to.

    Args:
        images: the catalogue in order of arrival.
        radius: Hamming radius of the perceptual hash, bits.
    """
    rows = np.flatnonzero((images["status"] == "accepted").to_numpy())
    _, first, inverse = np.unique(
        images["image_id"].gather(rows).to_numpy(), return_index=True, return_inverse=True
    )
    order = np.sort(first)  # distinct images, in order of arrival
    centre, distance = stars(images["phash"].gather(rows[order]).to_numpy(), radius)
    place = np.searchsorted(order, first)[inverse]  # of each row's image among the distinct ones
    kept_row, bits = rows[order[centre[place]]], distance[place]
    copy = rows != rows[order[place]]
    for status, which in (
        ("exact_copy", copy),
        ("near_duplicate", ~copy & (kept_row != rows)),
    ):
        images = catalogue.with_decisions(
            images, rows[which], status, images["image_id"].gather(kept_row[which]), bits[which]
        )
    return images


@exits_cleanly
def main() -> None:
    p = params.load()
    images = dedupe(gather(p.sources), p.dedupe.radius)
    catalogue.write("data/dedupe/images.parquet", images)
    status = catalogue.counts(images["status"])
    reports.metrics(
        "dedupe",
        {
            "images": images.height,
            "exact_copies": status.get("exact_copy", 0),
            "near_duplicates": status.get("near_duplicate", 0),
            "kept": status.get("accepted", 0),
        },
    )
    print(
        f"{images.height} images: {status.get('exact_copy', 0)} exact copies, "
        f"{status.get('near_duplicate', 0)} near-duplicates, {status.get('accepted', 0)} kept"
    )


if __name__ == "__main__":
    main()
