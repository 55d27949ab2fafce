"""Feature vectors of the images in use: `python -m stages.embed`.

Writes `data/embed/features.npy`, float32 [N, D], and `data/embed/ids.parquet` with the image of
each row.
"""

from __future__ import annotations

import numpy as np

from stages.common import catalogue, features, params
from stages.common.errors import exits_cleanly
from stages.common.files import atomic


@exits_cleanly
def main() -> None:
    p = params.load().embed
    images = catalogue.accepted(catalogue.read("data/split/images.parquet"))
    vectors, new = features.of(images, p.backbone, p.threads)
    with atomic("data/embed/features.npy") as temporary:
        np.save(temporary, vectors)
    catalogue.write("data/embed/ids.parquet", images.select("image_id"))
    print(f"{images.height} images in use, {new} embedded now with {p.backbone}")


if __name__ == "__main__":
    main()
