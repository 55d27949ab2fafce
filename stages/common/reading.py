"""Reading images: the one place that knows how a delivered file becomes RGB pixels, upright."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps

if TYPE_CHECKING:  # processes that only read need not wait for it
    import polars as pl

THUMBNAIL = (192, 128)  # width, height, px
PLACE = ["source", "delivery", "path", "offset", "size"]
"""The columns of the catalogue that say where an image's bytes lie."""

Place = tuple[str, str, str, int | None, int | None]


def places(images: pl.DataFrame) -> list[Place]:
    """Where the bytes of each row lie, for `stored` and `upright`."""
    return images.select(PLACE).rows()


def place_of(row: dict[str, Any]) -> Place:
    """Where the bytes of one row of the catalogue, given as a mapping, lie."""
    return (row["source"], row["delivery"], row["path"], row["offset"], row["size"])


def file_of(source: str, delivery: str, path: str) -> Path:
    """The file of a row: the image itself, or the shard that it lies in."""
    return Path(f"data/raw/{source}/{delivery}/{path}")


def stored(place: Place) -> bytes:
    """The bytes of an image as it was delivered, out of its shard if it lies in one."""
    source, delivery, path, offset, size = place
    with file_of(source, delivery, path).open("rb") as stream:
        if offset is None:
            return stream.read()
        stream.seek(offset)
        return stream.read(size)


def upright(place: Place) -> Image.Image:
    """An image of the catalogue as a person sees it: RGB, EXIF orientation applied, no metadata."""
    with Image.open(io.BytesIO(stored(place))) as image:
        picture = rgb(ImageOps.exif_transpose(image))
    picture.info.clear()  # Pillow hands EXIF and comments on to what it converts
    return picture


def thumbnail(row: dict[str, Any]) -> Image.Image:
    """The image of one row of the catalogue, small: RGB, `THUMBNAIL`, padded with white."""
    return ImageOps.pad(upright(place_of(row)), THUMBNAIL, color="white")


def rgb(image: Image.Image) -> Image.Image:
    """An image of any mode as RGB: 16 bits a channel become 8, transparency shows white.

    A palette is looked up, CMYK converted, grey repeated.
    """
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(_eight_bits(image)).convert("RGB")
    if image.mode in ("LA", "PA", "La", "RGBA", "RGBa") or "transparency" in image.info:
        layer = image.convert("RGBA")
        paper = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(paper, layer).convert("RGB")
    return image.convert("RGB")


def _eight_bits(image: Image.Image) -> np.ndarray:
    """Grey values of 16 bits at 8: uint8 [H, W]. Pillow's own conversion cuts them off at 255."""
    values = np.asarray(image, dtype=np.float64)
    return np.clip(np.round(values / 257), 0, 255).astype(np.uint8)
