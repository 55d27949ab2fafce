"""The two facts of an image's metadata that are read: how it was held, and when it was taken.

Everything else (position, serial numbers) stays in the file. Whatever is wrong with the rest of the
metadata, or with these two, the image is read as if they were not there.
"""

from __future__ import annotations

import re
from datetime import datetime

from argus.data.images import ifd
from argus.data.images.header import DecodeError

ORIENTATION, EXIF, TAKEN = 0x0112, 0x8769, 0x9003  # tags
UPRIGHT = 1


def facts(block: bytes, xmp: bytes = b"") -> tuple[int, datetime | None]:
    """What a TIFF structure says of the image, or the XMP packet where that does not.

    Args:
        block: an EXIF block, or a whole TIFF file; may be empty or broken.
        xmp: an XMP packet; may be empty.

    Returns:
        orientation: 1 to 8 as EXIF numbers them; 1 is upright.
        captured_at: DateTimeOriginal, the camera's clock without a zone.
    """
    orientation, captured_at = 0, None
    try:
        main = ifd.first(block)
        orientation = main.number(ORIENTATION, 0)
        if pointer := main.number(EXIF, 0):
            taken = ifd.directory(block, pointer, main.order, main.big)
            captured_at = _time(taken.content(TAKEN))
    except DecodeError:
        pass
    if not 1 <= orientation <= 8:
        found = re.search(rb"tiff:Orientation(?:=[\"']|>)([1-8])\b", xmp)
        orientation = int(found[1]) if found else UPRIGHT
    return orientation, captured_at


def _time(text: bytes | None) -> datetime | None:
    try:
        return datetime.strptime((text or b"").rstrip(b"\0").decode(), "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
