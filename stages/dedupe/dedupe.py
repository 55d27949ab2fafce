"""Which images are copies or near-duplicates of which, over all sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import polars as pl

from argus.core import params
from argus.core.errors import ArgusError
from argus.core.paths import IMAGES, INGESTED
from argus.data import catalogue
from argus.hamming.search import Hashes
from stages.dedupe.second_look import regrouped
from stages.dedupe.stars import stars

BEST_FIRST = ["received_at", "source", "delivery", "resolution", "sharpness", "path", "member"]
IDENTITY = ["image_id", "phash", "phash_mirrored"]

Embedded = Callable[[pl.DataFrame], tuple[np.ndarray, np.ndarray]]
"""Feature vectors of rows of the catalogue, float32 [N, D], and which could be read, bool [N]."""


def gather(sources: list[str]) -> pl.DataFrame:
    """All images of the sources that `params.yaml` lists, in order of arrival.

    Never by what lies in the folder: DVC leaves the output of a source on disk after the source
    has left the list, and what was retired or revoked must not go on being used.

    Raises:
        ArgusError: no source is listed, two are the same, or not one image is accepted.
    """
    if not sources:
        raise ArgusError("params.yaml lists no `sources`: add one with `argus source add NAME`")
    if len(set(sources)) < len(sources):
        raise ArgusError(f"params.yaml lists a source twice: {', '.join(sources)}")
    tables = [catalogue.read(INGESTED / source / IMAGES) for source in sources]
    images = catalogue.in_order(pl.concat(tables))
    if catalogue.accepted(images).is_empty():
        raise ArgusError(
            f"none of the {images.height} images of {', '.join(sources)} is accepted: "
            f"{catalogue.fates(images) or 'the deliveries hold none'}. Bring others in with `argus "
            "submit`, or change what refused these: limits stand under `ingest` in params.yaml, "
            "rights in data/sources/"
        )
    return images


def unmatched(images: pl.DataFrame, withdrawn: Iterable[params.Withdrawn]) -> list[str]:
    """The images of `ingest.withdrawn` that no source has: SHA-256 and reason, a line each.

    Looked for here, where all sources come together; what a card keeps out was not opened.
    """
    known = set(images["image_id"].drop_nulls())
    return [
        f"ingest.withdrawn: no image of the sources in use is {each.sha256} ({each.reason}). It "
        "will be refused if it comes in; if it should be here already, compare the number with "
        "`sha256sum FILE`"
        for each in withdrawn
        if each.sha256 not in known
    ]


def dedupe(images: pl.DataFrame, settings: params.Dedupe, embedded: Embedded) -> pl.DataFrame:
    """Mark exact copies and near-duplicates, over all sources.

    The first delivery wins, and within a delivery the image with the most pixels, then the
    sharpest. What an image lost to is always one that is kept: a copy of a near-duplicate lost to
    the image that the near-duplicate lost to. What the second look finds unreadable is out.

    Args:
        images: the catalogue in order of arrival.
        settings: what counts as the same image.
        embedded: asked for what the second look looks at, if it is on.
    """
    ranked = best_first(images)
    numbered = ranked.select("image_id").with_row_index("place")
    first = numbered.select(pl.col("place").first().over("image_id"))
    place = first.to_series().to_numpy().astype(np.int64)  # of the first of the same bytes
    copy = place != np.arange(len(place))
    hashed = np.flatnonzero(~copy & ranked["phash"].is_not_null().to_numpy())

    compared = ranked[hashed]
    hashes = Hashes.of(compared, settings.mirrored)
    centre = stars(hashes, settings.radius)
    if settings.within_sequence is not None:
        gone: list[int] = []

        def vectors(rows: np.ndarray) -> np.ndarray:
            rows = compared["row"].gather(rows).to_numpy()
            found, readable = embedded(images[rows])
            gone.extend(rows[~readable])
            return found

        drive = compared["sequence"].rank("dense").cast(pl.Int64).fill_null(-1).to_numpy()
        centre = regrouped(centre, drive, settings.within_sequence, vectors)
        if gone:  # it must not stand for those that look like it
            images = catalogue.with_decisions(images, np.array(gone), "unreadable")
            return dedupe(images, settings, embedded)
    bits = hashes.apart(np.arange(len(hashes)), centre)
    lost_to, distance = np.arange(len(place)), np.zeros(len(place), dtype=np.uint8)
    lost_to[hashed], distance[hashed] = hashed[centre], bits
    lost_to, distance = lost_to[place], distance[place]

    rows = ranked["row"].to_numpy()
    for status, which in (
        ("exact_copy", copy),
        ("near_duplicate", ~copy & (lost_to != place)),
    ):
        winners = ranked["image_id"].gather(lost_to[which])
        images = catalogue.with_decisions(images, rows[which], status, winners, distance[which])
    return images


def best_first(images: pl.DataFrame) -> pl.DataFrame:
    """The images in use in the order in which they count: deliveries as they arrived, each whole,
    and in each the best first. A delivery never changes, so nothing that comes later does.

    Returns:
        `row` in the table, `sequence`, `image_id` and the hashes.
    """
    size = pl.col("width").cast(pl.Int64) * pl.col("height")
    shown = pl.int_range(pl.len(), dtype=pl.Int64).alias("row"), size.alias("resolution")
    columns = [name for name in BEST_FIRST if name != "resolution"]
    named = [*columns, *IDENTITY, "sequence", "status"]
    accepted = images.select(*shown, *named).filter(status="accepted")
    best = ("resolution", "sharpness")
    ranked = accepted.sort(BEST_FIRST, descending=[name in best for name in BEST_FIRST])
    return ranked.select("row", "sequence", *IDENTITY)


def metrics(images: pl.DataFrame, settings: params.Dedupe) -> dict[str, Any]:
    """What was dropped, and why: the metrics of the stage.

    `groups` are images kept for which others were dropped, copies or near-duplicates;
    `largest_group` is the number of images in the largest, the kept one included. `mirrored` and
    `within_sequence`, where they are on, count the near-duplicates that only they could tell.
    """
    status = catalogue.counts(images["status"])
    dropped = images.select(*IDENTITY, "status", "lost_to", "distance").filter(
        pl.col("status").is_in(["exact_copy", "near_duplicate"])
    )
    sizes = dropped.group_by("lost_to").len()["len"].to_numpy()
    found: dict[str, Any] = {
        "images": images.height,
        "exact_copies": status.get("exact_copy", 0),
        "near_duplicates": status.get("near_duplicate", 0),
        "kept": status.get("accepted", 0),
        "groups": len(sizes),
        "largest_group": int(sizes.max()) + 1 if len(sizes) else 0,
    }
    near = dropped.filter(pl.col("status") == "near_duplicate")
    if settings.mirrored:
        kept = images.select("image_id", "status", other="phash").filter(status="accepted")
        both = near.join(kept, left_on="lost_to", right_on="image_id", how="left")
        apart = np.bitwise_count(both["phash"].to_numpy() ^ both["other"].to_numpy())
        within = both["distance"].to_numpy() <= settings.radius
        found["mirrored"] = int((within & (apart > settings.radius)).sum())
    if settings.within_sequence is not None:
        found["within_sequence"] = int((near["distance"] > settings.radius).sum())
    return found
