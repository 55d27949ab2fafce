"""Measuring only what is new: files not seen before are read, content not seen before is decoded.

Two side caches. `files` knows the content of a file by its path, size and time of change, as Git
and DVC do; `ingest` knows what was measured of a content. Both are added to while a long delivery
is read, so that a run that was killed goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from argus.core import code
from argus.core.caches import SideCache
from argus.core.files import remove
from argus.core.progress import Steps
from argus.data import reading
from argus.data.catalogue import SCHEMA
from argus.data.deliveries import require_there
from argus.data.images.decode import Limits
from argus.data.measuring import measure, quality

if TYPE_CHECKING:  # what settings there are besides does not decide a measurement
    from argus.core import params

FILE = ["source", "delivery", "path", "offset", "size", "mtime_ns"]
MEASURED = [
    "decode",
    "captured_at",
    "width",
    "height",
    "pixels",
    "phash",
    "phash_mirrored",
    "fragile",
    *quality.QualityIndicators._fields,
    "torn",
    "status",
]
FACTS = {name: SCHEMA[name] for name in ("image_id", *MEASURED)}


def measured(rows: pl.DataFrame, settings: params.Ingest) -> tuple[pl.DataFrame, int]:
    """The rows with `image_id` and their measurements, and how many images were decoded.

    Args:
        rows: as `deliveries.described` gives them; those with a status already are left alone.
        settings: of ingest.
    """
    found, decoded = _measured(rows, settings, None)
    stated = stated_sample_max(rows, settings.sample_max)
    asked = (found["status"] == "unknown_range").fill_null(False) & stated.is_not_null()
    number = pl.int_range(rows.height, dtype=pl.Int64, eager=True).alias("number")
    parts = [found.with_columns(number).filter(~asked)]
    for white in stated.filter(asked).unique().sort():
        which = asked & (stated == white).fill_null(False)
        found, more = _measured(rows.filter(which), settings, white)
        parts.append(found.with_columns(number.filter(which)))
        decoded += more
    return pl.concat(parts).sort("number").drop("number"), decoded


def _measured(
    rows: pl.DataFrame, settings: params.Ingest, sample_max: float | None
) -> tuple[pl.DataFrame, int]:
    """The same, of files that are all read by one `sample_max`, each value with its own cache."""
    name = "ingest" if sample_max is None else f"ingest-white-{sample_max}"
    rows = rows.with_columns(pl.lit(sample_max, dtype=pl.Float64).alias("sample_max"))
    how = measure.How(settings.hash.decode, limits(settings))
    facts_cache = SideCache(name, code.version(__name__, how))
    files_cache = SideCache("files", code.version(__name__), key=FILE)
    facts = facts_cache.read()
    facts = pl.DataFrame(schema=FACTS) if facts is None else facts
    files = files_cache.read()
    if files is None:
        files = pl.DataFrame(schema={**rows.select(FILE).schema, "image_id": pl.String()})

    opened = pl.col("status").is_null()
    named = rows.join(files, on=FILE, how="left", maintain_order="left", nulls_equal=True)
    unread = named.filter(opened).join(facts, on="image_id", how="anti", maintain_order="left")
    new_files, new_facts = [files], [facts]
    with (
        _known(facts, facts_cache) as known,
        facts_cache.adding() as kept_facts,
        files_cache.adding() as kept_files,
    ):
        for of_files, of_contents in parts(unread, replace(how, known=known)):
            kept_facts.keep(of_contents)
            kept_files.keep(of_files)
            new_files.append(of_files)
            new_facts.append(of_contents)
    before = facts.height
    # a file that was decoded in two chunks, as two copies of it came in at once, is in it twice
    facts = pl.concat(new_facts).unique("image_id", keep="first", maintain_order=True)
    files = pl.concat(new_files).unique(FILE, keep="last", maintain_order=True)
    named = rows.join(files, on=FILE, how="left", maintain_order="left", nulls_equal=True)
    found = named.join(facts, on="image_id", how="left", maintain_order="left", suffix="_found")
    return found.with_columns(
        pl.coalesce(name, f"{name}_found").alias(name) for name in ("status", "captured_at")
    ), facts.height - before


def limits(settings: params.Ingest) -> Limits:
    """What is decoded at all."""
    return Limits(
        settings.min_side, settings.max_pixels, settings.max_aspect, settings.max_memory * 10**6
    )


def parts(unread: pl.DataFrame, how: measure.How) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Measure files and yield what was found, a chunk of them at a time.

    Yields:
        The columns `FILE` with `image_id`; and the columns `FACTS` of those decoded.
    """
    done = 0
    with Steps(unread.height, "reading") as steps:
        for rows in measure.measure_all(reading.image_refs(unread), how):
            ids = pl.Series("image_id", [row["image_id"] for row in rows], dtype=pl.String)
            files = unread[done : done + len(rows)].select(FILE).with_columns(ids)
            decoded = [row for row in rows if "status" in row]
            yield files, pl.DataFrame(decoded, schema=FACTS, orient="row")
            done += len(rows)
            steps.advance(len(rows))


def stated_sample_max(rows: pl.DataFrame, sample_max: Mapping[str, float]) -> pl.Series:
    """The sample that is white, by `ingest.sample_max`, of each row; null where it says nothing.

    What is said of a delivery goes before what is said of its source.

    Args:
        rows: `source`, `delivery`.
        sample_max: by `<source>` or `<source>/<delivery>`.

    Returns:
        float64 [N].

    Raises:
        ArgusError: a source or delivery is named that is not there: it was meant for another.
    """
    for source in rows["source"].unique().sort():
        require_there("ingest.sample_max", sample_max, source)
    known = pl.DataFrame(
        {"name": [*sample_max], "stated": [*sample_max.values()]},
        schema={"name": pl.String, "stated": pl.Float64},
    )
    named = pl.concat_str("source", "delivery", separator="/")
    found = rows.select("source", named.alias("delivery"))
    by = [
        found.join(known, left_on=key, right_on="name", how="left", maintain_order="left")["stated"]
        for key in ("delivery", "source")
    ]
    return by[0].fill_null(by[1])


@contextmanager
def _known(facts: pl.DataFrame, cache: SideCache) -> Iterator[Path | None]:
    """A file of the hashes of all content known, for the processes to map into memory."""
    if facts.is_empty():
        yield None
        return
    path = cache.scratch("known.npy")
    try:
        np.save(path, np.sort(np.array([bytes.fromhex(i) for i in facts["image_id"]], dtype="S32")))
        yield path
    finally:
        remove(path)
