"""WebP files: the canvas, and what lies beside the image."""

from __future__ import annotations

import struct

from argus.data.images.header import DecodeError, Header

# Bytes a pixel that libwebp needs beside the image: two canvases and the image given out, of four
# bytes each, and what the lossless decoder keeps.
SCRATCH = 16


def read(data: bytes) -> Header:
    """Look through the chunks of a WebP file. Its decoder is not opened: it takes memory at once.

    Raises:
        DecodeError: `truncated` or `broken`; `not_an_image` if it is another RIFF file.
    """
    if data[8:12] != b"WEBP":
        raise DecodeError("not_an_image")
    end = 8 + int.from_bytes(data[4:8], "little")
    complete = len(data) >= end
    beside: dict[bytes, bytes] = {}
    size, frames, at = None, 0, 12
    while at + 8 <= min(len(data), end):
        kind, length = struct.unpack_from("<4sL", data, at)
        content = data[at + 8 : at + 8 + length] if kind in (b"EXIF", b"XMP ") else b""
        if kind in (b"VP8X", b"VP8 ", b"VP8L") and size is None:
            size = _size(kind, data[at + 8 : at + 18])
        beside.setdefault(kind, content)
        frames += kind == b"ANMF"
        at += 8 + length + length % 2
    if size is None or not min(size):
        raise DecodeError("broken" if complete and len(data) > 30 else "truncated")
    width, height = size
    return Header(
        "WEBP",
        width,
        height,
        data,
        beside.get(b"EXIF", b"").removeprefix(b"Exif\0\0"),
        beside.get(b"XMP ", b""),
        frames=2 if frames > 1 else 1,
        scratch=SCRATCH * width * height,
        complete=complete,
    )


def _size(kind: bytes, head: bytes) -> tuple[int, int] | None:
    """Width and height by the first bytes of a chunk; None if they make no sense."""
    if len(head) < 10:
        return None
    if kind == b"VP8X":
        return int.from_bytes(head[4:7], "little") + 1, int.from_bytes(head[7:10], "little") + 1
    if kind == b"VP8L" and head[0] == 0x2F:
        bits = int.from_bytes(head[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and head[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", head[6:10])
        return width & 0x3FFF, height & 0x3FFF
    return None
