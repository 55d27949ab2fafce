"""What was decided stays decided: the record of splits that every turn hands on to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from stages.common.catalogue import SPLITS
from stages.split.arrivals import Arrivals

NONE = -1  # no split; else its number in SPLITS

SCHEMA: dict[str, pl.DataType] = {
    "name": pl.String(),  # of a drive, or the image_id of an image
    "split": pl.String(),
    "source": pl.String(),  # of the urn that a drive or single image drew from; null: not drawn
    "label": pl.String(),  # the class of that urn
    "part": pl.Float64(),  # share of the drive's images that counted for that urn, 0 to 1
}
"""One row for each name; for a drive that drew, one for each class that it showed then.

Nothing ever leaves the record, whatever becomes of the images: a drive that is erased and delivered
again is held out again. A drive all of whose images were embargoed is in it as well, as it was
counted and what it brings later follows. Images of drives have rows of their own, since the same
file may come in with another drive. So have their copies, in the split of the image that they were
dropped for: when that goes and they take its place, what was held out must not train.
"""


def empty() -> pl.DataFrame:
    """The record before the first turn."""
    return pl.DataFrame(schema=SCHEMA)


@dataclass(frozen=True)
class Standing:
    """What a record means for N images of G groups and the U urns of a catalogue.

    Attributes:
        home: int8 [G], the split of each group; -1 for one that is not in the record.
        known: bool [N], whether the image itself is in the record.
        drawn: float64 [U, 3], how many drives of the record each split has had of each urn.
        stray: int64 [M], sorted: the places of images in use that were in a split before, or copies
            of such, but not of the split that the record has for their group now.
        before: int8 [M], the splits that those were in.
    """

    home: np.ndarray
    known: np.ndarray
    drawn: np.ndarray
    stray: np.ndarray
    before: np.ndarray

    @classmethod
    def of(cls, record: pl.DataFrame, images: pl.DataFrame, arrivals: Arrivals) -> Standing:
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
        sides = record.select("name", "side").unique("name")
        home = _sides(arrivals.names, sides)
        before = _sides(images["image_id"].gather(arrivals.row), sides)
        known = before != NONE
        stray = np.flatnonzero(arrivals.used & known & (before != home[arrivals.group]))
        urns = arrivals.kinds.with_row_index("urn")
        drawn = record.join(urns, on=["source", "label"], maintain_order="left")
        mass = np.bincount(
            drawn["urn"].to_numpy() * np.int64(len(SPLITS)) + drawn["side"].to_numpy(),
            drawn["part"].to_numpy(),
            urns.height * len(SPLITS),
        )
        return cls(home, known, mass.reshape(-1, len(SPLITS)), stray, before[stray])


def _sides(names: pl.Series, sides: pl.DataFrame) -> np.ndarray:
    """The split of each name, -1 for one that has none: int8 [N]."""
    found = names.to_frame("name").join(sides, on="name", how="left", maintain_order="left")
    return found["side"].fill_null(NONE).to_numpy()


def handed_on(
    record: pl.DataFrame,
    images: pl.DataFrame,
    arrivals: Arrivals,
    home: np.ndarray,
    drew: np.ndarray,
    side: np.ndarray,
) -> pl.DataFrame:
    """The record for the next turn: what it was, and behind that what is new.

    Args:
        record: as in `SCHEMA`.
        images: the catalogue.
        arrivals: N images of that catalogue, of G groups, in B arrivals.
        home: int8 [G], the split of each group now, -1 for none.
        drew: bool [B], the arrivals with which a group was put into the urns.
        side: int8 [N], the split of each image in use, -1 for others.
    """
    arrival, urn, part = arrivals.shown()
    counted = drew[arrival]
    group = arrivals.group[arrivals.starts[arrival[counted]]]
    of_urns = pl.DataFrame({"name": arrivals.names.gather(group)}).hstack(
        arrivals.kinds[urn[counted]].with_columns(part=part[counted])
    )
    groups = _named(arrivals.names, home)
    groups = groups.join(of_urns, on="name", how="left", maintain_order="left_right")
    of_copies = np.where(arrivals.copy_of >= 0, side[arrivals.copy_of], np.int8(NONE))
    ids = images["image_id"].gather(arrivals.row)
    single = pl.concat([_named(ids, side), _named(ids, of_copies)])
    single = single.join(groups, on="name", how="anti", maintain_order="left")
    single = single.unique("name", keep="first", maintain_order=True)
    new = pl.concat([groups, single], how="diagonal")
    new = new.join(record, on="name", how="anti", maintain_order="left")
    return pl.concat([record, new.select(*SCHEMA)])


def spelt(side: np.ndarray) -> pl.Series:
    """The names of splits by their numbers in `SPLITS`, int8 [N]; null for -1."""
    names = dict(enumerate(SPLITS))
    return pl.Series(side).replace_strict(names, default=None, return_dtype=pl.String)


def _named(names: pl.Series, side: np.ndarray) -> pl.DataFrame:
    """Those names that have a split, and it."""
    return pl.DataFrame({"name": names, "split": spelt(side)}).drop_nulls()
