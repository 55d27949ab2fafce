"""Which frames of a clip are not as they were recorded, and whether it ends before its time.

Every container has its own way to say how long it is, and some say nothing that a clip broken off
would not say too: for transport and program streams FFmpeg takes the length from the last time
stamp in the file.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from argus.cli.intake.clips import containers

SLACK = Fraction(1, 4)  # s that a clip may end before its time: sound goes on, the last frame stays
ESTIMATED = frozenset({"mpegts", "mpeg", "ogg", "asf"})  # by the last stamps; no word to hold to
TAG = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")  # of Matroska, for each stream


class Damage:
    """Broken packets, and what is drawn from them.

    Packets are numbered in the order in which they are decoded, and frames come out in the order in
    which they are shown. A frame is drawn as a change of those decoded before it, back to the last
    key frame that has come out: one that is shown before its own key frame (an open group of
    pictures) builds on the group before. Where packets are reordered, a broken one is known long
    before the frames that are drawn from it come out.
    """

    def __init__(self) -> None:
        self.lost: set[int] = set()  # packets whose frames are left out
        self._broken: list[int] = []
        self._keys: list[int] = []

    def key(self, number: int) -> None:
        """The frame of a packet comes out, and it is a key frame."""
        insort(self._keys, number)

    def broken(self, number: int) -> None:
        """A packet is not whole, or cannot be decoded."""
        self.lost.add(number)
        insort(self._broken, number)

    def is_damaged(self, number: int) -> bool:
        """Whether the frame of a packet, which comes out, is broken or drawn from a broken one."""
        keys = bisect_right(self._keys, number)
        first = self._keys[keys - 1] if keys else 0
        found = bisect_left(self._broken, first)
        spoilt = found < len(self._broken) and self._broken[found] <= number
        if spoilt:
            self.lost.add(number)
        return spoilt


class Extent:
    """The duration that a clip claims, against what is in it.

    `seconds`: how long they go on by the clip's own account, or by estimate for containers that
    have no word for it; None if neither is known.
    """

    def __init__(self, path: Path, container: InputContainer, stream: VideoStream) -> None:
        name = container.format.name
        self._size, self._stream = path.stat().st_size, stream
        self._indexed = name.startswith("mov")
        in_fragments = self._indexed and not stream.frames
        self._unfinished = in_fragments and containers.ends_mid_box(path)
        start = (stream.start_time or 0) * (stream.time_base or Fraction(0))
        own = _own_end(name, stream, start)
        whole = Fraction(container.duration, av.time_base) if container.duration else None
        self.seconds = whole if own is None else own - min(start, own - Fraction(1, 1000))
        self._end = whole if own is None else own
        if name in ESTIMATED or (self._indexed and not in_fragments):  # an index names all frames
            self._end = None
        self._any = own is None
        self._reached = Fraction(0)

    def reach(self, packet: Packet[Stream]) -> None:
        """Count in a packet that has been read."""
        stamp = packet.dts if packet.pts is None else packet.pts
        if stamp is not None and (self._any or packet.stream_index == self._stream.index):
            end = (stamp + (packet.duration or 0)) * packet.time_base
            self._reached = max(self._reached, end)

    def is_short(self) -> bool:
        """Whether less is in the file than it says; to be asked when all of it has been read."""
        if self._indexed:
            frames = (entry for entry in self._stream.index_entries if not entry.is_discard)
            if self._unfinished or any(f.pos + f.size > self._size for f in frames):
                return True
        return self._end is not None and self._reached + SLACK < self._end


def _own_end(name: str, stream: VideoStream, start: Fraction) -> Fraction | None:
    """When a stream ends by its own account, s; None if only the whole file has one.

    An edit list shortens `duration` and leaves `frames` as it was, so MP4 is asked for the former;
    AVI says how many frames there are, at a steady rate.
    """
    if name == "avi":
        rate = stream.average_rate
        return stream.frames / rate if stream.frames and rate else None
    if stream.duration and stream.time_base:
        return start + stream.duration * stream.time_base
    for key, value in stream.metadata.items():
        found = TAG.match(value)
        if found and key.upper().startswith("DURATION"):
            hours, minutes, seconds = map(Fraction, found.groups())
            return (hours * 60 + minutes) * 60 + seconds
    return None
