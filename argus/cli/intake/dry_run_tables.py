"""A dry run in words and tables."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import polars as pl

from argus.cli.intake.dry_run import DryRun
from argus.cli.intake.received import unlike_images
from argus.cli.tables import Table
from argus.cli.terminal import say
from argus.core.errors import ArgusError, printable, warn
from argus.data import names
from argus.data.catalogue import STATUSES

DRIVES = 3  # named of each label, the longest
LABELS = 40  # rows; of more, something is wrong with the labels
NONE = "(none)"


def show(found: DryRun, command: Sequence[str]) -> None:
    """Print what a dry run has found.

    Args:
        found: that.
        command: the arguments of `argus submit` as they were given.

    Raises:
        ArgusError: the delivery would be refused.
    """
    source, delivery = found.images.select("source", "delivery").row(0)
    say(f"dry run of {source}/{delivery}: {found.images.height} files, nothing was copied")
    by_label(found.images).show()
    out = refused(found.images)
    if out.rows:
        out.show()
    accepted = found.images.filter(status="accepted").height
    say(
        f"ingest would take {accepted} of {found.images.height}, all of which were looked at; "
        "dedupe, which comes next, was not tried"
    )
    strange = unlike_images(found.images)
    if strange:
        say(f"not named as images, so judged by what they hold: {strange}")
    for text in found.remarks:
        warn(printable(text))
    words = [word for word in command if word != "--dry-run"]
    real = f"argus {shlex.join(words)}"
    if found.refusal is not None:
        raise ArgusError(
            f"{found.refusal}\nThis was a dry run: nothing was changed. If these labels are meant: "
            f"{real} {found.options}"
        )
    say(f"this was a dry run: nothing was changed. To take them in: {real}")


def by_label(images: pl.DataFrame) -> Table:
    """How many images and drives come of each label, how many of them ingest would refuse, and the
    longest drives; the most first. What is not an image at all does not count.

    Args:
        images: rows of the catalogue.
    """
    drive = pl.col("sequence").str.strip_prefix(pl.col("source") + "/").alias("drive")
    refused = (pl.col("status") != "accepted").alias("refused")
    shown = images.filter(pl.col("status") != "not_an_image").select("label", drive, refused)
    counted = shown.group_by("label", "drive").agg(pl.len(), pl.col("refused").sum())
    counted = counted.sort("len", "drive", descending=[True, False])
    labels = (
        counted.group_by("label")
        .agg(pl.col("len", "refused").sum())
        .sort("len", "label", descending=[True, False])
    )
    rows = []
    for label, n, out in labels.head(LABELS).rows():
        of_label = counted.filter(pl.col("label").eq_missing(pl.lit(label, pl.String)))
        drives = of_label.drop_nulls("drive").select("drive", "len").rows()
        longest = ", ".join(f"{name}: {count}" for name, count in drives[:DRIVES])
        more = f" and {len(drives) - DRIVES} more" if len(drives) > DRIVES else ""
        without = n - sum(count for _, count in drives)
        numbers = [str(number) for number in (n, out, len(drives), without)]
        rows.append([label or NONE, *numbers, longest + more])
    if labels.height > LABELS:
        rest = labels[LABELS:]
        rows.append(
            [f"{rest.height} more", str(rest["len"].sum()), str(rest["refused"].sum()), *[""] * 3]
        )
    headers = ["label", "images", "refused", "drives", "without drive", "longest drives"]
    return Table("What would come in", headers, rows, frozenset({1, 2, 3, 4}))


def refused(images: pl.DataFrame) -> Table:
    """How many images ingest would refuse for what, with examples.

    Args:
        images: rows of the catalogue.
    """
    out = images.filter(pl.col("status") != "accepted").with_columns(
        name=pl.col("member").fill_null(pl.col("path"))
    )
    counts = out.group_by("status").agg(pl.len(), pl.col("name").sort())
    rows = [
        [status, str(n), names.some(examples), STATUSES.get(status, "")]
        for status, n, examples in counts.sort("len", "status", descending=[True, False]).rows()
    ]
    headers = ["status", "images", "such as", "meaning"]
    return Table("What ingest would refuse", headers, rows, frozenset({1}))
