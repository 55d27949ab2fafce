"""Take the deliveries of one source in: `python -m stages.ingest SOURCE`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from argus.core import params, reports
from argus.core.errors import ArgusError, exits_cleanly, warn
from argus.core.files import atomic
from argus.core.paths import IMAGES, INGESTED, REPORTS
from argus.data import catalogue, rights_cards, terms
from argus.data.measuring.flaws import doubts
from stages.ingest import charts
from stages.ingest.take_in import by_delivery, take_in, warning, warnings


@exits_cleanly
def main() -> None:
    if len(sys.argv) != 2:
        raise ArgusError("usage: python -m stages.ingest SOURCE")
    source = sys.argv[1]
    settings = params.load().ingest
    images, decoded = take_in(source, settings)
    catalogue.write(INGESTED / source / IMAGES, images)
    sheet = charts.flaws(images)
    in_doubt = doubts(images, settings.quality)
    home = REPORTS / "ingest" / source
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
