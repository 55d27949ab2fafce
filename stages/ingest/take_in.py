"""The deliveries of a source as rows of the catalogue: rights first, then what images measure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import polars as pl

from argus.core import params
from argus.data import catalogue, deliveries, objections, pulled, rights_cards, terms
from argus.data.measuring.flaws import Doubt, with_flaws
from argus.data.measuring.measure_cache import measured
from argus.data.pulled import require_pulled


def take_in(source: str, settings: params.Ingest) -> tuple[pl.DataFrame, int]:
    """All rows of a source in order of arrival, and how many images had to be decoded.

    Raises:
        ArgusError: the card, a delivery or what describes it is not in order.
    """
    card = rights_cards.read(source)
    terms.require_known(card)
    require_pulled(source)
    folders = pulled.deliveries_of(source)
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
    rows = pl.concat([catalogue.in_schema(part) for part in refused])
    return terms.without_withdrawn(catalogue.in_order(rows), settings.withdrawn), decoded


def warnings(source: str, images: pl.DataFrame, as_of: date, today: date) -> list[str]:
    """What a person should know of the day that consents were judged by.

    Args:
        source: which.
        images: its catalogue.
        as_of: that day.
        today: the day it is.
    """
    in_use = catalogue.counts(catalogue.accepted(images)["delivery"])
    ahead = (
        f"ingest.as_of in params.yaml is {as_of}, which is still to come: consents that end "
        "before are refused already. `argus turn` sets it to today"
    )
    return [*([ahead] if as_of > today else []), *objections.outlived(source, in_use, today)]


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
        f"{doubt.in_words(most)}. They are in use. Look at {sheet}: if they are not worth using, "
        f"say so in params.yaml, ingest.quality.confirmed: {{{doubt.delivery}: [{doubt.flaw}]}}"
    )
