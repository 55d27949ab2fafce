"""Shrink the images in use to the training resolution: `python -m stages.pack`.

Writes `data/pack/{train,val,test}.npy`, uint8 [N, H, W, 3] RGB, `images.parquet` with the split and
row of each image, `classes.json`, `rights.json` with the licence of each source, which of its
deliveries may train, and which images are withdrawn, and `unreadable.parquet`, the rows of images
whose file has gone bad and that are in none of these.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime

import numpy as np
import polars as pl
from PIL import Image, ImageOps

from argus.core import params, reports
from argus.core.errors import exits_cleanly, warn
from argus.core.files import atomic, write_json
from argus.core.progress import track
from argus.data import catalogue, objections, reading, rights_cards
from argus.data.catalogue import GROUP, SPLITS
from argus.data.packed import PACKED, RIGHTS, Rights, Terms


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


def rights(images: pl.DataFrame, sources: list[str], settings: params.Ingest) -> Rights:
    """What may train on the day of the turn, by the rights cards: also of what is not packed today,
    since weights of earlier turns may rest on it.

    Args:
        images: the catalogue, refused images too.
        sources: those in use.
        settings: with the day, and the images withdrawn.

    Raises:
        ArgusError: a source has no valid card.
    """
    terms = {}
    for source in sources:
        card = rights_cards.read(source)
        delivered = images.filter(pl.col("source") == source)["delivery"].unique().sort()
        against = {
            delivery: objections.to_use(source, delivery, settings.as_of, "train", sources)
            for delivery in delivered
        }
        terms[source] = Terms(card.licence, card.allows_commercial_use(), against)
    return Rights(terms, {each.sha256: each.reason for each in settings.withdrawn})


def outlived(images: pl.DataFrame, today: date) -> list[str]:
    """Deliveries among the images whose consent is over today, see `objections.outlived`.

    Said again here, as the last stage that knows whose images they are, and one that runs where
    only knobs were changed and nothing was taken in.
    """
    sources = images.partition_by("source", maintain_order=True)
    return [
        text
        for part in sources
        for text in objections.outlived(
            part["source"][0], catalogue.counts(part["delivery"]), today
        )
    ]


@exits_cleanly
def main() -> None:
    p = params.load()
    height, width = p.pack.resolution
    everything = catalogue.read("data/prune/images.parquet")
    images = catalogue.accepted(everything)
    catalogue.require_grants(images)
    for text in outlived(images, datetime.now(UTC).date()):
        warn(text)
    rows, gone = [], []
    for split in SPLITS:
        part = images.filter(pl.col("split") == split)
        places = reading.image_refs(part)
        array = np.empty((len(places), height, width, 3), dtype=np.uint8)
        kept: list[int] = []
        for index, place in enumerate(track(places, f"packing {split}", len(places))):
            try:
                array[len(kept)] = shrink(reading.load_rgb(place), (height, width))
            except reading.UnreadableImageError:
                continue
            kept.append(index)
        with atomic(PACKED / f"{split}.npy") as temporary:
            np.save(temporary, array[: len(kept)])
        rows.append(part[kept].with_row_index("row"))
        gone.append(part[np.setdiff1d(np.arange(len(places)), kept)])
    packed = pl.concat(rows).with_columns(catalogue.labels(pl.concat(rows)).alias("label"))
    columns = ["image_id", "split", "row", "label", GROUP, "source", "delivery", "path"]
    catalogue.write(PACKED / "images.parquet", packed.select(columns))
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
    print(f"{packed.height} images at {height}x{width}: {per_class}{lost}")


if __name__ == "__main__":
    main()
