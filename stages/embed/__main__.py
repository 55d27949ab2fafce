"""Feature vectors of the images in use: `python -m stages.embed`.

Writes `data/embed/features.npy`, float32 [N, D], and `data/embed/ids.parquet` with the image of
each row.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from stages.common import backbone, catalogue, params, reading
from stages.common.compute import deterministic
from stages.common.errors import exits_cleanly
from stages.common.files import atomic, code_version
from stages.common.progress import Steps
from stages.common.sidecache import SideCache

CHUNK = 8 * backbone.BATCH  # images decoded at a time; bounds memory


def embed(images: pl.DataFrame, net: backbone.Backbone) -> np.ndarray:
    """Vectors of the images of a table, read from their files: float32 [N, D]."""
    places = reading.places(images)
    vectors = [np.empty((0, net.dimensions), dtype=np.float32)]
    with Steps(len(places), "embedding") as steps:
        for start in range(0, len(places), CHUNK):
            chunk = places[start : start + CHUNK]
            pixels = [net.prepare(reading.upright(place)) for place in chunk]
            vectors.append(net.features(np.stack(pixels), steps.advance))
    return np.concatenate(vectors)


@exits_cleanly
def main() -> None:
    p = params.load().embed
    images = catalogue.accepted(catalogue.read("data/split/images.parquet"))
    net = backbone.BACKBONES[p.backbone]()
    deterministic(seed=0, threads=p.threads)

    version = code_version(backbone.__file__, __file__)
    cache = SideCache(f"embed-{p.backbone}-{p.threads}", version)
    known = cache.read()
    vector = pl.Array(pl.Float32, net.dimensions)
    if known is None:
        known = pl.DataFrame(schema={"image_id": pl.String, "vector": vector})
    unseen = images.join(known, on="image_id", how="anti", maintain_order="left")
    new = unseen.select("image_id").with_columns(
        pl.Series("vector", embed(unseen, net), dtype=vector)
    )
    cache.add(new)

    ids = images.select("image_id")
    found = ids.join(pl.concat([known, new]), on="image_id", how="left", maintain_order="left")
    with atomic("data/embed/features.npy") as temporary:
        np.save(temporary, found["vector"].to_numpy())
    catalogue.write("data/embed/ids.parquet", ids)
    print(f"{images.height} images in use, {unseen.height} embedded now with {p.backbone}")


if __name__ == "__main__":
    main()
