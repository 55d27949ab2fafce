"""Which frames of a clip are not as they were recorded."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort


class Damage:
    """Broken packets, and what is drawn from them.

    Packets are numbered in the order in which they are decoded. A frame is drawn as a change of
    those before it, back to a key frame; one that is shown before its key frame (an open group of
    pictures) builds on the group before as well. Where packets are reordered, a broken one is known
    long before the frames that are drawn from it come out.
    """

    def __init__(self) -> None:
        self.lost: set[int] = set()  # packets whose frames are left out
        self._broken: list[int] = []
        self._keys: list[int] = []
        self._stamps: dict[int, int | None] = {}

    def key(self, number: int, stamp: int | None) -> None:
        """A packet holds a key frame, which is shown at `stamp`."""
        if number not in self._stamps:
            insort(self._keys, number)
        self._stamps[number] = stamp

    def broken(self, number: int) -> None:
        """A packet is not whole, or cannot be decoded."""
        self.lost.add(number)
        if number not in self._broken:
            insort(self._broken, number)

    def spoilt(self, number: int, stamp: int | None) -> bool:
        """Whether the frame of a packet, shown at `stamp`, is broken or drawn from a broken one."""
        at = bisect_right(self._keys, number) - 1
        if at >= 0 and stamp is not None:
            shown = self._stamps[self._keys[at]]
            at -= shown is not None and stamp < shown
        first = self._keys[at] if at >= 0 else 0
        found = bisect_left(self._broken, first)
        spoilt = found < len(self._broken) and self._broken[found] <= number
        if spoilt:
            self.lost.add(number)
        return spoilt
