"""Feature vectors of images, by content: what was embedded once is not embedded again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import polars as pl
import torch

from argus.core import code
from argus.core.caches import SideCache
from argus.core.determinism import deterministic
from argus.core.progress import Steps
from argus.data import reading
from argus.features import backbone

CHUNK = 2 * backbone.BATCH  # images described at a time: what a kill may lose beside some seconds


def embed_images(
    images: pl.DataFrame, name: str, threads: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """The vector of every image of a table, read from its file unless its content is known.

    Args:
        images: rows of the catalogue.
        name: of the backbone, one of `backbone.BACKBONES`.
        threads: of the CPU; they change the time alone.

    Returns:
        vectors: float32 [N, D], NaN for what cannot be read; readable: bool [N], false for images
        whose file has gone bad and that are not known from before; and how many were embedded now.
    """
    net = backbone.BACKBONES[name]()
    deterministic(seed=0, threads=threads)
    images = images.with_columns(reading.content(images))
    once = images.unique("image_id", keep="first", maintain_order=True)
    cache = SideCache("embed", _version(net))
    vectors, unseen = _known(once["image_id"], cache, net.dimensions)
    new = 0
    if len(unseen):
        with Steps(len(unseen), "embedding") as steps:
            new = _describe(
                vectors,
                unseen,
                once["image_id"],
                cache,
                lambda rows: _embedded(once, rows, net, steps.advance),
            )
    found = _each(images["image_id"], once["image_id"], vectors)
    return found, ~np.isnan(found[:, 0]), new


def embed_arrays(
    images: np.ndarray,
    net: backbone.Backbone,
    progress: Callable[[int], None] = lambda _: None,
    known: Callable[[int], None] | None = None,
) -> np.ndarray:
    """The vector of every image, by its pixels; equal images are described once.

    For images that come again in later runs: reals, and what is made of them.

    Args:
        images: uint8 [N, H, W, 3] RGB.
        net: what describes them.
        progress: told how many images are done.
        known: told at the start how many take no work; left out, `progress` is.

    Returns:
        float32 [N, D], the same whether they were known or not.
    """
    keys = [hashlib.sha256(image.tobytes()).hexdigest() for image in images]
    wanted = pl.DataFrame({"image_id": keys}, schema={"image_id": pl.String})
    once = wanted.with_row_index().unique("image_id", keep="first", maintain_order=True)
    first = once["index"].to_numpy()
    cache = SideCache("pixels", _version(net, images.shape[1:]))
    vectors, unseen = _known(once["image_id"], cache, net.dimensions)
    (known or progress)(len(images) - len(unseen))
    _describe(
        vectors,
        unseen,
        once["image_id"],
        cache,
        lambda rows: (rows, net.features(images[first[rows]], progress)),
    )
    return _each(wanted["image_id"], once["image_id"], vectors)


def _version(net: backbone.Backbone, *facts: object) -> str:
    """What a vector depends on beside the content; the processor is part of the arithmetic."""
    capability = torch.backends.cpu.get_cpu_capability()
    where = (net.where, capability, torch.__version__)
    return code.version(__name__, net.name, *where, *facts)


def _known(
    image_ids: pl.Series, cache: SideCache, dimensions: int
) -> tuple[np.ndarray, np.ndarray]:
    """Room for the vectors of images, none of them twice, those in the cache filled in.

    Returns:
        vectors: float32 [N, dimensions], NaN where not known; and those rows, int64 [M].
    """
    vectors = np.full((len(image_ids), dimensions), np.nan, dtype=np.float32)
    unseen = np.ones(len(image_ids), dtype=bool)
    for part in cache.among(image_ids.to_frame().with_row_index("row")):
        rows = part["row"].to_numpy()
        vectors[rows] = part["vector"].to_numpy()
        unseen[rows] = False
    return vectors, np.flatnonzero(unseen)


def _describe(
    vectors: np.ndarray,
    rows: np.ndarray,
    image_ids: pl.Series,
    cache: SideCache,
    described: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
) -> int:
    """Fill in the vectors of some rows, and keep them in the cache as they are found.

    Args:
        vectors: float32 [N, D], changed.
        rows: int64 [M], those to fill in.
        image_ids: of all N.
        cache: of this backbone.
        described: of rows int64 [n], those that could be read, int64 [m], and their vectors,
            float32 [m, D].

    Returns:
        How many were described.
    """
    count = 0
    array = pl.Array(pl.Float32, vectors.shape[1])
    with cache.adding() as found:
        for start in range(0, len(rows), CHUNK):
            some, vectors_of_some = described(rows[start : start + CHUNK])
            vectors[some] = vectors_of_some
            count += len(some)
            found.keep(
                pl.DataFrame(
                    {"image_id": image_ids[some], "vector": vectors[some]},
                    schema={"image_id": pl.String, "vector": array},
                )
            )
    return count


def _embedded(
    images: pl.DataFrame,
    rows: np.ndarray,
    net: backbone.Backbone,
    progress: Callable[[int], None],
) -> tuple[np.ndarray, np.ndarray]:
    """The vectors of some rows of a table, read from their files one by one.

    Returns:
        The rows that could be read, int64 [m], and their vectors, float32 [m, D].
    """
    pixels, read = [], []
    for row, place in zip(rows, reading.image_refs(images[rows]), strict=True):
        try:  # one image at a time: only what the network sees of it is kept
            pixels.append(net.prepare(reading.load_rgb(place)))
        except reading.UnreadableImageError:
            continue
        read.append(row)
    progress(len(rows) - len(read))
    if not read:
        return np.empty(0, dtype=np.int64), np.empty((0, net.dimensions), dtype=np.float32)
    return np.array(read), net.features(np.stack(pixels), progress)


def _each(wanted: pl.Series, image_ids: pl.Series, vectors: np.ndarray) -> np.ndarray:
    """The vectors of images of which some may come twice, from those of each once."""
    if len(wanted) == len(image_ids):
        return vectors
    rows = image_ids.to_frame().with_row_index("row")
    found = wanted.to_frame().join(rows, on="image_id", how="left", maintain_order="left")
    return vectors[found["row"].to_numpy()]
