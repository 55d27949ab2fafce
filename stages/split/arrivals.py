"""The images that are split, as arrays, drive by drive in the order of their arrival."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from argus.data import catalogue
from argus.data.catalogue import COPIES, GRANTS, GROUP, SPLITS


@dataclass(frozen=True)
class Arrivals:
    """Images in use and copies of such: N of them, of G groups, of C classes, in B arrivals, which
    D deliveries brought.

    A group is what must stay together: a drive, or a place of images of none. An arrival is
    what one delivery brings of one group; its images stand together, and the arrivals in the order
    of their first images.

    Attributes:
        row: int64 [N], its row in the catalogue.
        group: int64 [N], 0 to G - 1.
        names: string [G].
        starts: int64 [B + 1], where the images of each arrival begin; the last is N.
        deliveries: int64 [D + 1], where the arrivals of each delivery begin; the last is B.
        label: int64 [N], 0 to C - 1; images without a label are a class too.
        kind: int64 [N], a number for its source and class; modulo C it is the class.
        classes: C.
        kinds: the source and label of each of K kinds, which are C times as many as sources.
        used: bool [N]; False for a copy, which is not assigned but tells where its drive belongs.
        copy_of: int64 [N], the image here that a copy was dropped for; -1 for an image in use.
        may: bool [N, 3], which of `SPLITS` it may be in, by its rights.
    """

    row: np.ndarray
    group: np.ndarray
    names: pl.Series
    starts: np.ndarray
    deliveries: np.ndarray
    label: np.ndarray
    kind: np.ndarray
    classes: int
    kinds: pl.DataFrame
    used: np.ndarray
    copy_of: np.ndarray
    may: np.ndarray

    @classmethod
    def of(cls, images: pl.DataFrame) -> Arrivals:
        """From the catalogue with its places, in order of arrival."""
        looked_at = images.select(
            "image_id",
            "lost_to",
            "source",
            "status",
            pl.int_range(pl.len()).alias("row"),
            GROUP,
            pl.concat_str("source", "delivery", separator="/").alias("delivery"),
            catalogue.labels(images).alias("label"),
            *(pl.col(GRANTS[name]).fill_null(False).alias(name) for name in SPLITS),
        ).filter(pl.col("status").is_in(["accepted", *COPIES]))
        group, names = _numbered(looked_at.select("group"))
        delivery, _ = _numbered(looked_at.select("delivery"))
        arrival, _ = _numbered(pl.DataFrame({"delivery": delivery, "group": group}))
        label, labels = _numbered(looked_at.select("label"))
        source, sources = _numbered(looked_at.select("source"))
        order = np.argsort(arrival, kind="stable")
        starts = np.flatnonzero(np.diff(arrival[order], prepend=-1))
        deliveries = np.flatnonzero(np.diff(delivery[order[starts]], prepend=-1))
        used = (looked_at["status"] == "accepted").to_numpy()
        return cls(
            row=looked_at["row"].to_numpy()[order],
            group=group[order],
            names=names["group"],
            starts=np.append(starts, len(order)),
            deliveries=np.append(deliveries, len(starts)),
            label=label[order],
            kind=(source * labels.height + label)[order],
            classes=labels.height,
            kinds=sources.join(labels, how="cross", maintain_order="left_right").select(
                "source", "label"
            ),
            used=used[order],
            copy_of=_dropped_for(looked_at.select("image_id", "lost_to", used=used)[order]),
            may=looked_at.select(SPLITS).to_numpy()[order],
        )

    def grants(self) -> tuple[np.ndarray, np.ndarray]:
        """What each of the B arrivals may be used for.

        Returns:
            bool [B, 3], which of `SPLITS` one of its images in use may be in (of its copies, if it
            has nothing else); bool [B], whether an image in use may not be in all of them.
        """
        starts = self.starts[:-1]
        uses = np.repeat(np.logical_or.reduceat(self.used, starts), np.diff(self.starts))
        some = np.logical_or.reduceat(self.may & (self.used | ~uses)[:, None], starts)
        limited = np.logical_or.reduceat(self.used & ~self.may.all(axis=1), starts)
        return some, limited

    def shown(self) -> list[tuple[tuple[int, int], ...]]:
        """What each of the B arrivals shows: its classes, and how many of its images in use are of
        each; nothing if it is all copies."""
        number = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))[self.used]
        found, images = np.unique(number * self.classes + self.label[self.used], return_counts=True)
        arrival, label = np.divmod(found, max(self.classes, 1))
        pairs = list(zip(label.tolist(), images.tolist(), strict=True))
        bounds = np.searchsorted(arrival, np.arange(len(self.starts))).tolist()
        return [tuple(pairs[a:b]) for a, b in pairwise(bounds)]


def _numbered(values: pl.DataFrame) -> tuple[np.ndarray, pl.DataFrame]:
    """Numbers for the rows of a table, equal for equal ones, by first appearance; what they mean.

    Returns:
        int64 [N]; the distinct rows.
    """
    distinct = values.unique(maintain_order=True).with_row_index("number")
    numbers = values.join(distinct, on=values.columns, how="left", maintain_order="left")
    return numbers["number"].to_numpy().astype(np.int64), distinct


def _dropped_for(images: pl.DataFrame) -> np.ndarray:
    """Where the image in use stands that a copy was dropped for; -1 for none: int64 [N]."""
    images = images.with_row_index("place")
    kept = images.filter("used").select(pl.col("image_id").alias("lost_to"), kept="place")
    found = images.join(kept, on="lost_to", how="left", maintain_order="left")["kept"]
    return found.cast(pl.Int64).fill_null(-1).to_numpy()
