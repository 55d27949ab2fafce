"""What was decided stays decided: the record of splits that every turn hands on to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from argus.core.errors import ArgusError
from argus.data import catalogue
from argus.data.catalogue import SPLITS, UNKNOWN
from stages.split.arrivals import Arrivals

NONE = -1  # no split; else its number in SPLITS

SCHEMA: dict[str, pl.DataType] = {
    "name": pl.String(),  # the image_id of an image, or the name of a drive
    "split": pl.String(),
    "source": pl.String(),  # of an image that was in use; null for copies and drives
    "label": pl.String(),  # the class that it was of then; null where the source is
}
"""One row for each name.

Nothing ever leaves the record, whatever becomes of the images: a drive that is erased and delivered
again is held out again. A drive all of whose images were embargoed is in it as well, as what it
brings later follows. Images of drives have rows of their own, since the same file may come in with
another drive, and since images are what is balanced. So have their copies, in the split of the
image that they were dropped for: when that goes and they take its place, what was held out must not
train.
"""
OLD = {**SCHEMA, "part": pl.Float64()}  # when drives were balanced, which had a row for each class


def empty() -> pl.DataFrame:
    """The record before the first turn."""
    return pl.DataFrame(schema=SCHEMA)


def of_turn(found: pl.DataFrame, images: pl.DataFrame) -> pl.DataFrame:
    """The record that a turn handed on, as in `SCHEMA`.

    One of the time when drives were balanced says where everything belongs, but not of which class
    an image was. Its images that are still in use count as what they are now, the others not.

    Args:
        found: the record as it was written.
        images: the catalogue.

    Raises:
        ArgusError: it has columns of neither time.
    """
    if dict(found.schema) == SCHEMA:
        return found
    if dict(found.schema) != OLD:
        raise ArgusError(
            f"the record of splits has columns {', '.join(found.columns)}, which this version "
            "cannot read: take the turn with the version that wrote it, or a later one"
        )
    names = found.select("name", "split").unique("name", keep="first", maintain_order=True)
    now = catalogue.accepted(images).select(
        "source", name="image_id", label=pl.col("label").fill_null(UNKNOWN)
    )
    return names.join(now, on="name", how="left", maintain_order="left").select(*SCHEMA)


@dataclass(frozen=True)
class PriorSplits:
    """What a record means for N images of G groups, of C classes and K kinds.

    Attributes:
        group_split: int8 [G], the split of each group; -1 for one that is not in the record.
        known: bool [N], whether the image itself is in the record.
        of_class: int64 [C, 3], how many images of the record each split has of each class: of what
            is in use as it is labelled now, of what is gone as it was.
        of_kind: int64 [K, 3], likewise of each class of each source.
        moved: int64 [M], sorted: the places of images in use that were in a split before, or copies
            of such, but not of the split that the record has for their group now.
        moved_from: int8 [M], the splits that those were in.
    """

    group_split: np.ndarray
    known: np.ndarray
    of_class: np.ndarray
    of_kind: np.ndarray
    moved: np.ndarray
    moved_from: np.ndarray

    @classmethod
    def of(cls, record: pl.DataFrame, images: pl.DataFrame, arrivals: Arrivals) -> PriorSplits:
        """Look up a catalogue in a record.

        Args:
            record: as in `SCHEMA`.
            images: the catalogue.
            arrivals: of that catalogue.
        """
        numbers = {name: number for number, name in enumerate(SPLITS)}
        record = record.with_columns(
            pl.col("split").replace_strict(numbers, return_dtype=pl.Int8).alias("side")
        )
        group_split = _sides(arrivals.names, record)
        ids = images["image_id"].gather(arrivals.row)
        before = _sides(ids, record)
        known = before != NONE
        moved = np.flatnonzero(arrivals.used & known & (before != group_split[arrivals.group]))
        kinds = arrivals.kinds.with_columns(
            kind=pl.int_range(pl.len()),
            number=pl.int_range(pl.len()) % max(arrivals.classes, 1),
        )
        counted = record.filter(pl.col("label").is_not_null())
        here = arrivals.used & ids.is_in(counted["name"].implode()).to_numpy()
        gone = counted.filter(~pl.col("name").is_in(ids.filter(here).implode()))
        classes = kinds.head(arrivals.classes).select("label", "number")
        of_class = _tally(gone.join(classes, on="label"), "number", arrivals.classes)
        of_kind = _tally(gone.join(kinds, on=["source", "label"]), "kind", kinds.height)
        np.add.at(of_class, (arrivals.label[here], before[here]), 1)
        np.add.at(of_kind, (arrivals.kind[here], before[here]), 1)
        return cls(group_split, known, of_class, of_kind, moved, before[moved])


def _tally(images: pl.DataFrame, by: str, count: int) -> np.ndarray:
    """How many of some images, with their `side`, are of each number: int64 [count, 3]."""
    cell = images[by].to_numpy() * len(SPLITS) + images["side"].to_numpy()
    return np.bincount(cell, minlength=count * len(SPLITS)).reshape(-1, len(SPLITS))


def _sides(names: pl.Series, record: pl.DataFrame) -> np.ndarray:
    """The split of each name, -1 for one that has none: int8 [N]."""
    found = names.to_frame("name").join(record, on="name", how="left", maintain_order="left")
    return found["side"].fill_null(NONE).to_numpy()


def handed_on(
    record: pl.DataFrame,
    images: pl.DataFrame,
    arrivals: Arrivals,
    group_split: np.ndarray,
    side: np.ndarray,
) -> pl.DataFrame:
    """The record for the next turn: what it was, and behind that what is new.

    Args:
        record: as in `SCHEMA`.
        images: the catalogue.
        arrivals: N images of that catalogue, of G groups.
        group_split: int8 [G], the split of each group now, -1 for none.
        side: int8 [N], the split of each image in use, -1 for others.
    """
    of_copies = np.where(arrivals.copy_of >= 0, side[arrivals.copy_of], np.int8(NONE))
    ids = images["image_id"].gather(arrivals.row)
    in_use = pl.DataFrame({"name": ids, "split": spelt(side)}).hstack(arrivals.kinds[arrivals.kind])
    groups, copies = (
        {"name": n, "split": spelt(s)} for n, s in ((arrivals.names, group_split), (ids, of_copies))
    )
    parts = [in_use, pl.DataFrame(groups), pl.DataFrame(copies)]
    new = pl.concat(parts, how="diagonal").drop_nulls("split")
    new = new.unique("name", keep="first", maintain_order=True)
    new = new.join(record, on="name", how="anti", maintain_order="left")
    return pl.concat([record, new.select(*SCHEMA)])


def spelt(side: np.ndarray) -> pl.Series:
    """The names of splits by their numbers in `SPLITS`, int8 [N]; null for -1."""
    names = dict(enumerate(SPLITS))
    return pl.Series(side).replace_strict(names, default=None, return_dtype=pl.String)
