"""JPEG files up to their first scan."""

from __future__ import annotations

import struct

from argus.data.images.header import DecodeError, Header, Samples

SOI, EOI, SOS, COMMENT = 0xD8, 0xD9, 0xDA, 0xFE
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15
DECODED = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}  # baseline, extended, progressive; arithmetic coding
PROGRESSIVE = {0xC2, 0xCA}
ALONE = {0x00, 0x01, SOI, *range(0xD0, 0xD8)}  # markers without content
KEPT = {0xE0: (b"JFIF\0", 14), 0xEE: (b"Adobe", 12)}
"""Segments that the decoder knows the colours by: how they begin, and how many bytes they need.

libjpeg passes over those that are shorter, and Pillow stops at them.
"""
EXIF, XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"


def read(data: bytes) -> Header:
    """Look through a JPEG file: its segments up to the first scan.

    Raises:
        DecodeError: `truncated`, `broken`, or `format_not_supported` (12 bits, lossless, two
            components).
    """
    at, pieces = 2, [memoryview(data)[:2]]
    exif = xmp = frame = b""
    kind = 0
    while True:
        start, marker, at = _marker(data, at)
        if marker in ALONE:
            continue
        if marker == EOI:
            raise DecodeError("broken")
        length = int.from_bytes(data[at : at + 2])
        if at + max(length, 2) > len(data):
            raise DecodeError("truncated")
        if length < 2:
            raise DecodeError("broken")
        content = data[at + 2 : at + length]
        at += length
        if marker == SOS:
            break
        if marker in FRAMES:
            kind, frame = marker, content
        if marker == 0xE1 and content.startswith(EXIF):
            exif += content[len(EXIF) :]
        elif marker == 0xE1 and content.startswith(XMP):
            xmp += content[len(XMP) :]
        if _needed(marker, content):
            pieces.append(memoryview(data)[start:at])
    lean = b"".join([*pieces, memoryview(data)[start:]])
    return _header(lean, kind, frame, content, exif, xmp)


def _needed(marker: int, content: bytes) -> bool:
    """Whether the decoder cannot do without a segment."""
    if marker in KEPT:
        begin, least = KEPT[marker]
        return content.startswith(begin) and len(content) >= least
    return not (0xE0 <= marker <= 0xEF or marker == COMMENT)


def _marker(data: bytes, at: int) -> tuple[int, int, int]:
    """Where the marker at `at` begins (its last 0xFF), which it is, and what is behind it."""
    if data[at : at + 1] not in (b"\xff", b""):
        raise DecodeError("broken")
    while data[at : at + 1] == b"\xff":
        at += 1
    if at >= len(data):
        raise DecodeError("truncated")
    return at - 1, data[at], at + 1


def _header(lean: bytes, kind: int, frame: bytes, scan: bytes, exif: bytes, xmp: bytes) -> Header:
    """Read the frame header and the first scan's."""
    if len(frame) < 6 or len(frame) < 6 + 3 * frame[5] or not scan:
        raise DecodeError("broken")
    bits, height, width, components = struct.unpack(">BHHB", frame[:6])
    if not height or kind not in DECODED or bits != 8 or components not in (1, 3, 4):
        # no height: it follows behind the pixels (DNL)
        raise DecodeError("format_not_supported", width, height)
    if not width:
        raise DecodeError("broken")
    factors = [(f >> 4, f & 15) for f in frame[7 : 6 + 3 * components : 3]]
    if any(not 1 <= side <= 4 for factor in factors for side in factor):
        raise DecodeError("broken", width, height)
    across, down = max(h for h, _ in factors), max(v for _, v in factors)
    coefficients = 0
    if kind in PROGRESSIVE or scan[0] < components:  # they come in several turns: all are kept
        padded = (width + 8 * across) * (height + 8 * down)
        coefficients = sum(2 * padded * h * v // (across * down) for h, v in factors)
    return Header(
        "JPEG",
        width,
        height,
        lean,
        exif,
        xmp,
        Samples(),
        scratch=coefficients,
        complete=lean.rfind(bytes((0xFF, EOI))) > 0,  # in no segment that is kept but by chance
        # in grey the colour is not enlarged, and so an uneven ratio, which cannot be, not found out
        draftable=components == 1 or all(not across % h and not down % v for h, v in factors),
    )
