"""The tables of `argus source list` and `argus delivery list`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from argus.cli.repository.turn_commits import History
from argus.cli.sources.dvc_index import untracked
from argus.cli.sources.holdings import turn_ranges, turns_holding
from argus.cli.sources.registration import known_sources
from argus.cli.tables import UNKNOWN, Table
from argus.core import params
from argus.core.errors import ArgusError
from argus.core.paths import IMAGES, INGESTED, RAW
from argus.data import catalogue, manifests, rights_cards
from argus.data.deliveries import described
from argus.data.pulled import Lack, deliveries_known, lacking, tracker_of

HEADERS = ["delivery", "received (UTC)", "images", "accepted", "labels", "turns", "state"]
LABELS = 4  # that are shown one by one


@dataclass(frozen=True)
class Delivery:
    """A delivery as far as it is known here.

    Attributes:
        received: when it came in, UTC to the minute; None if its files are not here, nor in the
            catalogue.
        rows: its part of the catalogue of the last ingest; else what names tell, and then `judged`
            is False; None where there is neither.
        lack: how many of its files are here, if not all.
    """

    folder: Path
    received: str | None
    rows: pl.DataFrame | None
    judged: bool
    lack: Lack | None

    def cells(self) -> list[str]:
        """Received, images, accepted and labels."""
        if self.rows is None:
            return [self.received or UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN]
        accepted = str(catalogue.accepted(self.rows).height) if self.judged else UNKNOWN
        counts = catalogue.counts(catalogue.labels(self.rows))
        ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        labels = [f"{name} {count}" for name, count in ranked[:LABELS]]
        labels += [f"{len(ranked) - LABELS} more"] if len(ranked) > LABELS else []
        return [self.received or UNKNOWN, str(self.rows.height), accepted, ", ".join(labels)]


def delivery_table(names: Sequence[str]) -> Table:
    """A row per delivery of some sources, by source and time of arrival."""
    settings = params.load()
    found = [each for name in names for each in of_source(name)]
    turns = turns_holding(History().turns, [each.folder for each in found])
    strangers = untracked(each.folder for each in found)
    rows = []
    for each in found:
        source = each.folder.parent.name
        says = [
            *own_terms(source, each.folder.name),
            *whereabouts(each, source in settings.rendered),
        ]
        if each.folder in strangers:
            says = ["not submitted: see `argus source check`"]
        elif source not in settings.sources:
            says.insert(0, "source retired")
        name, numbers = f"{source}/{each.folder.name}", turn_ranges(turns[each.folder])
        rows.append([name, *each.cells(), numbers or UNKNOWN, "\n".join(says)])
    return Table("Deliveries", HEADERS, rows, frozenset({2, 3}))


def of_source(source: str) -> list[Delivery]:
    """The deliveries of a source in order of arrival; those of which it is not known come last."""
    try:
        ingested = catalogue.read(INGESTED / source / IMAGES)
    except ArgusError:  # not yet, or not here
        ingested = None
    lacks = {lack.folder: lack for lack in lacking(source)}
    found = [
        _delivery(RAW / source / name, ingested, lacks.get(RAW / source / name))
        for name in deliveries_known(source)
    ]
    return sorted(found, key=lambda each: (each.received or "~", each.folder))


def _delivery(folder: Path, ingested: pl.DataFrame | None, lack: Lack | None) -> Delivery:
    rows = None if ingested is None else ingested.filter(pl.col("delivery") == folder.name)
    if rows is not None and rows.is_empty():
        rows = None
    judged, came = rows is not None, None if rows is None else rows["received_at"][0]
    try:
        at = manifests.read(folder).received_at
        if came != at:  # another one of that name was ingested, or none
            rows, judged, came = None, False, at
        if rows is None and lack is None:
            rows = described(folder.parent.name, folder, "camera")
    except ArgusError:  # not here, or in disorder: `argus source check` says how
        pass
    return Delivery(folder, f"{came:%Y-%m-%d %H:%M}" if came else None, rows, judged, lack)


def own_terms(source: str, delivery: str) -> list[str]:
    """What the card of a source says of one delivery alone; empty if nothing."""
    try:
        card = rights_cards.read(source)
    except ArgusError:
        return ["no valid rights card"]
    terms = card.deliveries.get(delivery)
    if terms is None:
        return []
    if terms.withdrawn:
        return [str(terms.withdrawn)]
    found = []
    if terms.consent:
        found.append(f"own consent: until {terms.consent.expires} ({terms.consent.reference})")
    if terms.purposes is not None:
        found.append(f"own purposes: {', '.join(terms.purposes) or 'none'}")
    return found


def whereabouts(delivery: Delivery, rendered: bool) -> list[str]:
    """Where the files of a delivery are."""
    if delivery.lack is None:
        made = rendered and not tracker_of(delivery.folder).is_file()
        return ["rendered" if made else "here"]
    of = f" of {delivery.lack.whole}" if delivery.lack.whole else ""
    return [f"not here: {delivery.lack.here}{of} files"]


def source_table(settings: params.Params) -> Table:
    """A row per source, retired ones too."""
    rows = []
    for source in known_sources(settings.sources):
        state = "active" if source in settings.sources else "retired"
        n = delivery_count(source)
        try:
            card = rights_cards.read(source)
        except ArgusError:
            rows.append([source, "no valid card", "", "", "", "", state, n])
            continue
        until = str(card.consent.expires)
        rows.append([source, card.kind, card.owner, card.licence, card.origin, until, state, n])
    headers = ["source", "kind", "owner", "licence", "origin", "consent until", "state"]
    return Table("Sources", [*headers, "deliveries"], rows, frozenset({7}))


def delivery_count(source: str) -> str:
    """How many deliveries a source has, and how many of them are here, where that is not all."""
    every = deliveries_known(source)
    lacks = lacking(source)
    here = len(every) - len(lacks)
    return f"{len(every)}, {here or 'none'} here" if lacks else str(len(every))
