"""The catalogue: one row per delivered image, in order of arrival, never dropped silently.

Each stage from `ingest` to `pack` reads the table of the stage before it, decides about some
rows, and writes the whole table again as `data/<stage>/images.parquet`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from argus.core.errors import ArgusError
from argus.core.files import atomic

ARRIVAL = ["received_at", "source", "delivery", "path", "member"]
UNKNOWN = "unknown"  # the class of an image without a label
SPLITS = ("train", "val", "test")
GRANTS = {"train": "may_train", "val": "may_evaluate", "test": "may_evaluate"}
"""The column that says whether an image may be in a split: what is held out, only judges."""

SCHEMA: dict[str, pl.DataType] = {
    "image_id": pl.String(),  # SHA-256 of the file, hexadecimal
    "source": pl.String(),
    "delivery": pl.String(),
    "path": pl.String(),  # inside the delivery's folder
    "member": pl.String(),  # inside the shard at `path`; null for a plain file
    "offset": pl.Int64(),  # where the member's bytes begin in the shard; null for a plain file
    "size": pl.Int64(),  # bytes of the file
    "received_at": pl.Datetime("us", "UTC"),
    "label": pl.String(),  # condition, null if not delivered
    "label_provenance": pl.String(),  # delivered | predicted
    "sequence": pl.String(),  # <source>/<folder>: the drive or clip; null if not known
    "place": pl.String(),  # of an image without a sequence: see GROUP; null until `split`
    "captured_at": pl.Datetime("us"),  # the camera's clock, no zone
    "width": pl.Int32(),  # px, after EXIF orientation
    "height": pl.Int32(),
    "decode": pl.String(),  # fast | exact: how the file was decoded for all that follows
    "sample_max": pl.Float64(),  # ingest.sample_max, where the file was read by it
    "pixels": pl.String(),  # hash of the decoded pixels, hexadecimal
    "phash": pl.UInt64(),  # null where there is too little to tell images apart by
    "phash_mirrored": pl.UInt64(),  # of the image mirrored left to right
    "fragile": pl.UInt8(),  # bits of the pHash that a grey level of noise may turn, 0 to 64
    "sharpness": pl.Float32(),  # variance of the Laplacian, grey levels squared
    "edge_width": pl.Float32(),  # of the strongest edges, px of the image at 180 rows
    "luminance": pl.Float32(),  # mean, 0 to 1
    "contrast": pl.Float32(),  # standard deviation of the grey image, 0 to 0.5
    "clipped": pl.Float32(),  # share of pixels at full white, 0 to 1
    "entropy": pl.Float32(),  # of the grey histogram, bits, 0 to 8
    "detail": pl.Float32(),  # by which the spots that stand out most do so, grey levels
    "torn": pl.Float32(),  # share of the width that changes light and tint in one row, 0 to 1
    "origin": pl.String(),  # camera | rendered | generated
    "may_train": pl.Boolean(),  # the card grants it to train, and `ingest.purposes` has it
    "may_evaluate": pl.Boolean(),  # likewise to judge
    "status": pl.String(),  # see STATUSES
    "doubt": pl.String(),  # the rule of quality that would take it, but takes too many here
    "lost_to": pl.String(),  # image_id of the image that it lost to
    "distance": pl.Int32(),  # Hamming distance to that image, bits; null without hashes
}
"""The columns of every table; later stages add their own behind these."""

STATUSES: dict[str, str] = {
    "accepted": "in use",
    # ingest: rights
    "origin_not_accepted": "the card's origin is not among ingest.accept_origins, or is generated",
    "purpose_not_granted": "the card grants none of the purposes in ingest.purposes",
    "consent_expired": "the consent had expired on ingest.as_of",
    "withdrawn": "taken back: the delivery by its card, or the image by ingest.withdrawn",
    # ingest: bytes
    "symbolic_link": "a link to outside the delivery; not opened",
    "packed": "a compressed archive: unpack it, and deliver what is in it",
    "not_an_image": "no image at all: empty, a text, a pointer of Git LFS, a video",
    "format_not_supported": "an image, but no JPEG, PNG, WebP, BMP or TIFF that is read here",
    "several_frames": "an animation or a file of several pages",
    "truncated": "the file ends early",
    "broken": "the file is whole, but its data makes no sense",
    "too_small": "shorter side under ingest.min_side",
    "too_large": "more than ingest.max_pixels, or than fits ingest.max_memory; not decoded",
    "too_oblong": "longer side more than ingest.max_aspect times the shorter; not decoded",
    "unknown_range": "more than 8 bits, and neither file nor samples tell how many are in use: "
    "give the sample that is white in ingest.sample_max",
    # ingest: quality
    "near_constant": "next to nothing to see, by ingest.quality",
    "black": "darker than ingest.quality allows",
    "over_exposed": "more burnt-out pixels than ingest.quality allows",
    "blurred": "less sharp than ingest.quality asks for",
    "torn": "from some row on all has another light and tint, by ingest.quality",
    # the first stage after ingest that finds it so: dedupe, embed or pack
    "unreadable": "its file has gone bad since ingest: it cannot be decoded any more",
    # dedupe
    "exact_copy": "the same bytes came in before",
    "near_duplicate": "looks the same as an image that is kept, by the parameters of dedupe",
    # split
    "embargoed": "too near to an image of another split, or in another one before: used in none",
    "use_not_granted": "its drive is in a split for whose use it has no grant: used in none",
    # prune
    "excluded": "taken out by hand after review, see prune.exclude",
    "pruned": "within the budget there was no place for it",
}
"""What became of an image, and what each word means."""


COPIES = ("exact_copy", "near_duplicate")
"""Statuses of what `dedupe` dropped."""

IN_USE = pl.col("status") == "accepted"
"""Which rows are still in use."""

GROUP = pl.coalesce("sequence", "place", "image_id").alias("group")
"""What belongs together, is in one split and is no independent evidence: the drive, or else the
place, which has the `image_id` of the first image that showed it."""


def read(path: Path | str) -> pl.DataFrame:
    """Read a stage's table.

    Raises:
        ArgusError: the table is not there yet.
    """
    try:
        return pl.read_parquet(path, memory_map=False)
    except FileNotFoundError:
        raise ArgusError(
            f"{path} is missing: `dvc repro` makes it, or `dvc pull` brings it where it was made "
            "by a turn and pushed"
        ) from None


def write(path: Path | str, images: pl.DataFrame) -> None:
    """Write a table atomically; equal tables give equal bytes."""
    with atomic(path) as temporary:
        images.rechunk().write_parquet(temporary, compression="zstd", statistics=False)


def in_schema(rows: pl.DataFrame) -> pl.DataFrame:
    """The columns of the catalogue in their order; those not known yet are null."""
    return rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in SCHEMA.items()
    )


def in_order(images: pl.DataFrame) -> pl.DataFrame:
    """Rows in order of arrival, which is what makes every decision prefix-stable."""
    return images.sort(ARRIVAL, maintain_order=True)


def accepted(images: pl.DataFrame, split: str | None = None) -> pl.DataFrame:
    """The rows still in use, of one split if it is named."""
    images = images.filter(IN_USE)
    return images if split is None else images.filter(pl.col("split") == split)


def require_grants(images: pl.DataFrame) -> None:
    """That no image is in a split for whose use it has no grant. `split` sees to it; the stages
    that learn and pack look again, since what has trained cannot be taken back.

    Args:
        images: a catalogue with a column `split`.

    Raises:
        ArgusError: one is, with its name.
    """
    for split, grant in GRANTS.items():
        wrong = accepted(images, split).filter(~pl.col(grant).fill_null(False))
        if wrong.height:
            image = wrong.row(0, named=True)
            where = "/".join(image[name] for name in ("source", "delivery", "path"))
            raise ArgusError(
                f"image {image['image_id']} ({where}) is in {split}, but its rights card does not "
                f"grant that use ({grant}); {wrong.height} such in all: `dvc repro -f split`"
            )


def labels(images: pl.DataFrame) -> pl.Series:
    """The class of each row: its label, or `unknown`."""
    return images["label"].fill_null(UNKNOWN)


def counts(values: pl.Series) -> dict[str, int]:
    """How often each value occurs, by name, for metrics."""
    return {str(name): int(n) for name, n in sorted(values.value_counts().rows())}


def fates(images: pl.DataFrame) -> str:
    """What became of the images that are not in use, by source, for a message: how many, the
    status and what it means, and one of them."""
    lost = images.filter(~IN_USE).sort("source", "status", maintain_order=True)
    of_one = []
    for (source, status), rows in lost.group_by("source", "status", maintain_order=True):
        delivery, path, member = rows.select("delivery", "path", "member").row(0)
        example = "/".join(part for part in (delivery, path, member) if part)
        meaning = STATUSES.get(str(status), "see docs/curation.md")
        of_one.append(f"{source}: {rows.height} {status} ({meaning}), such as {example}")
    return "; ".join(of_one)


def with_decisions(
    images: pl.DataFrame,
    rows: np.ndarray,
    status: str,
    lost_to: pl.Series | None = None,
    distance: np.ndarray | pl.Series | None = None,
) -> pl.DataFrame:
    """The table with `status` (and what the rows lost to) set on some rows.

    Args:
        images: a catalogue.
        rows: int64 [K] row numbers.
        status: one of `STATUSES`.
        lost_to: string [K] image ids.
        distance: integer [K] bits.
    """
    assert status in STATUSES, status
    changes: dict[str, pl.Series] = {"status": pl.Series([status] * len(rows), dtype=pl.String)}
    if lost_to is not None:
        changes["lost_to"] = lost_to
    if distance is not None:
        changes["distance"] = pl.Series(distance, dtype=pl.Int32)
    return images.with_columns(
        images[name].scatter(rows, values.cast(images.schema[name])).alias(name)
        for name, values in changes.items()
    )


def first_of_each(images: pl.DataFrame) -> pl.DataFrame:
    """One row per image, the first that came in."""
    return images.unique("image_id", keep="first", maintain_order=True)
