"""Images whose very bytes are in already, or come twice within one delivery.

`dedupe` keeps the first that came in, with its own label, drive and rights: what comes again has no
effect. Only files of equal size can be the same, so most are never read for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from argus.cli.intake.checks.earlier_deliveries import COMPARED, EarlierDelivery
from argus.cli.intake.incoming import Incoming
from argus.core.errors import ArgusError
from argus.core.progress import track
from argus.data import names, reading
from argus.data.catalogue import SCHEMA

PROGRESS_FROM = 1000  # images that are compared before anybody asks how long it takes
WITHDRAW = (
    "take that delivery back first (`argus delivery withdraw SOURCE/DELIVERY --reason ...`), and "
    "submit this one then"
)
SORT_OUT = "take out of the folder what is wrong"


@dataclass(frozen=True)
class Duplicates:
    """Images of a delivery that are in already, byte for byte.

    `copies`: a row for each image that is the same as one before, in order: `source`, `delivery`,
    `name`, `label`, `drive`, and the same with `_first` of the one before; `new_first` tells
    whether that comes in the same delivery. `images`: how many there are in the delivery.
    `unread`: deliveries with which it was not compared, as neither files nor catalogue are here.
    """

    copies: pl.DataFrame
    images: int
    unread: Sequence[str]

    def warnings(self) -> list[str]:
        """What a person should know of it, a line each."""
        again, within = (self.copies.filter(new_first=new) for new in (False, True))
        lines = []
        if again.height:
            where = again.group_by("source_first", "delivery_first").len()
            where = where.sort(
                "len", "source_first", "delivery_first", descending=[True, False, False]
            )
            places = names.some([f"{n} in {source}/{name}" for source, name, n in where.rows()])
            all_ = " (all there are: this delivery adds nothing)"
            lines.append(
                f"{again.height} of {self.images} images{all_ * (again.height == self.images)} are "
                f"in already, byte for byte: {places}; {_example(again)}. The first one counts, "
                "these become exact copies"
            )
            lines += _contradictions(again, WITHDRAW)
        if within.height:
            lines.append(
                f"{within.height} of {self.images} images are in this delivery before, byte for "
                f"byte: {_example(within)}. They become exact copies"
            )
            lines += _contradictions(within, SORT_OUT)
        if self.unread:
            lines.append(
                f"not compared with {names.some(self.unread)}: neither files nor catalogue are "
                "here (`dvc pull` fetches them)"
            )
        return lines


def find_duplicates(
    coming: Incoming, earlier: Sequence[EarlierDelivery], image_ids: pl.Series | None = None
) -> Duplicates:
    """Compare a delivery to come with those that are in, and within itself.

    Args:
        coming: the delivery.
        earlier: the deliveries that are in and whose images count.
        image_ids: of the delivery's rows, if they are known, null where not.
    """
    known = [(each, each.rows()) for each in earlier]
    schema = {name: SCHEMA[name] for name in COMPARED}
    before = pl.concat([pl.DataFrame(schema=schema), *(f for _, f in known if f is not None)])
    unknown = pl.Series([None], dtype=pl.String).new_from_index(0, coming.rows.height)
    here = coming.rows.with_columns(image_id=unknown if image_ids is None else image_ids)
    here = here.filter(pl.col("status").is_null())
    both = pl.concat(
        [
            _compared(before.sort("received_at", maintain_order=True), new=False),
            _compared(here, new=True),
        ]
    )
    of_equal_size = pl.col("new").any() & (pl.len() > 1) & (pl.col("size") > 0)
    same = _hashed(both.filter(of_equal_size.over("size")), coming).drop_nulls("image_id")
    first = same.unique("image_id", keep="first", maintain_order=True)
    copies = (
        same.filter(pl.col("new") & ~pl.col("image_id").is_first_distinct())
        .join(first, on="image_id", how="left", maintain_order="left", suffix="_first")
        .sort("new_first", maintain_order=True)
    )
    return Duplicates(
        copies, coming.rows.height, [f"{e.source}/{e.name}" for e, f in known if f is None]
    )


def _compared(rows: pl.DataFrame, new: bool) -> pl.DataFrame:
    """What is compared of images."""
    return rows.select(
        *("source", "delivery", "path", "offset", "size", "image_id", "label"),
        pl.col("member").fill_null(pl.col("path")).alias("name"),
        pl.col("sequence").str.strip_prefix(pl.col("source") + "/").alias("drive"),
        pl.lit(new).alias("new"),
    )


def _hashed(rows: pl.DataFrame, coming: Incoming) -> pl.DataFrame:
    """The rows with `image_id` filled in; null where the file cannot be read."""
    at = rows["image_id"].is_null().arg_true()
    if not len(at):
        return rows
    todo = rows[at]
    old = reading.image_refs(todo.filter(~pl.col("new")))  # which stand first
    places = [*old, *coming.image_refs(todo.filter("new"))]
    shown = track(places, "comparing", len(places)) if len(places) > PROGRESS_FROM else places
    found = [_digest(place) for place in shown]
    return rows.with_columns(rows["image_id"].scatter(at, pl.Series(found, dtype=pl.String)))


def _digest(place: reading.ImageRef) -> str | None:
    try:
        return reading.digest(place).hexdigest()
    except (ArgusError, reading.UnreadableImageError):
        return None  # whoever copies or ingests it will say so


def _example(copies: pl.DataFrame) -> str:
    row = copies.row(0, named=True)
    where = "" if row["new_first"] else f" of {_where(row)}"
    return f"such as {row['name']}, which is {row['name_first']}{where}"


def _contradictions(copies: pl.DataFrame, advice: str) -> Iterator[str]:
    """What else than before copies are said to show: one line, or none."""
    differences = []
    for fact in ("label", "drive"):
        now, before = pl.col(fact), pl.col(f"{fact}_first")
        other = copies.filter(now.is_not_null() & now.ne_missing(before))
        if other.height:
            row = other.row(0, named=True)
            had = row[f"{fact}_first"] or "none"
            differences.append(
                f"{other.height} with another {fact} (such as {row['name']}: {row[fact]} now, "
                f"{had} in {_where(row)})"
            )
    if differences:
        yield (
            f"of these come {' and '.join(differences)}, which has no effect: the first stays as "
            f"it is. If it is wrong, {advice}"
        )


def _where(row: dict[str, str]) -> str:
    return f"{row['source_first']}/{row['delivery_first']}"
