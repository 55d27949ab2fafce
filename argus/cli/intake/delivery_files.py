"""What stands beside the images of a delivery: what is known of each, and whence it was fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
import yaml

from argus.cli.intake.batch import Item
from argus.cli.repository import git
from argus.core.progress import track
from argus.data import catalogue, index, shards


def write_index(items: Sequence[Item], folder: Path) -> None:
    """Write `index.csv` of those items of which something is known; none, no file."""
    facts = [(i.path, i.label, i.sequence, i.captured_at) for i in items if i.has_metadata]
    if facts:
        schema = {"path": pl.String(), **index.KNOWN}
        index.write(folder, pl.DataFrame(facts, schema=schema, orient="row"))


def write_shards(items: Sequence[Item], folder: Path) -> None:
    """Write the images and what is known of each into shards."""
    samples = as_samples(items)
    shards.write(folder, track(samples, "sharding", len(samples), unit="files"))


def as_samples(items: Sequence[Item]) -> list[shards.Sample]:
    """The images as they are going to lie in shards.

    Raises:
        ArgusError: one cannot lie in a shard under its name.
    """
    samples = [shards.Sample(i.file, i.path, i.label, i.sequence, i.captured_at) for i in items]
    return shards.named(samples)


def write_meta(tracker: Path, rows: pl.DataFrame, imported: Mapping[str, str] | None) -> None:
    """Say in the `.dvc` file of a delivery what a clone should know of it without its files: its
    labels, and where it was fetched from. DVC keeps `meta` as it is.

    Args:
        tracker: the `.dvc` file.
        rows: the images of the delivery.
        imported: from where; None if from no repository.
    """
    meta: dict[str, object] = {"labels": catalogue.counts(rows["label"].drop_nulls())}
    if imported:
        meta["imported"] = dict(imported)
    staged = git.attempt("diff", "--cached", "--quiet", "--", str(tracker)).returncode == 1
    with tracker.open("a", encoding="utf-8") as stream:
        yaml.safe_dump({"meta": meta}, stream, sort_keys=False, allow_unicode=True)
    if staged:  # by DVC, with core.autostage
        git.git("add", "--", str(tracker))
