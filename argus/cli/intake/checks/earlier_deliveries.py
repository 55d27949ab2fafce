"""What is known of the deliveries that came in before, also where their files are not here.

The `.dvc` file of a delivery, which is in Git, lists its labels under `meta`; of deliveries made
before it did, the catalogue, their files or the reports of the last turn tell.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from argus.cli.sources.rights import delivery_refusals
from argus.core.errors import ArgusError
from argus.core.params import Params
from argus.core.paths import IMAGES, INGESTED, RAW, REPORTS
from argus.data import rights_cards
from argus.data.catalogue import SCHEMA, UNKNOWN
from argus.data.deliveries import described
from argus.data.pulled import deliveries_known, tracker_of

SPLIT_REPORT = REPORTS / "split.json"
COMPARED = (
    *("image_id", "source", "delivery", "path", "member", "offset", "size", "received_at"),
    *("label", "sequence"),
)
"""The columns of the catalogue that an earlier image is compared by."""


@dataclass(frozen=True)
class EarlierDelivery:
    """A delivery that is in, and whose images may be used today."""

    source: str
    name: str
    origin: str
    catalogue: pl.DataFrame  # what ingest made of the source

    @property
    def folder(self) -> Path:
        """Where its files lie, if they are here."""
        return RAW / self.source / self.name

    def rows(self) -> pl.DataFrame | None:
        """Its images in the columns `COMPARED`, `image_id` where it was ingested; None if its files
        are not here and neither is the catalogue.
        """
        ingested = self.catalogue.filter(delivery=self.name)
        if ingested.height:
            return ingested
        try:
            found = described(self.source, self.folder, self.origin)
        except (ArgusError, OSError):
            return None
        unknown = pl.lit(None, dtype=pl.String).alias("image_id")
        return found.with_columns(unknown).select(COMPARED)

    def labels(self) -> set[str] | None:
        """Its labels; None if nothing says."""
        labels = _meta(tracker_of(self.folder)).get("labels")
        if isinstance(labels, dict):
            return set(map(str, labels))
        found = self.rows()
        return None if found is None else set(found["label"].drop_nulls())


def earlier_deliveries(settings: Params, today: date) -> list[EarlierDelivery]:
    """The deliveries of the sources in use whose rights hold today, by source and name.

    Those that were taken back are not among them: their images may come in again.
    """
    found = []
    for source in settings.sources:
        try:
            card = rights_cards.read(source)
        except ArgusError:  # reported when it is used
            continue
        ingested = _ingested(source)
        found += [
            EarlierDelivery(source, name, card.origin, ingested)
            for name in sorted(deliveries_known(source))
            if not delivery_refusals(card, name, settings.ingest, today)
        ]
    return found


def known_labels(earlier: Sequence[EarlierDelivery]) -> set[str]:
    """The labels of deliveries; for those of which nothing says, the classes of the last turn."""
    labels = [each.labels() for each in earlier]
    found = set().union(*(each for each in labels if each is not None))
    return found | (_classes() if None in labels else set())


def _classes() -> set[str]:
    """The classes of the last turn by its report, which is in Git."""
    try:
        per_class = json.loads(SPLIT_REPORT.read_text(encoding="utf-8"))["per_class"]
        return {name for split in per_class.values() for name in split} - {UNKNOWN}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return set()


def _meta(tracker: Path) -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(tracker.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    meta = content.get("meta") if isinstance(content, dict) else None
    return meta if isinstance(meta, dict) else {}


def _ingested(source: str) -> pl.DataFrame:
    """What ingest made of a source, without what was taken back; empty if it is not here."""
    path = INGESTED / source / IMAGES
    try:
        found = pl.read_parquet(path, columns=[*COMPARED, "status"], memory_map=False)
    except FileNotFoundError:
        return pl.DataFrame(schema={name: SCHEMA[name] for name in COMPARED})
    return found.filter(pl.col("status") != "withdrawn").select(COMPARED)
