"""What `argus submit` would take in, and what ingest would make of it; nothing is copied.

Ingest's own measuring and rules are run on all the files where they lie. No cache is read or
written and nothing is locked, so that nothing at all has changed afterwards.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from argus.cli.intake import admission
from argus.cli.intake.batch import Importer
from argus.cli.intake.checks.delivery_warnings import delivery_warnings
from argus.cli.intake.checks.earlier_deliveries import earlier_deliveries, known_labels
from argus.cli.intake.delivery_files import as_samples
from argus.cli.intake.incoming import Incoming
from argus.cli.intake.labels.new_labels import (
    command_options,
    explain_refusal,
    find_new_labels,
    unconfirmed_labels,
)
from argus.cli.repository.lock import TEMPORARY
from argus.core import params
from argus.core.files import remove
from argus.core.progress import Steps
from argus.data import terms
from argus.data.catalogue import in_schema
from argus.data.measuring import measure_cache
from argus.data.measuring.flaws import doubts, with_flaws
from argus.data.measuring.measure import How, measure_all


@dataclass(frozen=True)
class DryRun:
    """What would come of a submission.

    `target`: where the delivery would lie. `images`: a row per image in the columns of the
    catalogue, with the `status` that ingest would give it. `remarks`: what a person should know.
    `refusal`: why its labels would not be taken in, None if they would be; `options`: what to add
    to the command if they are meant.
    """

    target: Path
    images: pl.DataFrame
    remarks: Sequence[str]
    refusal: str | None
    options: str


def dry_run(
    importer: Importer,
    source: str,
    delivery: str | None,
    now: datetime,
    shard: bool = False,
    new_labels: Sequence[str] = (),
) -> DryRun:
    """Check a submission as `submit` does, and measure its images as ingest does.

    Args:
        importer: where the images come from; called when the source has been admitted.
        source: whose images they are.
        delivery: its name; the time of arrival if None.
        now: the time of arrival, with a zone.
        shard: whether the images would be written into `.tar` shards.
        new_labels: labels that a person confirms, though no delivery has had them.

    Raises:
        ArgusError: as `submit` does, but for unknown labels; or an image cannot be read.
    """
    settings = params.load()
    coming = admission.admit(source, delivery, now)
    with _scratch() as scratch:
        batch = importer(scratch)
        files = admission.check_batch(batch, coming)
        if shard:
            as_samples(batch.items)
        before = earlier_deliveries(settings, now.date())
        known = known_labels(before)
        strange = unconfirmed_labels(files, known, new_labels)
        refusal = explain_refusal(strange, files, known) if strange else None
        judged = as_ingested(files, settings.ingest)
        new = [] if strange else find_new_labels(files.images, known)
        found = delivery_warnings(files, before, new, judged["image_id"])
    quality = settings.ingest.quality
    found += [doubt.in_words(quality.most) for doubt in doubts(judged, quality)]
    if coming.target.exists():
        found.insert(
            0,
            f"{source}/{coming.name} exists: if it holds these very files, the command says so and "
            "does nothing; else it refuses, as deliveries are never changed",
        )
    return DryRun(coming.target, judged, found, refusal, command_options(strange))


def as_ingested(files: Incoming, settings: params.Ingest) -> pl.DataFrame:
    """The rows that ingest would make of a delivery, measured on the files where they lie.

    Raises:
        ArgusError: a file cannot be read.
    """
    rows = files.rows.with_row_index("number")
    found = _measured(rows.filter(pl.col("status").is_null()), files, settings, None)
    source, delivery = rows.select("source", "delivery").row(0)
    white = settings.sample_max.get(f"{source}/{delivery}", settings.sample_max.get(source))
    if white is not None:
        unknown = pl.col("status") == "unknown_range"
        again = rows.filter(pl.col("number").is_in(found.filter(unknown)["number"].implode()))
        found = pl.concat([found.filter(~unknown), _measured(again, files, settings, white)])
    refused = rows.filter(pl.col("status").is_not_null())
    measured = pl.concat([found, refused], how="diagonal_relaxed").sort("number")
    judged = with_flaws(in_schema(measured), settings.quality)
    return terms.without_withdrawn(judged, settings.withdrawn)


def _measured(
    rows: pl.DataFrame, files: Incoming, settings: params.Ingest, white: float | None
) -> pl.DataFrame:
    """The rows with what ingest measures."""
    rows = rows.with_columns(pl.lit(white, dtype=pl.Float64).alias("sample_max"))
    places = [place._replace(sample_max=white) for place in files.image_refs(rows)]
    facts = []
    with Steps(len(places), "reading") as steps:
        for found in measure_all(places, How(settings.hash.decode, measure_cache.limits(settings))):
            facts += found
            steps.advance(len(found))
    measured = pl.DataFrame(facts, schema=measure_cache.FACTS, orient="row")
    captured = pl.coalesce(rows["captured_at"], measured["captured_at"]).alias("captured_at")
    return rows.with_columns(measured.drop("captured_at")).with_columns(captured)


@contextmanager
def _scratch() -> Iterator[Path]:
    """An empty folder that is gone afterwards; of a process that was killed, the next command
    takes it away (`recovery.leftovers`).
    """
    folder = TEMPORARY / f".argus-dry-run.{os.getpid()}.part"
    was_there = TEMPORARY.exists()  # not in a clone that nothing has been done in
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        remove(folder)
        if not was_there:
            with suppress(OSError):  # another command has begun to use it
                TEMPORARY.rmdir()
