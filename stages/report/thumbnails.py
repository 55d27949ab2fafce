"""Images as the page carries them: small, and inside the page itself."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from argus.data import reading

WIDTH, HEIGHT = 320, 240  # px at most of a thumbnail: twice what a phone shows of three in a row
QUALITY = 72  # of WebP; artifacts of it are not to be taken for a model's
LOSSLESS = 96 * 64  # images of no more pixels are kept as they are


class Thumbnail(NamedTuple):
    """An image within the page: its `data:` address, its size in px, and what it shows."""

    src: str
    width: int
    height: int
    alt: str
    caption: str = ""


def thumbnail(image: Image.Image | np.ndarray, alt: str, caption: str = "") -> Thumbnail:
    """Shrink an image to `WIDTH` and `HEIGHT` at most, as WebP; a small one stays pixel for pixel.

    Args:
        image: PIL, or uint8 [H, W, 3].
        alt: what a person who does not see it is told.
        caption: a line below it.
    """
    small = image if isinstance(image, Image.Image) else Image.fromarray(image)
    small = small.convert("RGB")
    small.thumbnail((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    lossless = small.width * small.height <= LOSSLESS
    small.save(out, "WEBP", lossless=lossless, quality=QUALITY, method=4)
    address = base64.b64encode(out.getvalue()).decode("ascii")
    return Thumbnail(f"data:image/webp;base64,{address}", *small.size, alt, caption)


def of_row(row: Mapping[str, Any], alt: str, caption: str = "") -> Thumbnail | None:
    """The thumbnail of a row of the catalogue; None if it cannot be read (any more)."""
    try:
        return thumbnail(reading.load_rgb(reading.image_ref(dict(row))), alt, caption)
    except reading.UnreadableImageError:
        return None


def name_of(row: Mapping[str, Any]) -> str:
    """Where an image came from: source, delivery, path and, of a shard, member."""
    parts = (row["source"], row["delivery"], row["path"], row["member"])
    return "/".join(part for part in parts if part)
