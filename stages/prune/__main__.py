"""Choose what trains, the most distinct images within class quotas: `python -m stages.prune`.

Writes the catalogue with that decision, `data/prune/isolated.parquet` with the chosen images that
a person should look at, and `reports/prune/isolated.png`, a contact sheet of them.
"""

from __future__ import annotations

from threadpoolctl import threadpool_limits

from argus.core import params, reports
from argus.core.errors import exits_cleanly, warn
from argus.core.files import atomic
from argus.core.paths import IMAGES, LABELLED, PRUNED, REPORTS
from argus.data import catalogue
from argus.features.vectors import Vectors, read_vectors
from stages.prune import charts
from stages.prune.class_balance import balance
from stages.prune.prune import candidates, prune, warnings


@exits_cleanly
def main() -> None:
    p = params.load().prune
    images = catalogue.read(LABELLED / IMAGES)
    catalogue.require_grants(images)
    images, rows = candidates(images, p.exclude)
    vectors = Vectors(*read_vectors(images.select("image_id")[rows]))
    # more threads gain little on products of this size, and could change the last bit of a distance
    with threadpool_limits(1, "blas"):
        found = prune(images, rows, vectors, p)
    for text in warnings(found, p):
        warn(text)
    catalogue.write(PRUNED / IMAGES, found.images)
    catalogue.write(PRUNED / "isolated.parquet", found.review)
    with atomic(REPORTS / "prune") as folder:
        folder.mkdir()
        charts.distances(found.usual, found.beyond, folder / "distances.png")
        if found.review.height:
            charts.isolated_sheet(found.images, found.review).save(folder / "isolated.png")
    reports.metrics("balance", balance(found.images, p.budget, p.tau))
    reports.metrics("prune", found.metrics)
    print(
        f"{len(rows)} candidates, {found.metrics['selected']} selected, {found.review.height} of "
        "them to be looked at"
    )


if __name__ == "__main__":
    main()
