"""Take the deliveries of one source in: `python -m stages.ingest SOURCE`."""

from __future__ import annotations

import sys

import polars as pl

from stages.common import cards, catalogue, params, reports
from stages.common.errors import ArgusError, exits_cleanly
from stages.common.files import atomic
from stages.ingest import deliveries, pictures
from stages.ingest.flaws import with_flaws
from stages.ingest.memory import measured


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
        refused.append(with_flaws(rows, settings.quality))
    rows = pl.concat([deliveries.in_schema(part) for part in refused])
    return catalogue.in_order(rows), decoded


@exits_cleanly
def main() -> None:
    if len(sys.argv) != 2:
        raise ArgusError("usage: python -m stages.ingest SOURCE")
    source = sys.argv[1]
    settings = params.load().ingest
    images, decoded = take_in(source, settings)
    catalogue.write(f"data/ingest/{source}/images.parquet", images)
    sheet = pictures.flaws(images)
    with atomic(reports.REPORTS / "ingest" / source) as folder:
        folder.mkdir()
        pictures.scores(images, settings.quality, folder / "scores.png")
        if sheet is not None:
            sheet.save(folder / "flaws.png")
    status = catalogue.counts(images["status"])
    accepted = status.pop("accepted", 0)
    reports.metrics(
        f"ingest/{source}", {"images": images.height, "accepted": accepted, "refused": status}
    )
    print(
        f"{source}: {images.height} images, {decoded} decoded now, "
        f"{accepted} accepted, refused {status or 'none'}"
    )
    if "unknown_range" in status:
        print(f"unknown_range: {catalogue.STATUSES['unknown_range']}")


if __name__ == "__main__":
    main()
