"""Image files as cameras and other software write them, and Pillow does not."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image


def encoded(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG file."""
    end = struct.pack(">L", zlib.crc32(kind + content))
    return struct.pack(">L", len(content)) + kind + content + end


def png(pixels: np.ndarray, *beside: bytes) -> bytes:
    """A PNG of uint8 or uint16 [H, W] or [H, W, C], C 2 (grey, alpha) to 4, with chunks beside."""
    bits = 8 * pixels.dtype.itemsize
    height, width = pixels.shape[:2]
    colour = 0 if pixels.ndim == 2 else {2: 4, 3: 2, 4: 6}[pixels.shape[2]]
    rows = b"".join(b"\0" + row.astype(f">u{bits // 8}").tobytes() for row in pixels)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">LLBBBBB", width, height, bits, colour, 0, 0, 0)),
            *beside,
            chunk(b"IDAT", zlib.compress(rows, 1)),
            chunk(b"IEND", b""),
        ]
    )


def ifd(*entries: tuple[int, int, int, bytes], order: str = "<") -> bytes:
    """A TIFF structure, as EXIF is one: tag, type, count and bytes of each value."""
    at, body, out = 8 + 2 + 12 * len(entries) + 4, b"", struct.pack(order + "H", len(entries))
    for tag, kind, count, value in entries:
        if len(value) > 4:
            value, body = struct.pack(order + "L", at + len(body)), body + value
        out += struct.pack(order + "HHL", tag, kind, count) + value.ljust(4, b"\0")
    start = b"II*\0" if order == "<" else b"MM\0*"
    return start + struct.pack(order + "L", 8) + out + bytes(4) + body


def tiff(pixels: np.ndarray, *more: tuple[int, int, int, bytes]) -> bytes:
    """An uncompressed TIFF of uint16 [H, W, 3], with more tags."""
    height, width = pixels.shape[:2]
    number = struct.Struct("<L").pack
    tags = [
        (256, 4, 1, number(width)),
        (257, 4, 1, number(height)),
        (258, 3, 3, struct.pack("<HHH", 16, 16, 16)),
        (262, 3, 1, b"\2\0"),
        (277, 3, 1, b"\3\0"),
        (278, 4, 1, number(height)),
        (279, 4, 1, number(pixels.nbytes)),
        *more,
    ]
    start = len(ifd(*tags, (273, 4, 1, bytes(4))))
    return ifd(*sorted([*tags, (273, 4, 1, number(start))])) + pixels.astype("<u2").tobytes()
