"""Shrink the images in use to the training resolution: `python -m stages.pack`.

Writes `data/pack/{train,val,test}.npy`, uint8 [N, H, W, 3] RGB, `images.parquet` with the split and
row of each image, `classes.json`, `rights.json` with the licence of each source, which of its
deliveries may train, and which images are withdrawn, and `unreadable.parquet`, the rows of images
whose file has gone bad and that are in none of these.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import polars as pl

from argus.core import params, reports
from argus.core.errors import exits_cleanly, warn
from argus.core.files import write_json
from argus.core.paths import IMAGES, PACKED, PRUNED
from argus.data import catalogue
from argus.data.catalogue import GROUP, SPLITS
from argus.data.packed import RIGHTS
from stages.pack.pixels import forget_others, pixel_cache, write_images
from stages.pack.rights import outlived, rights

COLUMNS = ["image_id", "split", "row", "label", GROUP, "source", "delivery", "path"]


@exits_cleanly
def main() -> None:
    p = params.load()
    everything = catalogue.read(PRUNED / IMAGES)
    images = catalogue.accepted(everything)
    catalogue.require_grants(images)
    for text in outlived(images, datetime.now(UTC).date()):
        warn(text)
    cache = pixel_cache(p.pack.resolution)
    rows, gone, decoded = [], [], 0
    for split in SPLITS:
        part = images.filter(pl.col("split") == split)
        file = PACKED / f"{split}.npy"
        readable, new = write_images(file, part, p.pack.resolution, cache)
        rows.append(part.filter(readable).with_row_index("row"))
        gone.append(part.filter(~readable))
        decoded += new
    packed = pl.concat(rows).with_columns(catalogue.labels(pl.concat(rows)).alias("label"))
    forget_others(cache, packed)
    catalogue.write(PACKED / IMAGES, packed.select(COLUMNS))
    write_json(PACKED / "classes.json", sorted(packed["label"].unique()))
    write_json(PACKED / RIGHTS, asdict(rights(everything, p.sources, p.ingest)))
    per_class = {
        s: catalogue.counts(p["label"].fill_null(catalogue.UNKNOWN))
        for s, p in zip(SPLITS, rows, strict=True)
    }
    unreadable = pl.concat(gone).with_columns(pl.lit("unreadable").alias("status"))
    catalogue.write(PACKED / "unreadable.parquet", unreadable)
    reports.metrics("pack", {**per_class, "unreadable": unreadable.height})
    lost = f"; {unreadable.height} cannot be read any more" if unreadable.height else ""
    height, width = p.pack.resolution
    print(f"{packed.height} images at {height}x{width}, {decoded} decoded now: {per_class}{lost}")


if __name__ == "__main__":
    main()
