"""From the bytes of a file to the grey picture that everything is measured on, or a refusal."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.Image import Transpose

from stages.common import reading

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
# px of the shorter side: what a reduced decoding must leave at least. The heights of video are
# whole multiples of it, so that nothing need be shrunk after a reduced decoding of 720 rows.
JUDGED_AT = 180

TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
"""What makes a picture upright, by its EXIF orientation."""

ON_ITS_SIDE = {
    Transpose.TRANSPOSE,
    Transpose.ROTATE_270,
    Transpose.TRANSVERSE,
    Transpose.ROTATE_90,
}

Mode = Literal["fast", "exact"]

# The limit of pixels is our own check before decoding, with its own status.
Image.MAX_IMAGE_PIXELS = None


class Refusal(Exception):  # noqa: N818 - an outcome with a status, not a mistake
    """Why a file is no image for us: one of the catalogue's statuses, and its size if known."""

    def __init__(self, status: str, width: int | None = None, height: int | None = None) -> None:
        super().__init__(status)
        self.status, self.width, self.height = status, width, height


@dataclass(frozen=True)
class Decoded:
    """A picture as a person sees it: `width` x `height` px after EXIF orientation.

    `grey` is 8 bits; in `fast` mode a JPEG's is smaller than the picture, by 2, 4 or 8.
    """

    width: int
    height: int
    captured_at: datetime | None
    grey: Image.Image


def decode(data: bytes, mode: Mode, min_side: int, max_pixels: int) -> Decoded:
    """Check the header, then decode.

    Args:
        data: the file.
        mode: `exact` decodes in full and converts as `imagehash.phash` does. `fast` lets the JPEG
            decoder leave out what the grey picture at `JUDGED_AT` px does not need (colour, the
            high frequencies of each block; libjpeg's scaled decoding); twice as quick.
        min_side: px; a shorter side below it is refused as `too_small`, before decoding.
        max_pixels: more are refused as `too_large`, before decoding.

    Raises:
        Refusal: `not_an_image`, `several_frames`, `too_small`, `too_large` or `truncated`.
    """
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(data), formats=FORMATS) as image:
            warnings.simplefilter("ignore")  # about odd EXIF and palettes: harmless here
            width, height = image.size
            # a JPEG with more pictures behind it (MPO) shows the first; the others are previews
            if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
                raise Refusal("several_frames", width, height)
            if min(width, height) < min_side:
                raise Refusal("too_small", width, height)
            if width * height > max_pixels:
                raise Refusal("too_large", width, height)
            if mode == "fast" and image.format in ("JPEG", "MPO"):
                scale = JUDGED_AT / min(width, height)
                image.draft("L", (round(width * scale), round(height * scale)))
            image.load()
            exif = image.getexif()
            captured_at, turn = capture_time(exif), TURNS.get(orientation(exif))
            grey = image if image.mode == "L" else reading.rgb(image).convert("L")
    except Refusal:
        raise
    except UnidentifiedImageError:
        raise Refusal("not_an_image") from None
    except Exception:  # noqa: BLE001 - decoders raise anything on foreign bytes; the file is at fault
        raise Refusal("truncated") from None
    if turn is not None:
        grey = grey.transpose(turn)
        if turn in ON_ITS_SIDE:
            width, height = height, width
    return Decoded(width, height, captured_at, grey)


def orientation(exif: Image.Exif) -> int:
    """How the camera was held (EXIF Orientation, 1 to 8; 1 is upright)."""
    return int(exif.get(ExifTags.Base.Orientation, 1))


def capture_time(exif: Image.Exif) -> datetime | None:
    """When the camera says that the picture was taken (EXIF DateTimeOriginal), without a zone.

    The one fact of the metadata that is kept: position and serial numbers stay in the file.
    """
    if ExifTags.IFD.Exif not in exif:
        return None
    text = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
    try:
        return datetime.strptime(str(text), "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
