"""Shrink the images in use to the training resolution: `python -m stages.pack`.

Writes `data/pack/{train,val,test}.npy`, uint8 [N, H, W, 3] RGB, `images.parquet` with the split and
row of each image, `classes.json`, `rights.json` with the licence of each source that trains, and
`unreadable.parquet`, the rows of images whose file has gone bad and that are in none of these.
"""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import polars as pl
from PIL import Image, ImageOps

from stages.common import cards, catalogue, params, reading, reports
from stages.common.catalogue import SPLITS
from stages.common.errors import exits_cleanly
from stages.common.files import atomic, write_json
from stages.common.progress import track
from stages.pack.packed import PACKED, RIGHTS, Rights


def shrink(image: Image.Image, resolution: tuple[int, int]) -> np.ndarray:
    """Cut the middle of a picture to the aspect ratio wanted and resize it.

    Args:
        image: RGB, any size.
        resolution: H, W in px.

    Returns:
        uint8 [H, W, 3] RGB, PIL bicubic with antialiasing.
    """
    height, width = resolution
    return np.asarray(ImageOps.fit(image, (width, height), Image.Resampling.BICUBIC))


def rights(images: pl.DataFrame) -> dict[str, Rights]:
    """The licence of each source among the images, from its rights card, and how many it gave.

    Raises:
        ArgusError: a source has no valid card.
    """
    counts = catalogue.counts(images["source"])
    return {
        source: Rights(licence=cards.read(source).licence, images=count)
        for source, count in counts.items()
    }


@exits_cleanly
def main() -> None:
    height, width = params.load().pack.resolution
    images = catalogue.accepted(catalogue.read("data/prune/images.parquet"))
    rows, gone = [], []
    for split in SPLITS:
        part = images.filter(pl.col("split") == split)
        places = reading.places(part)
        array = np.empty((len(places), height, width, 3), dtype=np.uint8)
        kept: list[int] = []
        for index, place in enumerate(track(places, f"packing {split}", len(places))):
            try:
                array[len(kept)] = shrink(reading.load_rgb(place), (height, width))
            except reading.Unreadable:
                continue
            kept.append(index)
        with atomic(PACKED / f"{split}.npy") as temporary:
            np.save(temporary, array[: len(kept)])
        rows.append(part[kept].with_row_index("row"))
        gone.append(part[np.setdiff1d(np.arange(len(places)), kept)])
    packed = pl.concat(rows).with_columns(catalogue.labels(pl.concat(rows)).alias("label"))
    columns = ["image_id", "split", "row", "label", "sequence", "source", "delivery", "path"]
    catalogue.write(PACKED / "images.parquet", packed.select(columns))
    write_json(PACKED / "classes.json", sorted(packed["label"].unique()))
    terms = rights(packed.filter(pl.col("split") == "train"))
    write_json(PACKED / RIGHTS, {source: asdict(of) for source, of in terms.items()})
    per_class = {
        s: catalogue.counts(p["label"].fill_null(catalogue.UNKNOWN))
        for s, p in zip(SPLITS, rows, strict=True)
    }
    unreadable = pl.concat(gone).with_columns(pl.lit("unreadable").alias("status"))
    catalogue.write(PACKED / "unreadable.parquet", unreadable)
    reports.metrics("pack", {**per_class, "unreadable": unreadable.height})
    lost = f"; {unreadable.height} cannot be read any more" if unreadable.height else ""
    print(f"{packed.height} images at {height}x{width}: {per_class}{lost}")


if __name__ == "__main__":
    main()
