"""What data is wanted next, for a terminal or a program."""

from __future__ import annotations

import json
from typing import NamedTuple

import polars as pl

from argus.cli.repository import workspace
from argus.cli.tables import Table
from argus.core import params, reports
from argus.core.paths import IMAGES, PRUNED
from argus.data import catalogue
from argus.judging.scores import formatted
from argus.judging.wanted import Wanted, of_turn


class Wishes(NamedTuple):
    """What is wanted, and where the images named in it lie, by their ids."""

    wanted: Wanted
    places: dict[str, str]

    def named(self, examples: tuple[str, ...]) -> list[str]:
        return [self.places[image_id] for image_id in examples]


def of_working_tree() -> Wishes:
    """The wishes of the turn in the working tree.

    Raises:
        ArgusError: its tables or reports are not here.
    """
    workspace.enter()
    settings = params.load()
    images = catalogue.read(PRUNED / IMAGES)
    found = of_turn(images, settings.models)
    return Wishes(found, places(images, found.examples))


def places(images: pl.DataFrame, ids: set[str]) -> dict[str, str]:
    """Where images lie: source, delivery, path and, of a shard, member."""
    rows = catalogue.first_of_each(images.filter(pl.col("image_id").is_in(sorted(ids))))
    where = ("source", "delivery", "path", "member")
    return {
        image_id: "/".join(part for part in parts if part)
        for image_id, *parts in rows.select("image_id", *where).iter_rows()
    }


def tables(found: Wishes) -> list[Table]:
    """A table for each kind of wish that there is."""
    quotas = Table(
        "Classes under their quota",
        ["class", "images", "short by", "such as"],
        [
            [each.label, str(each.images), str(each.short), _lines(found, each.examples)]
            for each in found.wanted.quotas
        ],
        frozenset({1, 2}),
    )
    regions = Table(
        "Held-out scenes far from all that trains",
        ["classes", "images", "drives", "distance\n(median)", "far is\nfrom", "such as"],
        [
            [
                ", ".join(each.labels),
                *(str(n) for n in (each.images, each.drives)),
                *(f"{distance:.2f}" for distance in (each.distance, each.far)),
                _lines(found, each.examples),
            ]
            for each in found.wanted.regions
        ],
        frozenset({1, 2, 3, 4}),
    )
    conditions = Table(
        "Where each champion is furthest from the reals, the worst first",
        ["task", "champion", "class", "metric", "value", "95 % interval", "such as"],
        [
            [
                *(each.task, each.champion, each.label, each.key),
                formatted(each.key, each.value),
                " to ".join(formatted(each.key, end) for end in each.ends or ()),
                _lines(found, each.examples),
            ]
            for each in found.wanted.conditions
        ],
        frozenset({4}),
    )
    return [table for table in (quotas, regions, conditions) if table.rows]


def _lines(found: Wishes, examples: tuple[str, ...]) -> str:
    return "\n".join(found.named(examples))


def as_json(found: Wishes) -> str:
    """The same as JSON: `quotas`, `regions` and `conditions`, each a list, with the paths of the
    examples."""
    listed = {
        kind: [{**each._asdict(), "examples": found.named(each.examples)} for each in wishes]
        for kind, wishes in found.wanted._asdict().items()
    }
    return json.dumps(reports.rounded(listed), indent=2, ensure_ascii=False)
