"""Feature vectors of images, by content: what was embedded once is not embedded again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import polars as pl
import torch

from stages.common import backbone, reading
from stages.common.compute import deterministic
from stages.common.files import code_version
from stages.common.images import FILES
from stages.common.progress import Steps
from stages.common.sidecache import SideCache

CHUNK = 8 * backbone.BATCH  # images decoded at a time; bounds memory
PART = 16 * CHUNK  # images after which what was embedded is written down


def of(images: pl.DataFrame, name: str, threads: int) -> tuple[np.ndarray, np.ndarray, int]:
    """The vector of every image of a table, read from its file unless its content is known.

    Args:
        images: rows of the catalogue.
        name: of the backbone, one of `backbone.BACKBONES`.
        threads: of the CPU; part of the arithmetic.

    Returns:
        vectors: float32 [N, D], NaN for what cannot be read; readable: bool [N], false for images
        whose file has gone bad and that are not known from before; and how many were embedded now.
    """
    net = backbone.BACKBONES[name]()
    deterministic(seed=0, threads=threads)
    version = code_version(__file__, backbone.__file__, reading.__file__, *FILES)
    cache = SideCache(f"embed-{name}-{threads}", version)
    known = cache.read()
    if known is None:
        known = _rows([], np.empty((0, net.dimensions), dtype=np.float32))
    images = images.with_columns(reading.content(images))
    once = images.unique("image_id", keep="first", maintain_order=True)
    unseen = once.join(known, on="image_id", how="anti", maintain_order="left")
    new = _embedded(unseen, net, cache) if unseen.height else []
    found = images.select("image_id").join(
        pl.concat([known, *new]), on="image_id", how="left", maintain_order="left"
    )
    readable = found["vector"].is_not_null().to_numpy()
    vectors = np.full((images.height, net.dimensions), np.nan, dtype=np.float32)
    vectors[readable] = found["vector"].drop_nulls().to_numpy()
    return vectors, readable, sum(part.height for part in new)


def of_pixels(
    pictures: np.ndarray, net: backbone.Backbone, progress: Callable[[int], None] = lambda n: None
) -> np.ndarray:
    """The vector of every picture, by its pixels; equal pictures are described once.

    For pictures that come again in later runs: reals, and what is made of them.

    Args:
        pictures: uint8 [N, H, W, 3] RGB.
        net: what describes them.
        progress: told how many pictures are done.

    Returns:
        float32 [N, D], the same whether they were known or not.
    """
    shape = "x".join(map(str, pictures.shape[1:]))
    keys = [hashlib.sha256(picture.tobytes()).hexdigest() for picture in pictures]
    wanted = pl.DataFrame({"image_id": keys}, schema={"image_id": pl.String})
    threads = torch.get_num_threads()  # part of the arithmetic
    cache = SideCache(
        f"pixels-{net.name}-{threads}-{shape}", code_version(__file__, backbone.__file__)
    )
    known = cache.read()
    if known is None:
        known = _rows([], np.empty((0, net.dimensions), dtype=np.float32))
    once = wanted.with_row_index().unique("image_id", keep="first", maintain_order=True)
    unseen = once.join(known, on="image_id", how="anti", maintain_order="left")
    progress(len(pictures) - unseen.height)
    new = net.features(pictures[unseen["index"].to_numpy()], progress)
    rows = _rows(unseen["image_id"].to_list(), new)
    cache.add(rows)
    found = wanted.join(pl.concat([known, rows]), on="image_id", how="left", maintain_order="left")
    return found["vector"].to_numpy().reshape(len(pictures), net.dimensions)


def _embedded(images: pl.DataFrame, net: backbone.Backbone, cache: SideCache) -> list[pl.DataFrame]:
    """Embed images, read from their files; the cache keeps each part as it is done."""
    parts = []
    with Steps(images.height, "embedding") as steps:
        for start in range(0, images.height, PART):
            part = images[start : start + PART]
            places, ids = reading.places(part), part["image_id"].to_list()
            vectors, known = [np.empty((0, net.dimensions), dtype=np.float32)], []
            for first in range(0, len(places), CHUNK):
                chunk = slice(first, first + CHUNK)
                pixels = []
                for place, image_id in zip(places[chunk], ids[chunk], strict=True):
                    try:  # one picture at a time: only what the network sees of it is kept
                        pixels.append(net.prepare(reading.load_rgb(place)))
                    except reading.Unreadable:
                        continue
                    known.append(image_id)
                if pixels:
                    vectors.append(net.features(np.stack(pixels), steps.advance))
                steps.advance(len(places[chunk]) - len(pixels))
            parts.append(_rows(known, np.concatenate(vectors)))
            cache.add(parts[-1])
    return parts


def _rows(image_ids: list[str], vectors: np.ndarray) -> pl.DataFrame:
    """What the cache holds: a vector by image."""
    array = pl.Array(pl.Float32, vectors.shape[1])
    return pl.DataFrame(
        {"image_id": image_ids, "vector": vectors}, schema={"image_id": pl.String, "vector": array}
    )
