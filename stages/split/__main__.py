"""Hold images out for good, by drive and neighbourhood: `python -m stages.split`."""

from __future__ import annotations

import numpy as np
import polars as pl

from stages.common import catalogue, params, reports
from stages.common.catalogue import SPLITS
from stages.common.errors import ArgusError, exits_cleanly
from stages.split.arrivals import Arrivals
from stages.split.assign import assign, leaks
from stages.split.near import Near


def split(images: pl.DataFrame, settings: params.Split, mirrored: bool) -> tuple[pl.DataFrame, int]:
    """Decide where the images of a catalogue belong.

    Args:
        images: after `dedupe`, in order of arrival.
        settings: of the split.
        mirrored: whether a picture and its mirror image look the same.

    Returns:
        The catalogue with a column `split` (null for rows not in use) and embargoes marked; how
        many training images lie near a held-out one, which must be 0.
    """
    arrivals = Arrivals.of(images)
    near = Near.of(images, arrivals, settings.radius, mirrored)
    decision = assign(arrivals, near, settings.seed, settings.val, settings.test)
    name = pl.Series(decision.side).replace_strict(
        dict(enumerate(SPLITS)), default=None, return_dtype=pl.String
    )
    column = pl.Series([None], dtype=pl.String).new_from_index(0, images.height)
    images = images.with_columns(column.scatter(arrivals.row, name).alias("split"))
    out = np.flatnonzero(decision.rival >= 0)
    images = catalogue.with_decisions(
        images,
        arrivals.row[out],
        "embargoed",
        images["image_id"].gather(arrivals.row[decision.rival[out]]),
        decision.distance[out],
    )
    return images, leaks(near, decision.side)


@exits_cleanly
def main() -> None:
    p = params.load()
    images, leaked = split(catalogue.read("data/dedupe/images.parquet"), p.split, p.dedupe.mirrored)
    if leaked:
        raise ArgusError(f"{leaked} training images lie near held-out ones: the split is broken")
    catalogue.write("data/split/images.parquet", images)

    sizes = {name: catalogue.accepted(images, name) for name in SPLITS}
    reports.metrics(
        "split",
        {
            **{name: part.height for name, part in sizes.items()},
            "embargoed": int((images["status"] == "embargoed").sum()),
            "leaks": leaked,
            "per_class": {n: catalogue.counts(catalogue.labels(s)) for n, s in sizes.items()},
        },
    )
    print(", ".join(f"{name} {part.height}" for name, part in sizes.items()))


if __name__ == "__main__":
    main()
