"""TIFF files: the first image, without what is not needed to decode it."""

from __future__ import annotations

import math
import struct

import numpy as np

from argus.data.images import ifd
from argus.data.images.header import DecodeError, Header, Kind, Samples

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIPS, CHANNELS, ROWS, STRIP_BYTES, PLANAR = 273, 277, 278, 279, 284
TILE_WIDTH, TILE_HEIGHT, TILES, TILE_BYTES = 322, 323, 324, 325
SAMPLE_FORMAT, HIGHEST, FLOAT_LOWEST, FLOAT_HIGHEST, XMP = 339, 281, 340, 341, 700
REDUCED = 254  # NewSubfileType; its first bit: a preview of another image
PIXELS = {WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, 266, STRIPS, CHANNELS, ROWS, STRIP_BYTES}
PIXELS |= {
    PLANAR,
    292,
    293,
    317,
    320,
    TILE_WIDTH,
    TILE_HEIGHT,
    TILES,
    TILE_BYTES,
    338,
    SAMPLE_FORMAT,
}
PIXELS |= {347, *range(512, 522), 529, 530, 531, 532}
"""Tags that the pixels depend on: layout, compression, palette, tables."""
KINDS: dict[int, Kind] = {1: "unsigned", 2: "signed", 3: "float", 4: "unsigned"}
PIECE = 800  # bytes that Pillow needs for a strip or tile in its lists


def read(data: bytes) -> Header:
    """Look through the first directory of a TIFF file.

    Raises:
        DecodeError: `truncated`, `broken`, or `format_not_supported` (a camera's raw file, whose
            first image is a preview).
    """
    main = ifd.first(data)
    width, height = main.number(WIDTH, 0), main.number(HEIGHT, 0)
    if width < 1 or height < 1:
        raise DecodeError("broken")
    if main.number(REDUCED, 0) & 1:
        raise DecodeError("format_not_supported", width, height)
    lost = [tag for tag in PIXELS & main.entries.keys() if main.content(tag) is None]
    if lost:
        raise DecodeError("truncated", width, height)
    samples = _samples(main)
    raw = main.number(COMPRESSION, 1) == 1
    if samples.bits > 8 and main.number(PLANAR, 1) == 2:  # Pillow takes them for 8 bits
        raise DecodeError("format_not_supported", width, height)
    tags = (TILES, TILE_BYTES) if TILES in main.entries else (STRIPS, STRIP_BYTES)
    starts, lengths = (_offsets(main, tag) for tag in tags)
    many = min(len(starts), len(lengths))
    ends = starts[:many] + lengths[:many]
    return Header(
        "TIFF",
        width,
        height,
        _lean(main),
        data,
        main.content(XMP) or b"",
        samples,
        frames=2 if 0 < main.following < len(data) - 2 else 1,
        scratch=PIECE * len(starts) + (0 if raw else 2 * _piece(main, width, height)),
        complete=bool((ends <= len(data)).all()),
    )


def _offsets(main: ifd.Directory, tag: int) -> np.ndarray:
    """Offsets or lengths of the strips or tiles: uint64 [N]."""
    entry, content = main.entries.get(tag), main.content(tag)
    if content is None or entry is None or entry.kind not in (3, 4, 16):
        return np.empty(0, dtype=np.uint64)
    return np.frombuffer(content, f"{main.order}u{ifd.SIZES[entry.kind]}").astype(np.uint64)


def _samples(main: ifd.Directory) -> Samples:
    bits = [int(n) for n in main.numbers(BITS)] or [1]
    kind = KINDS.get(main.number(SAMPLE_FORMAT, 1), "unsigned")
    low, high = ([*main.numbers(tag), None][0] for tag in (FLOAT_LOWEST, FLOAT_HIGHEST))
    declared = None
    if kind == "unsigned":
        # A statistic of the image may stand there as well. One less than a power of two is none.
        highest = high if high is not None else [*main.numbers(HIGHEST), 0][0]
        if highest and highest >= 255 and math.log2(highest + 1).is_integer():
            declared = 0.0, float(highest)
    elif low is not None and high is not None and -math.inf < low < high < math.inf:
        declared = float(low), float(high)
    return Samples(max(bits), kind, declared, white_is_zero=main.number(PHOTOMETRIC, 1) == 0)


def _piece(main: ifd.Directory, width: int, height: int) -> int:
    """Bytes of a strip or tile once unpacked; of each pixel at least four, as of RGBA."""
    if TILE_WIDTH in main.entries:
        pixels = max(1, main.number(TILE_WIDTH, 1)) * max(1, main.number(TILE_HEIGHT, 1))
    else:
        pixels = width * min(height, max(1, main.number(ROWS, height)))
    bits = max([int(n) for n in main.numbers(BITS)] or [1])
    return pixels * max(4, bits * max(1, main.number(CHANNELS, 1)) // 8)


def _lean(main: ifd.Directory) -> bytes:
    """The file with one directory that has only what the pixels depend on, behind all else."""
    entries = [main.entries[tag].raw for tag in sorted(PIXELS & main.entries.keys())]
    data = main.data + b"\0" * (len(main.data) % 2)
    head, word = ("Q", "Q") if main.big else ("H", "L")
    first = 8 if main.big else 4
    start = data[:first] + struct.pack(main.order + word, len(data))
    last = struct.pack(main.order + head, len(entries)) + b"".join(entries)
    return start + data[len(start) :] + last + b"\0" * struct.calcsize("<" + word)
