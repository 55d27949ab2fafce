"""Take the deliveries of one source in: `python -m stages.ingest SOURCE`."""

from __future__ import annotations

import sys

import polars as pl

from stages.common import cards, catalogue, params, reading, reports
from stages.common.errors import ArgusError, exits_cleanly
from stages.common.files import code_version, sha256
from stages.common.progress import track
from stages.common.sidecache import SideCache
from stages.ingest import deliveries, measure


def take_in(source: str, settings: params.Ingest) -> tuple[pl.DataFrame, int]:
    """All rows of a source in order of arrival, and how many images had to be decoded."""
    card = cards.read(source)
    granted, refused = [], []
    for folder in deliveries.deliveries_of(source):
        rows = deliveries.described(source, folder, card.origin)
        reason = card.refusal(
            folder.name, settings.as_of, settings.accept_origins, settings.purposes
        )
        if reason is None:
            granted.append(rows)
        else:  # not even opened: the hash of the file is not ours to keep either
            refused.append(rows.with_columns(pl.lit(reason).alias("status")))
    decoded = 0
    if granted:
        rows, decoded = measured(pl.concat(granted), settings)
        refused.append(rows)
    rows = pl.concat([deliveries.in_schema(part) for part in refused])
    return catalogue.in_order(rows), decoded


def measured(rows: pl.DataFrame, settings: params.Ingest) -> tuple[pl.DataFrame, int]:
    """The rows with their measurements; only images never seen before are decoded."""
    paths = [reading.file_of(*key) for key in rows.select("source", "delivery", "path").rows()]
    ids = [sha256(path) for path in track(paths, "hashing", len(paths))]
    rows = rows.with_columns(pl.Series("image_id", ids, dtype=pl.String))

    limits = f"{settings.min_side}-{settings.max_pixels}"
    cache = SideCache("ingest", f"{code_version(measure.__file__)}-{limits}")
    known = cache.read()
    seen = set(known["image_id"]) if known is not None else set()
    unseen = {i: path for i, path in zip(ids, paths, strict=True) if i not in seen}
    new = measure.table(
        track(
            measure.measure_all(
                unseen.items(), len(unseen), settings.min_side, settings.max_pixels
            ),
            "decoding",
            len(unseen),
        )
    )
    cache.add(new)
    facts = new if known is None else pl.concat([known, new])
    return rows.join(facts, on="image_id", how="left", maintain_order="left"), len(unseen)


@exits_cleanly
def main() -> None:
    if len(sys.argv) != 2:
        raise ArgusError("usage: python -m stages.ingest SOURCE")
    source = sys.argv[1]
    images, decoded = take_in(source, params.load().ingest)
    catalogue.write(f"data/ingest/{source}/images.parquet", images)
    status = catalogue.counts(images["status"])
    accepted = status.pop("accepted", 0)
    reports.metrics(
        f"ingest/{source}", {"images": images.height, "accepted": accepted, "refused": status}
    )
    print(
        f"{source}: {images.height} images, {decoded} decoded now, "
        f"{accepted} accepted, refused {status or 'none'}"
    )


if __name__ == "__main__":
    main()
