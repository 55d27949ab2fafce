"""PNG files: the critical chunks, which make the image, and others that tell about it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from argus.data.images.header import DecodeError, Header, Samples

CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
"""Bits of a sample that there are, by the type of colour."""
COLOURS = {0: 1, 2: 3, 3: 3, 4: 1, 6: 3}  # channels of colour, by its type
BESIDE = {b"tRNS", b"sBIT", b"eXIf", b"acTL"}  # what of the rest is read
TEXTS = {b"tEXt", b"zTXt", b"iTXt"}
TEXT = 1 << 20  # bytes of a text that are looked at
XMP, RAW_EXIF = b"XML:com.adobe.xmp", b"Raw profile type exif"  # the latter is ImageMagick's


def read(data: bytes) -> Header:
    """Look through a PNG file, and check the sums of its critical chunks.

    Text, colour profiles and all else beside the image may be of any size, and broken.

    Raises:
        DecodeError: `truncated`, `broken`, or `format_not_supported` (a critical chunk that PNG
            does not have, as in Apple's).
    """
    critical: list[tuple[bytes, memoryview]] = []
    beside: dict[bytes, bytes] = {}
    size: tuple[int, ...] = ()
    for kind, chunk in _chunks(data):
        content = chunk[8:-4]
        sound = int.from_bytes(chunk[-4:]) == zlib.crc32(content, zlib.crc32(kind))
        if not kind[0] & 32:  # critical: there is no image without it
            if kind not in CRITICAL:
                raise DecodeError("format_not_supported", *size)
            if not sound or (kind == b"IHDR") == bool(critical):
                raise DecodeError("broken", *size)
            if not critical:
                width, height, bits, colour = _ihdr(content)
                size = width, height
            critical.append((kind, chunk))
            if kind == b"IEND":
                break
        elif sound and kind in BESIDE:
            beside.setdefault(kind, bytes(content))
        elif sound and kind in TEXTS:
            name, text = _text(kind, content)
            beside.setdefault(name, text)
    if not critical:
        raise DecodeError("truncated")
    kinds = [kind for kind, _ in critical]
    complete = kinds[-1] == b"IEND"
    if b"IDAT" not in kinds:
        raise DecodeError("broken" if complete else "truncated", *size)
    pieces = [chunk for _, chunk in critical]
    if bits <= 8 and b"tRNS" in beside:  # of 16 bits: a colour that is left out, in no photo
        pieces.insert(kinds.index(b"IDAT"), memoryview(_chunk(b"tRNS", beside[b"tRNS"])))
    significant = [n for n in beside.get(b"sBIT", b"")[: COLOURS[colour]] if 0 < n <= bits]
    frames = int.from_bytes(beside.get(b"acTL", b"")[:4])
    return Header(
        "PNG",
        width,
        height,
        b"".join([data[:8], *pieces]),
        beside.get(b"eXIf") or _unwrapped(beside.get(RAW_EXIF, b"")),
        beside.get(XMP, b""),
        Samples(bits, significant=max(significant, default=None)),
        frames=2 if frames > 1 else 1,
        complete=complete,
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """The whole chunks, each with its name; they end where the file does or makes no sense."""
    view, at = memoryview(data), 8
    while at + 12 <= len(data):
        kind = data[at + 4 : at + 8]
        end = at + 12 + int.from_bytes(data[at : at + 4])
        if end > len(data) or not kind.isalpha():
            return
        yield kind, view[at:end]
        at = end


def _chunk(kind: bytes, content: bytes) -> bytes:
    length, sum_of = len(content), zlib.crc32(content, zlib.crc32(kind))
    return struct.pack(">L4s", length, kind) + content + struct.pack(">L", sum_of)


def _ihdr(content: memoryview) -> tuple[int, int, int, int]:
    """Width, height, bits of a sample and type of colour."""
    if len(content) != 13:
        raise DecodeError("broken")
    width, height, bits, colour, *methods, interlaced = struct.unpack(">LLBBBBB", content)
    if not width or not height or bits not in DEPTHS.get(colour, ()) or any(methods):
        raise DecodeError("broken")
    if interlaced > 1:
        raise DecodeError("broken")
    return width, height, bits, colour


def _text(kind: bytes, content: memoryview) -> tuple[bytes, bytes]:
    """Keyword and text of a chunk if that is one that is read; else both are empty."""
    keyword, found, _ = bytes(content[:80]).partition(b"\0")
    if not found or keyword not in (XMP, RAW_EXIF):
        return b"", b""
    rest = bytes(content[len(keyword) + 1 :])
    packed = kind == b"zTXt" or (kind == b"iTXt" and rest[:1] == b"\1")
    text = {b"tEXt": rest, b"zTXt": rest[1:], b"iTXt": rest[2:].split(b"\0", 2)[-1]}[kind]
    try:
        return keyword, zlib.decompressobj().decompress(text, TEXT) if packed else text[:TEXT]
    except zlib.error:
        return keyword, b""


def _unwrapped(text: bytes) -> bytes:
    """An EXIF block out of ImageMagick's hexadecimal lines, which begin with its name and size."""
    try:
        block = bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode("ascii"))
    except ValueError:
        return b""
    return block.removeprefix(b"Exif\0\0")
