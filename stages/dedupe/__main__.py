"""Gather the sources' images in order of arrival and drop copies: `python -m stages.dedupe`."""

from __future__ import annotations

import numpy as np
import polars as pl

from argus.core import params, reports
from argus.core.errors import exits_cleanly, warn
from argus.core.files import atomic
from argus.core.paths import DEDUPED, IMAGES, REPORTS
from argus.data import catalogue
from stages.dedupe import charts
from stages.dedupe.dedupe import dedupe, gather, metrics, unmatched

BACKBONE = "efficientnet"  # of the second look; its distances are those of this network


@exits_cleanly
def main() -> None:
    p = params.load()

    def embedded(images: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        from argus.features.embedding import embed_images  # imports torch: only where it is needed

        return embed_images(images, BACKBONE, p.embed.threads)[:2]

    images = gather(p.sources)
    for text in unmatched(images, p.ingest.withdrawn):
        warn(text)
    images = dedupe(images, p.dedupe, embedded)
    catalogue.write(DEDUPED / IMAGES, images)
    found = metrics(images, p.dedupe)
    reports.metrics("dedupe", found)
    gallery = charts.groups(images)
    with atomic(REPORTS / "dedupe") as folder:
        folder.mkdir()
        charts.distances(images, p.dedupe, folder / "distances.png")
        if gallery is not None:
            gallery.save(folder / "groups.png")
    print(
        f"{found['images']} images: {found['exact_copies']} exact copies, "
        f"{found['near_duplicates']} near-duplicates, {found['kept']} kept"
    )


if __name__ == "__main__":
    main()
