"""Hold images out for good, by drive and neighbourhood: `python -m stages.split`."""

from __future__ import annotations

import numpy as np
import polars as pl

from stages.common import catalogue, params, reports
from stages.common.catalogue import SPLITS
from stages.common.errors import ArgusError, exits_cleanly
from stages.split.assign import Frame, assign, leaks


def split(images: pl.DataFrame, settings: params.Split) -> pl.DataFrame:
    """The catalogue with a column `split` (null for rows not in use) and embargoes marked."""
    hashed = pl.col("status").is_in(["accepted", "exact_copy", "near_duplicate"])
    rows = np.flatnonzero(images.select(hashed).to_series().to_numpy())
    looked_at = images[rows]
    kept = looked_at.with_row_index("row").filter(pl.col("status") == "accepted")
    frames = looked_at.join(
        kept.select(pl.col("image_id").alias("lost_to"), pl.col("row").alias("copy_of")),
        on="lost_to",
        how="left",
        maintain_order="left",
    ).select(
        pl.col("sequence").fill_null(pl.col("image_id")),
        pl.concat_str("source", "delivery", separator="/"),
        pl.col("label").fill_null(catalogue.UNKNOWN),
        "copy_of",
    )
    hashes = looked_at["phash"].to_numpy()
    names, rival = assign(
        [Frame(*row) for row in frames.rows()],
        hashes,
        settings.radius,
        settings.seed,
        settings.val,
        settings.test,
    )
    decided = pl.Series([name if name in SPLITS else None for name in names], dtype=pl.String)
    column = pl.Series([None] * images.height, dtype=pl.String).scatter(rows, decided)
    images = images.with_columns(column.alias("split"))
    out = np.flatnonzero(rival >= 0)
    return catalogue.with_decisions(
        images,
        rows[out],
        "embargoed",
        images["image_id"].gather(rows[rival[out]]),
        np.bitwise_count(hashes[out] ^ hashes[rival[out]]),
    )


@exits_cleanly
def main() -> None:
    p = params.load()
    images = split(catalogue.read("data/dedupe/images.parquet"), p.split)
    catalogue.write("data/split/images.parquet", images)

    used = catalogue.accepted(images)
    leaked = leaks(used["phash"].to_numpy(), used["split"].to_list(), p.split.radius)
    if leaked:
        raise ArgusError(f"{leaked} training images lie near held-out ones: the split is broken")
    sizes = {name: catalogue.accepted(images, name) for name in SPLITS}
    reports.metrics(
        "split",
        {
            **{name: part.height for name, part in sizes.items()},
            "embargoed": int((images["status"] == "embargoed").sum()),
            "leaks": leaked,
            "per_class": {n: catalogue.counts(catalogue.labels(s)) for n, s in sizes.items()},
        },
    )
    print(", ".join(f"{name} {part.height}" for name, part in sizes.items()))


if __name__ == "__main__":
    main()
