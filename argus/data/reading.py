"""Images of the catalogue: where their bytes lie, and how they are read."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from PIL import Image, ImageDraw, ImageOps

from argus.core.errors import ArgusError
from argus.core.paths import RAW
from argus.data.images.decode import decode
from argus.data.images.header import DecodeError

if TYPE_CHECKING:  # processes that only read need not wait for it
    import polars as pl

THUMBNAIL = (192, 128)  # width, height, px
PIECE = 1 << 20  # bytes read at a time of what is only hashed


class ImageRef(NamedTuple):
    """Where an image's bytes lie and how they are read: columns of the catalogue."""

    source: str
    delivery: str
    path: str
    offset: int | None = None
    size: int | None = None
    sample_max: float | None = None
    width: int | None = None
    height: int | None = None


class UnreadableImageError(Exception):
    """An image that was accepted at ingest can no longer be read: its bytes have gone bad."""


def image_refs(images: pl.DataFrame) -> list[ImageRef]:
    """Where the bytes of each row lie; at ingest no more is known."""
    columns = [name for name in ImageRef._fields if name in images.columns]
    return [
        ImageRef(**dict(zip(columns, row, strict=True)))
        for row in images.select(columns).iter_rows()
    ]


def content(images: pl.DataFrame) -> pl.Series:
    """What the pixels of each row depend on: `image_id`, and `sample_max` where there is one."""
    told = images["sample_max"].cast(str)
    return (images["image_id"] + ("@" + told).fill_null("")).alias("image_id")


def image_ref(row: dict[str, Any]) -> ImageRef:
    """Where the bytes of one row of the catalogue, given as a mapping, lie."""
    return ImageRef(*(row[name] for name in ImageRef._fields))


def file_of(source: str, delivery: str, path: str) -> Path:
    """The file of a row: the image itself, or the shard that it lies in. An absolute `path` is that
    of an image which has not come in yet."""
    return RAW / source / delivery / path


def read_bytes(ref: ImageRef) -> bytes:
    """The bytes of an image as it was delivered, out of its shard if it lies in one.

    Raises:
        ArgusError: the file is not there, or may not be read.
        UnreadableImageError: the disk cannot read it.
    """
    file = file_of(*ref[:3])
    try:
        with file.open("rb") as stream:
            if ref.offset is None:
                return stream.read()
            stream.seek(ref.offset)
            return stream.read(-1 if ref.size is None else ref.size)
    except FileNotFoundError:
        raise ArgusError(
            f"{file} is missing: `dvc pull` it, or `dvc checkout` its delivery"
        ) from None
    except OSError as error:
        if error.errno == errno.EIO:
            raise UnreadableImageError(str(file)) from None
        raise ArgusError(f"{file} cannot be read: {error.strerror}") from None


def digest(ref: ImageRef) -> hashlib._Hash:
    """SHA-256 of the bytes of an image, a piece at a time.

    Raises:
        ArgusError: the file is not there, or may not be read.
        UnreadableImageError: the disk cannot read it.
    """
    found, at = hashlib.sha256(), ref.offset or 0
    end = at + ref.size if ref.size is not None else None
    while end is None or at < end:
        many = PIECE if end is None else min(PIECE, end - at)
        piece = read_bytes(ref._replace(offset=at, size=many))
        if not piece:
            break
        found.update(piece)
        at += len(piece)
    return found


@contextmanager
def enough_memory(ref: ImageRef) -> Iterator[None]:
    """Say which image is being read if memory runs out: that is no fault of the image.

    Raises:
        ArgusError: it did.
    """
    try:
        yield
    except MemoryError:
        raise ArgusError(
            f"memory ran out while reading {file_of(*ref[:3])}: an image may take as much as "
            "ingest.max_memory in params.yaml says; give the process more, or lower it"
        ) from None


def load_rgb(ref: ImageRef) -> Image.Image:
    """An image of the catalogue as a person sees it: RGB, EXIF orientation applied, no metadata.

    Raises:
        UnreadableImageError: it cannot be decoded (any more).
        ArgusError: its file is missing, or memory ran out.
    """
    with enough_memory(ref):
        size = (ref.width, ref.height) if ref.width and ref.height else None
        try:
            return decode(read_bytes(ref), size=size, sample_max=ref.sample_max).image
        except DecodeError as refusal:
            raise UnreadableImageError(f"{file_of(*ref[:3])}: {refusal.status}") from None


def thumbnail(row: dict[str, Any]) -> Image.Image:
    """The image of one row of the catalogue, small: RGB, `THUMBNAIL`, padded with white.

    One that cannot be read is a blank that says so.
    """
    try:
        return ImageOps.pad(load_rgb(image_ref(row)), THUMBNAIL, color="white")
    except UnreadableImageError:
        blank = Image.new("RGB", THUMBNAIL, "lightgray")
        centre = (THUMBNAIL[0] // 2, THUMBNAIL[1] // 2)
        ImageDraw.Draw(blank).text(centre, "unreadable", fill="black", anchor="mm")
        return blank
