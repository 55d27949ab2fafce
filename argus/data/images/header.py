"""What an image file says of itself before anything is decoded, and why one is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2"}
    | {b"msf1", b"miaf", b"avif", b"avis", b"avio", b"j2ki", b"jpeg", b"vvic", b"crx "}
)
"""Brands of ISO media files, in their `ftyp` box, that are images: HEIF, AVIF, Canon's raw."""


class DecodeError(Exception):
    """Why a file is no image for us: one of the catalogue's statuses, and its size if known."""

    def __init__(self, status: str, width: int | None = None, height: int | None = None) -> None:
        super().__init__(status)
        self.status, self.width, self.height = status, width, height


Kind = Literal["unsigned", "signed", "float"]


@dataclass(frozen=True)
class Samples:
    """How the samples of an image are stored.

    `declared` is the range, black to white, that the file itself states; `significant` the bits
    of a sample that PNG's sBIT states, which does not tell at which end of the 16 they lie.
    """

    bits: int = 8
    kind: Kind = "unsigned"
    declared: tuple[float, float] | None = None
    significant: int | None = None
    white_is_zero: bool = False


@dataclass(frozen=True)
class Header:
    """An image file, looked through but not decoded.

    Attributes:
        form: the format by Pillow's name.
        width, height: px as stored, before EXIF orientation.
        lean: the file for Pillow's decoder: the first image without its metadata, so that nothing
            beside the pixels can stop the decoder or fill the memory.
        exif: the TIFF structure of the EXIF block, empty if there is none.
        xmp: the XMP packet, empty if there is none.
        samples: how they are stored.
        frames: images in the file; 2 stands for more than one.
        scratch: bytes that the decoder needs beside the image that it gives out.
        complete: whether the file has all the bytes that its structure announces.
        draftable: whether a JPEG can be decoded at a smaller scale with the very outcome, good or
            bad, that decoding it in full has.
    """

    form: str
    width: int
    height: int
    lean: bytes
    exif: bytes = b""
    xmp: bytes = b""
    samples: Samples = Samples()
    frames: int = 1
    scratch: int = 0
    complete: bool = True
    draftable: bool = False
