"""Directories of tagged values, which TIFF files and EXIF blocks are made of.

Read here and not by Pillow, whose reader of EXIF fails on what other readers pass over. A value
that makes no sense is as if it were not there.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

from argus.data.images.header import DecodeError

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
SIZES |= {16: 8, 17: 8, 18: 8}
"""Bytes of a value by its type."""
CODES = {1: "B", 3: "H", 4: "L", 6: "b", 8: "h", 9: "l", 11: "f", 12: "d", 13: "L", 16: "Q"}
CODES |= {5: "LL", 10: "ll", 17: "q", 18: "Q"}


class Entry(NamedTuple):
    """A tagged value: its type, how many there are, and its twelve (BigTIFF: twenty) bytes."""

    kind: int
    many: int
    raw: bytes


@dataclass(frozen=True)
class Directory:
    """One directory of a TIFF structure; `following` is the offset of the next one, 0 for none."""

    data: bytes
    order: str  # of struct: < or >
    big: bool
    entries: dict[int, Entry]
    following: int

    def content(self, tag: int) -> bytes | None:
        """The bytes of a value; None if it is not there or lies beyond the end."""
        entry = self.entries.get(tag)
        if entry is None or entry.kind not in SIZES:
            return None
        length = SIZES[entry.kind] * entry.many
        place = entry.raw[12 if self.big else 8 :]
        if length <= len(place):
            return place[:length]
        at = struct.unpack(self.order + ("Q" if self.big else "L"), place)[0]
        return self.data[at : at + length] if at + length <= len(self.data) else None

    def numbers(self, tag: int) -> tuple[float, ...]:
        """The first 16 numbers of a value, fractions divided; none if it is no number."""
        content, entry = self.content(tag), self.entries.get(tag)
        if content is None or entry is None or entry.kind not in CODES:
            return ()
        code, many = CODES[entry.kind], min(entry.many, 16)
        form = f"{self.order}{many * len(code)}{code[0]}"
        values = struct.unpack_from(form, content)
        if len(code) == 1:
            return values
        pairs = zip(values[::2], values[1::2], strict=True)
        return tuple(top / bottom for top, bottom in pairs if bottom)

    def number(self, tag: int, default: int) -> int:
        """The first number of a value if it is a whole one, else the default."""
        first = next(iter(self.numbers(tag)), None)
        return int(first) if first is not None and first == first // 1 else default


def first(data: bytes) -> Directory:
    """The first directory of a TIFF structure.

    Raises:
        DecodeError: `truncated`, the structure goes on behind the end; `broken`, it is none.
    """
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 8:
        raise DecodeError("broken" if order is None else "truncated")
    magic, at = struct.unpack_from(order + "HL", data, 2)
    if magic not in (42, 43):
        raise DecodeError("broken")
    if magic == 43:
        if len(data) < 16:
            raise DecodeError("truncated")
        at = struct.unpack_from(order + "Q", data, 8)[0]
    return directory(data, at, order, big=magic == 43)


def directory(data: bytes, at: int, order: str, big: bool = False) -> Directory:
    """The directory at an offset; of two values with one tag the first counts.

    Raises:
        DecodeError: `truncated`, it goes on behind the end.
    """
    head, each, word = ("Q", 20, "Q") if big else ("H", 12, "L")
    start = at + struct.calcsize("<" + head)
    if at < 8 or start > len(data):
        raise DecodeError("truncated")
    count = struct.unpack_from(order + head, data, at)[0]
    end = start + each * count
    if end > len(data):
        raise DecodeError("truncated")
    entries: dict[int, Entry] = {}
    for place in range(start, end, each):
        tag, kind, many = struct.unpack_from(f"{order}HH{word}", data, place)
        entries.setdefault(tag, Entry(kind, many, data[place : place + each]))
    pointer = data[end : end + struct.calcsize("<" + word)]
    whole = len(pointer) == struct.calcsize("<" + word)
    following = struct.unpack(order + word, pointer)[0] if whole else 0
    return Directory(data, order, big, entries, following)
