"""Choose what trains: quality first, then distinctness within quotas: `python -m stages.prune`."""

from __future__ import annotations

import numpy as np
import polars as pl

from stages.common import catalogue, params, reports
from stages.common.errors import ArgusError, exits_cleanly
from stages.prune.diversity import class_entropy, coverage_radius, vendi_score
from stages.prune.quotas import quotas
from stages.prune.select import distinct


def low_quality(images: pl.DataFrame, limits: params.PruneQuality) -> np.ndarray:
    """Which images are outside the limits: bool [N]."""
    within = (
        (pl.col("sharpness") >= limits.min_sharpness)
        & pl.col("luminance").is_between(limits.min_luminance, limits.max_luminance)
        & (pl.col("entropy") >= limits.min_entropy)
    )
    outside: np.ndarray = images.select(~within).to_series().to_numpy()
    return outside


def features_of(images: pl.DataFrame) -> np.ndarray:
    """The vectors of `data/embed` for the rows of a table: float32 [N, D].

    Raises:
        ArgusError: an image has no vector, so `data/embed` is of another run.
    """
    ids = catalogue.read("data/embed/ids.parquet").with_row_index("row")
    rows = images.join(ids, on="image_id", how="left", maintain_order="left")["row"]
    if rows.null_count():
        raise ArgusError(f"{rows.null_count()} images have no features: `dvc repro embed`")
    features: np.ndarray = np.load("data/embed/features.npy")
    return features[rows.to_numpy()]


@exits_cleanly
def main() -> None:
    p = params.load().prune
    images = catalogue.read("data/split/images.parquet")
    train = (pl.col("status") == "accepted") & (pl.col("split") == "train")
    rows = np.flatnonzero(images.select(train).to_series().to_numpy())

    poor = low_quality(images[rows], p.quality)
    images = catalogue.with_decisions(images, rows[poor], "low_quality")
    rows = rows[~poor]
    if not len(rows):
        raise ArgusError("no training image is left: look at prune.quality and at `argus show`")
    candidates = images[rows]
    features, labels = features_of(candidates), catalogue.labels(candidates)
    wanted = quotas(catalogue.counts(labels), p.budget, p.tau)
    kept = distinct(features, labels.to_list(), wanted, p.seed)
    images = catalogue.with_decisions(images, rows[~kept], "pruned")
    catalogue.write("data/prune/images.parquet", images)

    chance = np.zeros(len(rows), dtype=bool)
    chance[np.random.default_rng(p.seed).choice(len(rows), kept.sum(), replace=False)] = True
    reports.metrics(
        "prune",
        {
            "candidates": len(rows),
            "low_quality": int(poor.sum()),
            "selected": int(kept.sum()),
            "pruned": int((~kept).sum()),
            "per_class": wanted,
            "class_entropy": class_entropy(wanted.values()),
            "vendi": {
                "all": vendi_score(features),
                "selected": vendi_score(features[kept]),
                "random": vendi_score(features[chance]),
            },
            "coverage_radius": {
                "selected": coverage_radius(features, kept),
                "random": coverage_radius(features, chance),
            },
        },
    )
    print(f"{len(rows)} candidates, {int(poor.sum())} of low quality, {int(kept.sum())} selected")


if __name__ == "__main__":
    main()
