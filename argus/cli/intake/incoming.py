"""The images of a batch as ingest will see them, before any of them is copied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

import polars as pl

from argus.cli.intake.batch import Batch
from argus.core.errors import ArgusError
from argus.data import index, names, reading
from argus.data.deliveries import as_written, spelt
from argus.data.images.decode import READERS
from argus.data.manifests import Manifest


@dataclass(frozen=True)
class Incoming:
    """Images that somebody wants to deliver.

    `rows`: one per file or member of a shard, in the columns of `deliveries.described`, with its
    `name`, `label_written` as whoever sent it wrote the label, and whether it is an `image` by its
    name or its first bytes. `files`: where the files lie now, by their `path` in the delivery (not
    in a table, as a folder's name need not be UTF-8).
    """

    rows: pl.DataFrame
    files: Mapping[str, Path]

    @property
    def images(self) -> pl.DataFrame:
        """The rows that are images."""
        return self.rows.filter("image")

    @property
    def folder(self) -> str:
        """The name of the folder that was submitted."""
        path, file = next(iter(self.files.items()))
        return PurePath(str(file.absolute()).removesuffix(path)).name

    def image_refs(self, rows: pl.DataFrame) -> list[reading.ImageRef]:
        """Where the bytes of some of the rows lie now."""
        found = reading.image_refs(rows)
        return [place._replace(path=str(self.files[place.path].absolute())) for place in found]


def describe_batch(batch: Batch, source: str, manifest: Manifest, origin: str) -> Incoming:
    """What a batch brings.

    Args:
        batch: that.
        source: whose images they are.
        manifest: what is going to describe the delivery.
        origin: of the source's images.

    Raises:
        ArgusError: a shard is invalid.
    """
    facts = [(i.path, i.label, i.sequence, i.captured_at) for i in batch.items if i.has_metadata]
    schema = {"path": pl.String(), **index.KNOWN}
    known = pl.DataFrame(facts, schema=schema, orient="row") if facts else None
    files = {item.path: item.file for item in batch.items}
    written = as_written(files.items(), manifest, known)
    rows = spelt(written, source, manifest, origin).with_columns(
        written["label"].alias("label_written"),
        pl.col("member").fill_null(pl.col("path")).alias("name"),
    )
    found = Incoming(rows, files)
    images = [
        names.is_image(name) or _begins_as_one(place)
        for name, place in zip(rows["name"], found.image_refs(rows), strict=True)
    ]
    return Incoming(rows.with_columns(pl.Series("image", images, dtype=pl.Boolean)), files)


def _begins_as_one(place: reading.ImageRef) -> bool:
    longest = max(map(len, READERS))
    try:
        begin = reading.read_bytes(place._replace(offset=place.offset or 0, size=longest))
    except (ArgusError, reading.UnreadableImageError):  # whoever copies it will say so
        return False
    return begin.startswith(tuple(READERS))
