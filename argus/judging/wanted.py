"""What data is wanted next, with numbers and examples: classes under their quota, held-out scenes
that nothing in training looks like, and conditions in which a champion is worst."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from argus.core import reports
from argus.data import catalogue
from argus.features.leaders import leaders
from argus.features.vectors import Vectors, chord, read_vectors
from argus.judging.scores import Scores, better, columns

EXAMPLES = 4  # images named for each wish
REGIONS = 6  # those told of, at most
FEWEST = 2  # images of a region: one alone may be anything
SURE = 0.95  # share of the training images that are nearer to another drive than "far" is
ASKED = 2000  # training images that "far" is measured on, at most
BLOCK = 1024  # images compared at a time


class Quota(NamedTuple):
    """A class with fewer training images than its share of the budget. `examples` are image ids."""

    label: str
    images: int
    short: int
    examples: tuple[str, ...]


class Region(NamedTuple):
    """Held-out images that look alike and are far from all that trains.

    `distance` is the median Euclidean distance of their embeddings (length 1) to the nearest
    training image; `far` the distance from which on an image counts as far.
    """

    images: int
    labels: tuple[str, ...]
    drives: int
    distance: float
    far: float
    examples: tuple[str, ...]


class Condition(NamedTuple):
    """How far a champion is from the reals of one class; `key` names the metric, and `ends` is the
    interval, if there is one."""

    task: str
    champion: str
    label: str
    key: str
    value: float
    ends: tuple[float, float] | None
    examples: tuple[str, ...]


class Wanted(NamedTuple):
    """All wishes, the most urgent of each kind first."""

    quotas: list[Quota]
    regions: list[Region]
    conditions: list[Condition]

    @property
    def examples(self) -> set[str]:
        """The ids of all images that are named."""
        wishes: list[Quota | Region | Condition] = [*self.quotas, *self.regions, *self.conditions]
        return {image_id for wish in wishes for image_id in wish.examples}


def wanted(
    images: pl.DataFrame,
    vectors: Vectors,
    shortfall: Mapping[str, int],
    decisions: Mapping[str, Mapping[str, Any]],
    evaluated: Mapping[str, Mapping[str, Any]],
) -> Wanted:
    """What data is wanted next.

    Args:
        images: the images in use, from the catalogue after `prune`, N rows.
        vectors: of these.
        shortfall: by class, images that its quota lacks (`reports/balance.json`).
        decisions: of `promote`, by task.
        evaluated: the reports of `evaluate`, by model.
    """
    return Wanted(
        quotas(images, shortfall),
        regions(images, vectors),
        conditions(images, decisions, evaluated),
    )


def of_turn(images: pl.DataFrame, models: Iterable[str]) -> Wanted:
    """What data is wanted after the turn in the working tree.

    Args:
        images: the catalogue after `prune`.
        models: those of params.yaml.

    Raises:
        ArgusError: a report, or the features of an image, are not here.
    """
    used = catalogue.first_of_each(catalogue.accepted(images))
    return wanted(
        used,
        Vectors(*read_vectors(used.select("image_id"))),
        reports.read("balance")["quotas"]["shortfall"],
        reports.read("promote/decision"),
        {model: reports.read(f"evaluate/{model}") for model in models},
    )


def quotas(images: pl.DataFrame, shortfall: Mapping[str, int]) -> list[Quota]:
    """Classes under their quota, the one that lacks most first."""
    train = images.filter(pl.col("split") == "train")
    labels = catalogue.labels(train)
    short = sorted((name for name, n in shortfall.items() if n), key=lambda n: (-shortfall[n], n))
    return [
        Quota(
            name,
            int((labels == name).sum()),
            shortfall[name],
            _spread(train.filter(labels == name)["image_id"]),
        )
        for name in short
    ]


def regions(images: pl.DataFrame, vectors: Vectors) -> list[Region]:
    """Groups of held-out images that are far from all that trains, the largest first.

    Far is what is further than `SURE` of the training images are from their nearest one of another
    drive: so much apart are new scenes of the kinds that there are. Far images are gathered round
    the furthest of them, each within that same distance (leader clustering).

    Returns:
        Empty also where training images are of a single drive: nothing says then what is far.
    """
    split = images["split"].to_numpy()
    train, held = np.flatnonzero(split == "train"), np.flatnonzero(np.isin(split, ["val", "test"]))
    _, drive = np.unique(images.select(catalogue.GROUP)["group"].to_numpy(), return_inverse=True)
    if not len(held) or len(np.unique(drive[train])) < 2:
        return []
    learnt = vectors.part(train)
    asked = train[np.linspace(0, len(train) - 1, min(ASKED, len(train))).astype(np.int64)]
    usual = nearest(vectors.part(asked), learnt, drive[asked][:, None] == drive[train])
    far = float(np.quantile(usual, SURE))
    apart = nearest(vectors.part(held), learnt)
    order = np.argsort(-apart, kind="stable")
    order = order[apart[order] > far]
    rows, away = held[order], apart[order]
    of = leaders(vectors[rows], far)
    labels = catalogue.labels(images).to_numpy()
    ids = images["image_id"].to_numpy()
    found = []
    for leader in np.unique(of):
        of_region = np.flatnonzero(of == leader)
        if len(of_region) < FEWEST:
            continue
        members = rows[of_region]
        found.append(
            Region(
                len(members),
                tuple(sorted(set(labels[members].tolist()))),
                len(np.unique(drive[members])),
                float(np.median(away[of_region])),
                far,
                tuple(ids[members[:EXAMPLES]].tolist()),
            )
        )
    return sorted(found, key=lambda r: (-r.images, -r.distance, r.examples))[:REGIONS]


def nearest(of: Vectors, among: Vectors, without: np.ndarray | None = None) -> np.ndarray:
    """The distance of each of n images to the nearest of m others.

    Args:
        of: n vectors.
        among: m vectors.
        without: bool [n, m], pairs that do not count.

    Returns:
        float64 [n], 0 to 2.
    """
    cosine = np.full(len(of), -1.0)
    for start in range(0, len(of), BLOCK):
        rows = slice(start, min(start + BLOCK, len(of)))
        mine = of[rows]
        for place, block in among.blocks():
            product = mine @ block.T
            if without is not None:
                product[without[rows, place]] = -1
            cosine[rows] = np.maximum(cosine[rows], product.max(axis=1))
    distances: np.ndarray = chord(cosine)
    return distances


def conditions(
    images: pl.DataFrame,
    decisions: Mapping[str, Mapping[str, Any]],
    evaluated: Mapping[str, Mapping[str, Any]],
) -> list[Condition]:
    """The classes of each task's champion, the one in which it is furthest from the reals first.

    A task of one class, or whose champion was not scored by class, has none.
    """
    held = images.filter(pl.col("split").is_in(["val", "test"]))
    labels = catalogue.labels(held)
    found = []
    for task, decision in sorted(decisions.items()):
        champion = decision.get("champion")
        of_class = {
            name: Scores.read(scores)
            for name, scores in classes_of(decision, evaluated.get(str(champion), {})).items()
        }
        keys = columns(of_class.values())
        if champion is None or not keys or len(of_class) < 2:
            continue
        key = deciding_key(decision, keys)
        scored = [
            Condition(
                task,
                champion,
                name,
                key,
                scores.values[key],
                scores.intervals.get(key),
                _spread(held.filter(labels == name)["image_id"]),
            )
            for name, scores in of_class.items()
            if key in scores.values
        ]
        worst_last = better(key) == "larger"
        found += sorted(scored, key=lambda c: c.value if worst_last else -c.value)
    return found


def classes_of(
    decision: Mapping[str, Any], report: Mapping[str, Any]
) -> Mapping[str, Mapping[str, Any]]:
    """The scores by class of a task's champion: as it was judged for the decision, else by its own
    report of `evaluate`; empty if neither has any."""
    if decision.get("champion") in (None, decision.get("challenger")):
        return decision.get("classes") or report.get("classes") or {}
    incumbent: Mapping[str, Any] = decision.get("incumbent") or {}
    return incumbent.get("classes") or {}


def deciding_key(decision: Mapping[str, Any], keys: Iterable[str]) -> str:
    """The key of the metric that a decision rests on, among those that there are (at least one):
    that of the judge which the decision names, else the first."""
    listed = list(keys)
    judge = (decision.get("judge") or {}).get("name")
    return next((key for key in listed if judge and key == f"kid_{judge}"), listed[0])


def _spread(ids: pl.Series) -> tuple[str, ...]:
    """Some of them, evenly."""
    places = np.linspace(0, len(ids) - 1, min(EXAMPLES, len(ids))).astype(np.int64)
    return tuple(ids.gather(places).to_list())
