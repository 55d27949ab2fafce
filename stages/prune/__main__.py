"""Choose what trains, the most distinct images within class quotas: `python -m stages.prune`.

Writes the catalogue with that decision, `data/prune/isolated.parquet` with the chosen images that
a person should look at, and `reports/prune/isolated.png` with their pictures.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from argus.core import params, reports
from argus.core.errors import exits_cleanly, warn
from argus.core.files import atomic
from argus.core.progress import Steps
from argus.data import catalogue
from argus.features.vectors import Vectors, read_vectors
from stages.prune import charts, coreset, diversity
from stages.prune.balance import balance
from stages.prune.isolated import isolated, limit, usual_distances
from stages.prune.quotas import quotas
from stages.prune.review import excluded
from stages.prune.rules import METHODS

SHOWN = ["image_id", "source", "delivery", "path", "member", "label"]
"""Columns by which a person finds an image again."""


def at_random(n: int, k: int, seed: int) -> np.ndarray:
    """A random choice of k out of n rows, to measure the selection against: bool [n]."""
    kept = np.zeros(n, dtype=bool)
    kept[np.random.default_rng(seed).choice(n, k, replace=False)] = True
    return kept


def variety(
    vectors: Vectors, labels: pl.Series, kept: dict[str, np.ndarray]
) -> dict[str, dict[str, float]]:
    """Metrics of all candidates and of subsets of them, by metric and by the subset's name; all 0
    if there is no candidate.

    Args:
        vectors: N rows.
        labels: their classes.
        kept: bool [N] by name.
    """
    found: dict[str, dict[str, float]] = {
        name: {}
        for name in ("vendi", "log_determinant", "class_entropy", "coverage_radius", "min_distance")
    }
    if not len(vectors):
        return {metric: dict.fromkeys(("all", *kept), 0.0) for metric in found}
    for name, mask in {"all": np.ones(len(vectors), dtype=bool), **kept}.items():
        eigenvalues = diversity.spectrum(vectors.part(mask))
        found["vendi"][name] = diversity.vendi_score(eigenvalues)
        found["log_determinant"][name] = diversity.log_determinant(eigenvalues)
        counts = catalogue.counts(labels.filter(pl.Series(mask)))
        found["class_entropy"][name] = diversity.class_entropy(counts.values())
    for name, mask in kept.items():  # of all: 0, and as many products as pairs of images
        found["coverage_radius"][name] = diversity.coverage_radius(vectors, mask)
        found["min_distance"][name] = diversity.min_distance(vectors.part(mask))
    return found


def for_review(
    candidates: pl.DataFrame, vectors: Vectors, kept: np.ndarray, beyond: float
) -> pl.DataFrame:
    """The chosen images that are further than `beyond` from all other candidates, the most isolated
    first.

    `image_id`, `source`, `delivery`, `path`, `member`, `label`, the `nearest` other candidate and
    the `distance` to it.
    """
    rows, distance, nearest = isolated(vectors, np.flatnonzero(kept), beyond)
    return candidates[rows].select(
        *SHOWN,
        candidates["image_id"].gather(nearest).alias("nearest"),
        pl.Series("distance", distance, dtype=pl.Float32),
    )


@exits_cleanly
def main() -> None:
    p = params.load().prune
    images = catalogue.read("data/label/images.parquet")
    catalogue.require_grants(images)
    train = catalogue.IN_USE & (pl.col("split") == "train")
    rows = images.select(train).to_series().arg_true().to_numpy()
    out = excluded(images["image_id"].gather(rows), p.exclude)
    images = catalogue.with_decisions(images, rows[out], "excluded")
    rows = rows[~out]
    if not len(rows):
        lost = catalogue.fates(images)
        warn(
            f"no training image is left of {images.height} images, so no model trains: "
            f"{catalogue.accepted(images).height} are held out as val and test"
            f"{f'. {lost}' if lost else ''}. Bring in more drives with `argus submit`"
        )

    candidates = images.select(SHOWN)[rows]
    vectors, labels = Vectors(*read_vectors(candidates)), catalogue.labels(candidates)
    wanted = quotas(catalogue.counts(labels), p.budget, p.tau)
    if bare := [name for name, quota in wanted.items() if not quota]:
        warn(
            f"prune.budget, {p.budget} images for {len(wanted)} classes, leaves no training image "
            f"of {', '.join(bare)}, so no model can learn them. Raise it, or lower prune.tau"
        )
    selected = sum(wanted.values())
    # more threads gain little on products of this size, and could change the last bit of a distance
    with threadpool_limits(1, "blas"):
        with Steps(selected, f"choosing by {p.method}") as steps:
            kept = coreset.distinct(
                vectors, labels.to_list(), wanted, METHODS[p.method], steps.advance
            )
        usual = usual_distances(vectors, p.seed)
        beyond = limit(usual, p.isolated) if len(usual) else 0.0
        review = for_review(candidates, vectors, kept, beyond)
        chance = at_random(len(rows), selected, p.seed)
        found = variety(vectors, labels, {"selected": kept, "random": chance})
    images = catalogue.with_decisions(images, rows[~kept], "pruned")

    catalogue.write("data/prune/images.parquet", images)
    catalogue.write("data/prune/isolated.parquet", review)
    with atomic(reports.REPORTS / "prune") as folder:
        folder.mkdir()
        charts.distances(usual, beyond, folder / "distances.png")
        if review.height:
            charts.isolated_sheet(images, review).save(folder / "isolated.png")
    reports.metrics("balance", balance(images, p.budget, p.tau))
    reports.metrics(
        "prune",
        {
            "candidates": len(rows),
            "excluded": int(out.sum()),
            "selected": selected,
            "pruned": len(rows) - selected,
            "isolated": review.height,
            "per_class": wanted,
            **found,
        },
    )
    print(f"{len(rows)} candidates, {selected} selected, {review.height} of them to be looked at")


if __name__ == "__main__":
    main()
