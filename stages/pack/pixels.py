"""Images at the training resolution; what was shrunk once is not decoded again.

The side cache holds copies of images and not mere measurements, so it keeps no more than the turn
itself does: see `forget_others`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import polars as pl
from numpy.lib.format import open_memmap
from PIL import Image, ImageOps

from argus.core import code
from argus.core.caches import SideCache
from argus.core.files import atomic, remove
from argus.core.progress import Steps
from argus.data import reading

CHUNK = 32  # images decoded at a time: what a kill may lose beside some seconds
PART_BYTES = 1 << 25  # of pixels in a part of the cache, and copied at a time
SCHEMA = {"image_id": pl.String(), "pixels": pl.Binary()}


def shrink(image: Image.Image, resolution: tuple[int, int]) -> np.ndarray:
    """Cut the middle of an image to the aspect ratio wanted and resize it.

    Args:
        image: RGB, any size.
        resolution: H, W in px.

    Returns:
        uint8 [H, W, 3] RGB, PIL bicubic with antialiasing.
    """
    height, width = resolution
    return np.asarray(ImageOps.fit(image, (width, height), Image.Resampling.BICUBIC))


def pixel_cache(resolution: tuple[int, int]) -> SideCache:
    """The cache of images at a resolution, by content: `SCHEMA`, uint8 [H, W, 3] as bytes."""
    return SideCache("pack", code.version(__name__, resolution), part=_at_a_time(resolution))


def write_images(
    files: Mapping[str, Path], images: pl.DataFrame, resolution: tuple[int, int], cache: SideCache
) -> tuple[np.ndarray, int]:
    """Write the images of each split as an array, uint8 [M, H, W, 3] RGB, those that cannot be read
    left out.

    The arrays are filled on disk, so many images need no more memory than few.

    Args:
        files: the `.npy` file of each split.
        images: N rows of the catalogue, split by split in that order.
        resolution: H, W in px.
        cache: of `pixel_cache` for that resolution; what is new is added.

    Returns:
        bool [N], which could be read: in the arrays in this order; and how many were decoded now.

    Raises:
        ArgusError: a file is missing, or memory ran out.
    """
    of_split = {split: (images["split"] == split).arg_true().to_numpy() for split in files}
    with ExitStack() as stack:
        written = {split: stack.enter_context(atomic(file)) for split, file in files.items()}
        arrays = [
            open_memmap(written[split], "w+", np.uint8, (len(rows), *resolution, 3))
            for split, rows in of_split.items()
        ]
        readable, decoded = _fill([row for array in arrays for row in array], images, cache)
        for array, (split, rows) in zip(arrays, of_split.items(), strict=True):
            array.flush()
            if not readable[rows].all():
                _leave_out(written[split], readable[rows])
    return readable, decoded


def _fill(
    arrays: Sequence[np.ndarray], images: pl.DataFrame, cache: SideCache
) -> tuple[np.ndarray, int]:
    """Fill in the pixels of images, those of known ones out of the cache.

    Args:
        arrays: N times uint8 [H, W, 3].
        images: N rows of the catalogue.
        cache: of their resolution.

    Returns:
        bool [N], which could be read; how many were decoded.
    """
    images = images.with_columns(reading.content(images))
    readable = np.zeros(images.height, dtype=bool)
    for part in cache.among(images.select("image_id").with_row_index("row")):
        for row, pixels in part.select("row", "pixels").iter_rows():
            arrays[row][:] = np.frombuffer(pixels, np.uint8).reshape(arrays[row].shape)
            readable[row] = True
    known = int(readable.sum())
    with Steps(images.height, "packing") as steps, cache.adding() as found:
        steps.advance(known)
        for rows in _chunks(np.flatnonzero(~readable)):
            for row, place in zip(rows, reading.image_refs(images[rows]), strict=True):
                try:
                    arrays[row][:] = shrink(reading.load_rgb(place), arrays[row].shape[:2])
                except reading.UnreadableImageError:
                    continue
                readable[row] = True
            some = rows[readable[rows]]
            pixels = [arrays[row].tobytes() for row in some]
            new = {"image_id": images["image_id"][some], "pixels": pixels}
            found.keep(pl.DataFrame(new, schema=SCHEMA))
            steps.advance(len(rows))
    return readable, int(readable.sum()) - known


def forget_others(cache: SideCache, images: pl.DataFrame) -> None:
    """Keep the pixels of these images alone, whatever the cache has of others, and of no other
    version: an image that was withdrawn, whose consent has ended or that was not chosen leaves no
    copy behind.

    Args:
        cache: of `pixel_cache`.
        images: rows of the catalogue, those packed now.
    """
    cache.keep_only(images.select(reading.content(images)))


def _leave_out(path: Path, kept: np.ndarray) -> None:
    """Leave rows out of the array in a file: the same bytes as if they had never been in it.

    Args:
        path: of a `.npy` file, [N, H, W, 3].
        kept: bool [N].
    """
    whole = path.with_name(f"{path.name}.whole")
    path.replace(whole)
    try:
        source = np.load(whole, mmap_mode="r")
        target = open_memmap(path, "w+", source.dtype, (int(kept.sum()), *source.shape[1:]))
        rows, step = np.flatnonzero(kept), _at_a_time(source.shape[1:3])
        for start in range(0, len(rows), step):
            target[start : start + step] = source[rows[start : start + step]]
        target.flush()
    finally:
        remove(whole)


def _chunks(rows: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def _at_a_time(resolution: tuple[int, int]) -> int:
    """How many images of a resolution are about `PART_BYTES`."""
    height, width = resolution
    return max(1, PART_BYTES // (3 * height * width))
