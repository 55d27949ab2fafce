"""Classes before and after, and what pruning kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from argus.data import catalogue
from stages.report.thumbnails import Thumbnail, name_of, of_row

PER_CLASS, LEFT_OUT = 6, 6


class ClassRow(NamedTuple):
    """Images of one class at each step, and the parts of its bar in per cent of the longest."""

    name: str
    delivered: int
    distinct: int
    held_out: int
    selected: int
    parts: list[tuple[str, float, float]]
    """Kind, where it begins and how wide it is."""


class Chosen(NamedTuple):
    """Images of a class that train, some of them."""

    name: str
    images: int
    shown: list[Thumbnail]


def classes(balance: Mapping[str, Any]) -> list[ClassRow]:
    """Every class by `reports/balance.json`, by name."""
    per_class = balance["per_class"]
    names = sorted({name for station in per_class.values() for name in station})
    longest = max((per_class["delivered"].get(name, 0) for name in names), default=0) or 1
    rows = []
    for name in names:
        delivered, distinct, selected, val, test = (
            per_class[station].get(name, 0)
            for station in ("delivered", "distinct", "selected", "val", "test")
        )
        sizes = {
            "trains": selected,
            "held-out": val + test,
            "not-chosen": max(distinct - selected - val - test, 0),
            "same": max(delivered - distinct, 0),
        }
        parts, begin = [], 0.0
        for kind, size in sizes.items():
            width = 100 * size / longest
            if size:
                parts.append((kind, round(begin, 2), round(width, 2)))
            begin += width
        rows.append(ClassRow(name, delivered, distinct, val + test, selected, parts))
    return rows


def chosen(images: pl.DataFrame) -> list[Chosen]:
    """Some of the images that train, evenly out of each class."""
    train = catalogue.accepted(images, "train")
    labels = catalogue.labels(train)
    found = []
    for name in sorted(labels.unique()):
        rows = train.filter(labels == name)
        some = rows[_spread(rows.height, PER_CLASS)]
        shown = [
            of_row(row, f"A training image of {name}: {name_of(row)}")
            for row in some.iter_rows(named=True)
        ]
        found.append(Chosen(name, rows.height, [each for each in shown if each]))
    return found


def left_out(images: pl.DataFrame) -> list[Thumbnail]:
    """Some of the images for which the budget had no place."""
    pruned = images.filter(pl.col("status") == "pruned")
    shown = [
        of_row(row, f"Not chosen, {name}: {name_of(row)}", name)
        for row in pruned[_spread(pruned.height, LEFT_OUT)].iter_rows(named=True)
        for name in [row["label"] or catalogue.UNKNOWN]
    ]
    return [each for each in shown if each]


def isolated(images: pl.DataFrame, review: pl.DataFrame) -> list[Thumbnail]:
    """Images chosen that are far from all others, the furthest first: rare, or out of place.

    Args:
        images: the catalogue after `prune`.
        review: what `prune` put up for review.
    """
    first = review.sort("distance", descending=True).head(LEFT_OUT)
    rows = catalogue.first_of_each(catalogue.accepted(images)).join(
        first.select("image_id"), on="image_id", how="right", maintain_order="right"
    )
    shown = [
        of_row(row, f"Far from all other images: {name_of(row)}", name_of(row))
        for row in rows.iter_rows(named=True)
        if row["source"] is not None
    ]
    return [each for each in shown if each]


def _spread(rows: int, most: int) -> np.ndarray:
    return np.unique(np.linspace(0, rows - 1, min(most, rows)).round().astype(np.int64))
