"""Hold images out for good, by drive, place and neighbourhood: `python -m stages.split`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
from threadpoolctl import threadpool_limits

from argus.core import lineage, params, reports
from argus.core.errors import ArgusError, exits_cleanly, warn
from argus.core.paths import EMBEDDED, IMAGES, SPLIT, SPLIT_RECORD
from argus.data import catalogue
from argus.data.catalogue import SPLITS
from argus.data.feasibility import missing_classes
from argus.features.vectors import Vectors, read_vectors
from stages.split.prior_splits import empty, of_turn
from stages.split.split import metrics, shortage, skipped, split


def recorded(previous: str | None) -> pl.DataFrame:
    """The record of the turn before, a commit; the empty one if there was none.

    Raises:
        ArgusError: it cannot be fetched.
    """
    if previous is None:
        return empty()
    with tempfile.TemporaryDirectory() as scratch:
        return catalogue.read(lineage.fetch(SPLIT_RECORD, previous, Path(scratch)))


@exits_cleanly
def main() -> None:
    p = params.load()
    images = catalogue.read(EMBEDDED / IMAGES)
    record = of_turn(recorded(p.lineage.previous), images)
    vectors = Vectors(*read_vectors(catalogue.accepted(images)))
    # how sketches round must not depend on the machine's cores, though it decides nothing
    with threadpool_limits(1, "blas"):
        images, record, leaked = split(images, record, p.split, p.dedupe.mirrored, vectors)
    if any(leaked.values()):
        raise ArgusError(
            f"{leaked['hash']} training images lie near held-out ones by hash, "
            f"{leaked['features']} by features: the split is broken"
        )
    catalogue.require_grants(images)
    catalogue.write(SPLIT / IMAGES, images)
    catalogue.write(SPLIT_RECORD, record)
    found = metrics(images, leaked)
    reports.metrics("split", found)
    print(", ".join(f"{name} {found[name]}" for name in SPLITS))
    for text in filter(None, (shortage(images), missing_classes(found["classes_without"]))):
        warn(text)
    # This decides nothing that is written, so `models` and `evaluate` need not re-run the stage.
    for text in skipped(found["per_class"], p.models, p.evaluate.splits):
        warn(text)


if __name__ == "__main__":
    main()
