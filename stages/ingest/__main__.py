"""Take the deliveries of one source in: `python -m stages.ingest SOURCE`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from argus.core import params, reports
from argus.core.errors import ArgusError, exits_cleanly, warn
from argus.core.files import atomic
from argus.data import catalogue, deliveries, rights_cards, terms
from argus.data.measuring.flaws import Doubt, doubts, with_flaws
from argus.data.measuring.measure_cache import measured
from argus.data.pulled import require_pulled
from stages.ingest import charts


def take_in(source: str, settings: params.Ingest) -> tuple[pl.DataFrame, int]:
    """All rows of a source in order of arrival, and how many images had to be decoded.

    Raises:
        ArgusError: the card, a delivery or what describes it is not in order.
    """
    card = rights_cards.read(source)
    terms.require_known(card)
    require_pulled(source)
    folders = deliveries.deliveries_of(source)
    deliveries.require_there("ingest.quality.confirmed", settings.quality.confirmed, source)
    granted, refused = [], []
    for folder in folders:
        rows = deliveries.described(source, folder, card.origin)
        reason = card.refusal(
            folder.name, settings.as_of, settings.accept_origins, settings.purposes
        )
        if reason is None:
            granted.append(terms.with_grants(rows, card.uses(folder.name, settings.purposes)))
        else:  # not even opened: the hash of the file is not ours to keep either
            rows = terms.with_grants(rows, [])
            refused.append(rows.with_columns(pl.lit(reason).alias("status")))
    decoded = 0
    if granted:
        rows, decoded = measured(pl.concat(granted), settings)
        refused.append(with_flaws(rows, settings.quality))
    rows = pl.concat([deliveries.in_schema(part) for part in refused])
    return terms.without_withdrawn(catalogue.in_order(rows), settings.withdrawn), decoded


def warnings(source: str, images: pl.DataFrame, as_of: date, today: date) -> list[str]:
    """What a person should know of the day that consents were judged by.

    Args:
        images: the catalogue of the source.
        as_of: that day.
        today: the day it is.
    """
    in_use = catalogue.counts(catalogue.accepted(images)["delivery"])
    ahead = (
        f"ingest.as_of in params.yaml is {as_of}, which is still to come: consents that end "
        "before are refused already. `argus turn` sets it to today"
    )
    return [*([ahead] if as_of > today else []), *rights_cards.outlived(source, in_use, today)]


def by_delivery(in_doubt: Iterable[Doubt]) -> dict[str, dict[str, dict[str, int]]]:
    """For the metrics: by delivery and rule, how many images it would take, and of how many."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for doubt in in_doubt:
        of_delivery = found.setdefault(doubt.delivery.partition("/")[2], {})
        of_delivery[doubt.flaw] = {"images": doubt.images, "of": doubt.of}
    return found


def warning(doubt: Doubt, most: float, sheet: Path) -> str:
    """What a person should look at, and how to say what was seen there."""
    return (
        f"{doubt.told(most)}. They are in use. Look at {sheet}: if they are not worth using, say "
        f"so in params.yaml, ingest.quality.confirmed: {{{doubt.delivery}: [{doubt.flaw}]}}"
    )


@exits_cleanly
def main() -> None:
    if len(sys.argv) != 2:
        raise ArgusError("usage: python -m stages.ingest SOURCE")
    source = sys.argv[1]
    settings = params.load().ingest
    images, decoded = take_in(source, settings)
    catalogue.write(f"data/ingest/{source}/images.parquet", images)
    sheet = charts.flaws(images)
    in_doubt = doubts(images, settings.quality)
    home = reports.REPORTS / "ingest" / source
    with atomic(home) as folder:
        folder.mkdir()
        charts.scores(images, settings.quality, folder / "scores.png")
        if sheet is not None:
            sheet.save(folder / charts.SHEET)
    status = catalogue.counts(images["status"])
    accepted = status.pop("accepted", 0)
    metrics: dict[str, object] = {"images": images.height, "accepted": accepted, "refused": status}
    withdrawn = terms.withdrawn(rights_cards.read(source), images)
    if withdrawn:
        metrics["withdrawn"] = withdrawn
    if in_doubt:
        metrics["doubted"] = by_delivery(in_doubt)
    reports.metrics(f"ingest/{source}", metrics)
    print(
        f"{source}: {images.height} images, {decoded} decoded now, "
        f"{accepted} accepted, refused {status or 'none'}"
    )
    for delivery, why in withdrawn.items():
        print(f"{source}/{delivery}: {why}")
    if "unknown_range" in status:
        print(f"unknown_range: {catalogue.STATUSES['unknown_range']}")
    for doubt in in_doubt:
        warn(warning(doubt, settings.quality.most, home / charts.SHEET))
    for text in warnings(source, images, settings.as_of, datetime.now(UTC).date()):
        warn(text)


if __name__ == "__main__":
    main()
