"""Feature vectors of the images in use: `python -m stages.embed`.

Writes `data/embed/features.npy`, float32 [N, D], `data/embed/ids.parquet` with the image of each
row, and the catalogue, in which images whose file has gone bad are `unreadable`.
"""

from __future__ import annotations

import numpy as np

from argus.core import params
from argus.core.errors import exits_cleanly
from argus.core.files import atomic
from argus.core.paths import DEDUPED, EMBEDDED, IMAGES
from argus.data import catalogue
from argus.features.embedding import embed_images


@exits_cleanly
def main() -> None:
    p = params.load().embed
    images = catalogue.read(DEDUPED / IMAGES)
    rows = images.select(catalogue.IN_USE).to_series().arg_true().to_numpy()
    vectors, readable, new = embed_images(images[rows], p.backbone, p.threads)
    images = catalogue.with_decisions(images, rows[~readable], "unreadable")
    with atomic(EMBEDDED / "features.npy") as temporary:
        np.save(temporary, vectors[readable])
    catalogue.write(EMBEDDED / "ids.parquet", images[rows[readable]].select("image_id"))
    catalogue.write(EMBEDDED / IMAGES, images)
    gone = f", {(~readable).sum()} cannot be read any more" if not readable.all() else ""
    print(f"{readable.sum()} images in use, {new} embedded now with {p.backbone}{gone}")


if __name__ == "__main__":
    main()
