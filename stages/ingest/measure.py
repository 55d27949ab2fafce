"""What one image file tells about itself: size, fingerprint, sharpness, light, information."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import imagehash
import numpy as np
import polars as pl
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from stages.common.catalogue import SCHEMA

MEASURED = [
    "captured_at",
    "width",
    "height",
    "phash",
    "sharpness",
    "luminance",
    "entropy",
    "status",
]
SCHEMA_MEASURED = {"image_id": SCHEMA["image_id"], **{name: SCHEMA[name] for name in MEASURED}}
JUDGED_AT = 256  # px of the shorter side at which sharpness is measured, so that sizes compare
CHUNK = 16  # files handed to a worker at a time

# The size limit is our own check before decoding, with its own status.
Image.MAX_IMAGE_PIXELS = None


def measure(path: Path, min_side: int, max_pixels: int) -> dict[str, Any]:
    """Decode an image and measure it, or say why it is refused.

    EXIF orientation is applied first: `width`, `height` and the hash are those of the picture as
    a person sees it.

    Args:
        min_side: px; a shorter side below it is refused as `too_small`.
        max_pixels: an image of more pixels is refused as `too_large` before it is decoded.

    Returns:
        The columns `MEASURED`; what could not be measured is missing.
    """
    try:
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter("ignore")  # about odd EXIF and palettes: harmless here
            width, height = image.size
            if width * height > max_pixels:
                return {"width": width, "height": height, "status": "too_large"}
            image.load()
            captured_at = capture_time(image)
            upright = ImageOps.exif_transpose(image)
    except UnidentifiedImageError:
        return {"status": "not_an_image"}
    except Exception:  # noqa: BLE001 - decoders raise anything on foreign bytes; the file is at fault
        return {"status": "truncated"}
    size = {"width": upright.width, "height": upright.height, "captured_at": captured_at}
    if min(upright.size) < min_side:
        return {**size, "status": "too_small"}
    grey = upright.convert("L")
    return {
        **size,
        "phash": phash(upright),
        "sharpness": sharpness(grey),
        "luminance": float(np.asarray(grey).mean()) / 255,
        "entropy": float(grey.entropy()),
        "status": "accepted",
    }


def phash(image: Image.Image) -> int:
    """64-bit perceptual hash (`imagehash.phash`): signs of the 8x8 lowest DCT terms of a 32x32
    grey image against their median. First bit of the first row is the most significant."""
    return int(str(imagehash.phash(image)), 16)


def sharpness(grey: Image.Image) -> float:
    """Variance of the Laplacian (Pech-Pacheco et al., ICPR 2000), grey levels squared.

    Measured at a shorter side of at most `JUDGED_AT` px, as the value depends on scale.
    """
    scale = min(1.0, JUDGED_AT / min(grey.size))
    size = (max(3, round(grey.width * scale)), max(3, round(grey.height * scale)))
    pixels = np.asarray(grey.resize(size, Image.Resampling.BOX), dtype=np.float32)
    centre = pixels[1:-1, 1:-1]
    neighbours = pixels[:-2, 1:-1] + pixels[2:, 1:-1] + pixels[1:-1, :-2] + pixels[1:-1, 2:]
    return float((neighbours - 4 * centre).var())


def capture_time(image: Image.Image) -> datetime | None:
    """When the camera says that the picture was taken (EXIF DateTimeOriginal), without a zone."""
    text = image.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
    try:
        return datetime.strptime(str(text), "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None


def measure_all(
    files: Iterable[tuple[str, Path]], total: int, min_side: int, max_pixels: int
) -> Iterator[dict[str, Any]]:
    """Measure files in as many processes as there are cores, yielding in the order given.

    Args:
        files: (image_id, path) of each.
        total: how many there are; a handful is not worth starting processes for.

    Yields:
        `image_id` and the columns `MEASURED` of each.
    """
    work = ((image_id, path, min_side, max_pixels) for image_id, path in files)
    workers = min(len(os.sched_getaffinity(0)), -(-total // CHUNK))
    if workers < 2:
        yield from map(_measured, work)
        return
    # forkserver: forking a process that has polars' threads may deadlock
    with ProcessPoolExecutor(workers, mp_context=get_context("forkserver")) as pool:
        yield from pool.map(_measured, work, chunksize=CHUNK)


def _measured(item: tuple[str, Path, int, int]) -> dict[str, Any]:
    image_id, path, min_side, max_pixels = item
    return {"image_id": image_id, **measure(path, min_side, max_pixels)}


def table(measured: Iterable[dict[str, Any]]) -> pl.DataFrame:
    """The measurements as a table with `SCHEMA_MEASURED`."""
    return pl.DataFrame(list(measured), schema=SCHEMA_MEASURED, orient="row")
