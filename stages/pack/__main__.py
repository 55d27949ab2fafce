"""Shrink the images in use to the training resolution: `python -m stages.pack`.

Writes `data/pack/{train,val,test}.npy`, uint8 [N, H, W, 3] RGB, `images.parquet` with the split and
row of each image, `classes.json`, `rights.json` with the licence of each source, which of its
deliveries may train, and which images are withdrawn, and `unreadable.parquet`, the rows of images
whose file has gone bad and that are in none of these; `twins.npy`, uint8 [T, H, W, 3], and
`twins.parquet`, the twins of held-out images and whose they are.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import numpy as np
import polars as pl

from argus.core import params, reports
from argus.core.errors import exits_cleanly, warn
from argus.core.files import atomic, write_json
from argus.core.paths import IMAGES, PACKED, PRUNED
from argus.data import catalogue
from argus.data.catalogue import GROUP, SPLITS
from argus.data.packed import RIGHTS, TWINS_IMAGES, TWINS_TABLE
from stages.pack.pixels import forget_others, pixel_cache, write_images
from stages.pack.rights import outlived, rights
from stages.pack.twins import read_twins, twins_of

COLUMNS = ["image_id", "split", "row", "label", GROUP, "source", "delivery", "path"]


@exits_cleanly
def main() -> None:
    p = params.load()
    everything = catalogue.read(PRUNED / IMAGES)
    images = catalogue.accepted(everything)
    catalogue.require_grants(images)
    for text in outlived(images, datetime.now(UTC).date()):
        warn(text)
    images = pl.concat([images.filter(split=split) for split in SPLITS])
    cache = pixel_cache(p.pack.resolution)
    files = {split: PACKED / f"{split}.npy" for split in SPLITS}
    readable, decoded = write_images(files, images, p.pack.resolution, cache)
    packed = images.filter(readable)
    row = pl.int_range(pl.len(), dtype=pl.UInt32).over("split").alias("row")
    packed = packed.with_columns(row, catalogue.labels(packed))
    unreadable = images.filter(~readable).with_columns(pl.lit("unreadable").alias("status"))
    forget_others(cache, packed)
    catalogue.write(PACKED / IMAGES, packed.select(COLUMNS))
    catalogue.write(PACKED / "unreadable.parquet", unreadable)
    write_json(PACKED / "classes.json", sorted(packed["label"].unique()))
    write_json(PACKED / RIGHTS, asdict(rights(everything, p.sources, p.ingest)))
    held_out = packed.filter(pl.col("split") != "train")
    table, twins, bad = read_twins(twins_of(held_out), p.pack.resolution)
    for path in bad:
        warn(f"{path} cannot be read: the image that it belongs to is judged without its twin")
    catalogue.write(PACKED / TWINS_TABLE, table)
    with atomic(PACKED / TWINS_IMAGES) as temporary:
        np.save(temporary, twins)
    per_class = {s: catalogue.counts(packed.filter(split=s)["label"]) for s in SPLITS}
    of_twins = catalogue.counts(table["condition"])
    reports.metrics("pack", {**per_class, "unreadable": unreadable.height, "twins": of_twins})
    lost = f"; {unreadable.height} cannot be read any more" if unreadable.height else ""
    height, width = p.pack.resolution
    print(f"{packed.height} images at {height}x{width}, {decoded} decoded now: {per_class}{lost}")
    if of_twins:
        print(f"twins of held-out images: {of_twins}")


if __name__ == "__main__":
    main()
