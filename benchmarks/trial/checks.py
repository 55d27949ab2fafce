"""What the trial must show, read from the tables of its turns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from argus.data import catalogue

DECODED = re.compile(r"(\S+): \d+ images, (\d+) decoded now.*")
KEY = ["source", "delivery", "path"]


class Check(NamedTuple):
    """One statement about the trial, and whether it holds."""

    what: str
    found: str
    wanted: str
    holds: bool


def decoded(lines: Iterable[str]) -> dict[str, int]:
    """How many images each run of `ingest` decoded, from what it printed."""
    found = (DECODED.fullmatch(line) for line in lines)
    return {match[1]: int(match[2]) for match in found if match}


def only_new_decoded(
    decoded: dict[str, int], before: pl.DataFrame, after: pl.DataFrame, turn: int
) -> Check:
    """A turn decoded each image that it saw for the first time once, and no other.

    Args:
        decoded: as `decoded` gives it, for that turn.
        before: the catalogue of the turn before.
        after: that of the turn.
        turn: its number.
    """
    new = set(after["image_id"]) - set(before["image_id"])
    n = sum(decoded.values())
    shown = ", ".join(f"{source} {count}" for source, count in decoded.items()) or "none"
    return Check(
        f"images decoded in turn {turn}", shown, f"{len(new)} (distinct new files)", n == len(new)
    )


def copies(images: pl.DataFrame, sequence: str, wanted: int) -> Check:
    """A drive that consists of copies is found to do so."""
    found = fates(images, sequence)
    n = found.get("exact_copy", 0)
    return Check(f"exact copies in {sequence}", str(n), str(wanted), n == wanted)


def shrunk(images: pl.DataFrame, sequence: str) -> Check:
    """A drive at full frame rate loses most frames as near-duplicates, but not all to one."""
    found = fates(images, sequence)
    total, kept = sum(found.values()), found.get("accepted", 0)
    shown = ", ".join(f"{status} {n}" for status, n in found.items())
    return Check(f"what {sequence} shrank to", shown, "2 to half kept", 1 < kept <= total / 2)


def unmoved(before: pl.DataFrame, after: pl.DataFrame, turn: int) -> Check:
    """No image of the turn before is in another split now, or in one where it was in none."""
    both = before.select(*KEY, "split").join(
        after.select(*KEY, pl.col("split").alias("now")), on=KEY, how="left"
    )
    moved = both.filter(~pl.col("split").eq_missing(pl.col("now"))).height
    return Check(
        f"of {both.height} images, in another split after turn {turn}",
        str(moved),
        "0",
        moved == 0,
    )


def leakless(leaks: int, turn: int) -> Check:
    """No training image lies near a held-out one, by the metric of `split`."""
    return Check(f"leaks in turn {turn}", str(leaks), "0", leaks == 0)


def enough(images: pl.DataFrame, label: str, train: int, held_out: int) -> list[Check]:
    """So many images of a class train, and so many are held out to judge by."""
    trained, _, tested = by_split(images).get(label, (0, 0, 0))
    return [
        Check(f"{label} in train", str(trained), f"{train} and more", trained >= train),
        Check(f"{label} in test", str(tested), f"{held_out} and more", tested >= held_out),
    ]


def by_split(images: pl.DataFrame) -> dict[str, tuple[int, ...]]:
    """Images in use of each class, `unlabelled` among them, in train, val and test."""
    used = catalogue.accepted(images).with_columns(pl.col("label").fill_null("unlabelled"))
    return {
        label: tuple(
            used.filter(pl.col("label") == label, pl.col("split") == split).height
            for split in ("train", "val", "test")
        )
        for label in used["label"].unique().sort()
    }


def fates(images: pl.DataFrame, sequence: str) -> dict[str, int]:
    """How many frames of a drive came to which end."""
    return catalogue.counts(images.filter(pl.col("sequence") == sequence)["status"])
