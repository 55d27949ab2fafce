"""The one way in which an image is read, at ingest and ever after.

`ingest` checks what `decode` returns, so whatever opens an image goes this way: the same
files are read, with the same pixels, and the same are refused.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
from PIL import Image
from PIL.Image import Transpose

from argus.data.images import bmp, exif, jpeg, png, tiff, webp
from argus.data.images.header import BRANDS, DecodeError, Header
from argus.data.images.samples import deep, eight_bits, rows

TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
"""What makes an image upright, by its EXIF orientation."""
ON_ITS_SIDE = {5, 6, 7, 8}

READERS = {
    b"\xff\xd8\xff": jpeg.read,
    b"\x89PNG\r\n\x1a\n": png.read,
    b"BM": bmp.read,
    b"II*\0": tiff.read,
    b"MM\0*": tiff.read,
    b"II+\0": tiff.read,
    b"MM\0+": tiff.read,
    b"RIFF": webp.read,
}
OTHERS = (
    *(b"GIF87a", b"GIF89a", b"8BPS", b"\0\0\1\0", b"%PDF", b"qoif", b"#?RADIANCE", b"SIMPLE  ="),
    *(b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51", b"\0\0\0\x0cJXL ", b"\xff\x0a", b"\x76\x2f\x31\x01"),
    *(b"DDS ", b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"IIU\0", b"FOVb", b"II\xbc\x01", b"icns"),
    *(b"%!PS", b"\xc5\xd0\xd3\xc6", b"gimp xcf", b"AT&TFORM", b"BPG\xfb", b"\x8aMNG", b"\x8bJNG"),
    *(b"P%d%b" % (kind, space) for kind in range(1, 8) for space in (b"\n", b" ", b"\r")),
)
"""How files of other kinds of images begin: GIF, PSD, ICO, PDF, QOI, HDR, FITS, JPEG 2000, JPEG
XL, OpenEXR, DDS, raw files, JPEG XR, ICNS, EPS, XCF, DjVu, BPG, MNG and JNG, netpbm."""
SVG = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!--|!DOCTYPE svg|svg)")
"""How an SVG begins, if `<svg` follows: it is a text that is an image."""
LOOKED_AT = 8000  # bytes in which it must
FIXED = 24_000_000  # bytes, whatever the size: strips in conversion, the image that is judged
PIXEL = 8  # bytes that a pixel takes at most in what comes out and a copy of it, of 4 bytes each

# The limits of pixels and memory are our own checks before decoding, with their own status.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True)
class Limits:
    """What is decoded at all: see `ingest` in params.yaml."""

    min_side: int  # px
    max_pixels: int
    max_aspect: float  # longer side to shorter side
    max_memory: int  # bytes


@dataclass(frozen=True)
class Decoded:
    """An image as a person sees it: `width` x `height` px after EXIF orientation.

    `image` is RGB or 8-bit grey, upright, without metadata; one that was decoded at a smaller scale
    is smaller than the image, by 2, 4 or 8.
    """

    width: int
    height: int
    captured_at: datetime | None
    image: Image.Image


def read_header(data: bytes) -> Header:
    """Look through a file without decoding it.

    Raises:
        DecodeError: `not_an_image`, `format_not_supported`, `truncated` or `broken`.
    """
    for magic, read in READERS.items():
        if data.startswith(magic):
            try:
                return read(data)
            except (ArithmeticError, LookupError, ValueError, struct.error):
                raise DecodeError("broken") from None  # no file may stop us, whatever it says
    boxed = data[4:8] == b"ftyp" and data[8:12] in BRANDS
    drawn = SVG.match(data) and b"<svg" in data[:LOOKED_AT]
    foreign = boxed or drawn or data.startswith(OTHERS)
    raise DecodeError("format_not_supported" if foreign else "not_an_image")


def memory(header: Header, size: int) -> int:
    """Bytes that reading and measuring an image takes at most: its file twice, and its pixels.

    Args:
        header: of the image.
        size: bytes of the file.
    """
    pixels = header.width * header.height
    return memory_of_file(size) + max(PIXEL * pixels, PIXEL // 2 * pixels + header.scratch)


def memory_of_file(size: int) -> int:
    """Bytes that it takes to look through a file of `size` bytes: the file, and a copy of it."""
    return FIXED + 2 * size


def decode(
    data: bytes,
    mode: Literal["RGB", "L"] = "RGB",
    *,
    at_least: int | None = None,
    limits: Limits | None = None,
    size: tuple[int, int] | None = None,
    sample_max: float | None = None,
) -> Decoded:
    """Check the header, then decode.

    16 bits a channel become 8 by their true range, transparency shows white, a palette is looked
    up, CMYK converted. Of the metadata only orientation and capture time are read.

    Args:
        data: the file.
        mode: RGB, or grey as Pillow makes it of RGB.
        at_least: px of the shorter side. If given, a JPEG may be decoded in grey at a smaller
            scale that leaves as many: without colour, and without the high frequencies of each
            block (libjpeg's scaled decoding); twice as quick. It fails where decoding in full
            fails, and only there.
        limits: what is refused before decoding.
        size: width and height that `ingest` found within its limits. A file that announces another
            size is `broken`: it has gone bad since, and might take any memory.
        sample_max: the sample that is white in a file of more than 8 bits that does not tell.

    Raises:
        DecodeError: why it is no image for us, a status of the catalogue.
        MemoryError: there is less memory than `memory` says.
    """
    header = read_header(data)
    if header.frames > 1:
        raise DecodeError("several_frames", header.width, header.height)
    if limits is not None:
        _check(header, len(data), limits)
    if size is not None and {*size} != {header.width, header.height}:
        raise DecodeError("broken", header.width, header.height)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd palettes and tags: harmless here
            image = _loaded(header, at_least if mode == "L" else None)
            if deep(image, header):
                image = eight_bits(image, header, sample_max)
            image = flat(image, mode)
    except (DecodeError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - decoders raise anything on foreign bytes
        # libjpeg and others do not say that memory ran out: it is not the file that is at fault
        np.empty(memory(header, len(data)), dtype=np.uint8)
        raise DecodeError(_reason(header, error), header.width, header.height) from None
    image.info.clear()  # Pillow hands comments and profiles on to what it converts
    orientation, captured_at = exif.facts(header.exif, header.xmp)
    width, height = header.width, header.height
    if orientation in ON_ITS_SIDE:
        width, height = height, width
    if orientation in TURNS:
        image = image.transpose(TURNS[orientation])
    return Decoded(width, height, captured_at, image)


def flat(image: Image.Image, mode: Literal["RGB", "L"]) -> Image.Image:
    """An image of 8 bits a channel, of any mode, as RGB or grey; what is transparent is white."""
    clear = "transparency" in image.info
    if image.mode == mode and not clear:
        return image
    if image.mode == "RGB" and not clear:
        return image.convert(mode)
    out = Image.new(mode, image.size)
    for top, strip in rows(image):
        if clear or image.mode in ("LA", "PA", "La", "RGBA", "RGBa"):
            layer = strip.convert("RGBA")
            strip = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
        out.paste(strip.convert("RGB").convert(mode), (0, top))
    return out


def _check(header: Header, size: int, limits: Limits) -> None:
    width, height = header.width, header.height
    if min(width, height) < limits.min_side:
        raise DecodeError("too_small", width, height)
    if width * height > limits.max_pixels or memory(header, size) > limits.max_memory:
        raise DecodeError("too_large", width, height)
    if max(width, height) > limits.max_aspect * min(width, height):
        raise DecodeError("too_oblong", width, height)


def _loaded(header: Header, at_least: int | None) -> Image.Image:
    """Decode with Pillow; in grey and smaller if that is asked for and can be."""
    try:
        image = Image.open(io.BytesIO(header.lean), formats=(header.form,))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a layout or compression that Pillow does not have
        status = "format_not_supported" if header.complete else "truncated"
        raise DecodeError(status, header.width, header.height) from None
    with image:
        if image.size != (header.width, header.height):
            raise DecodeError("broken", header.width, header.height)
        if at_least is not None and header.draftable:
            scale = at_least / min(image.size)
            image.draft("L", (round(image.width * scale), round(image.height * scale)))
        image.load()
    return image


def _reason(header: Header, error: Exception) -> str:
    """The status of a file whose pixels Pillow could not decode."""
    # the size that a BMP states is often none: then that the decoder wanted more tells
    wanted_more = header.form == "BMP" and "truncated" in str(error)
    return "truncated" if wanted_more or not header.complete else "broken"
