"""BMP files: their size."""

from __future__ import annotations

import struct

from argus.data.images.header import DecodeError, Header

OLD = 12  # bytes of OS/2's header, with 16 bits a side
LENGTHS = {OLD, 16, 40, 52, 56, 64, 108, 124}  # bytes of the headers that there are


def read(data: bytes) -> Header:
    """Look at the headers of a BMP file.

    Raises:
        DecodeError: `not_an_image`, as many a text begins with "BM"; `truncated` or `broken`.
    """
    length = int.from_bytes(data[14:18], "little")
    if length not in LENGTHS:
        raise DecodeError("not_an_image")
    if len(data) < 14 + length:
        raise DecodeError("truncated")
    width, height = struct.unpack_from("<HH" if length == OLD else "<ll", data, 18)
    if width < 1 or not height:
        raise DecodeError("broken")
    height = abs(height)  # below zero: from the top down
    return Header(
        "BMP",
        width,
        height,
        data,
        scratch=2 * width * height,  # of one that is run-length encoded
        complete=int.from_bytes(data[2:6], "little") <= len(data),
    )
