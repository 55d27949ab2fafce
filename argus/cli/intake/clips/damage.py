"""Which frames of a clip are not as they were recorded."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort


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

    def spoilt(self, number: int) -> bool:
        """Whether the frame of a packet, which comes out, is broken or drawn from a broken one."""
        keys = bisect_right(self._keys, number)
        first = self._keys[keys - 1] if keys else 0
        found = bisect_left(self._broken, first)
        spoilt = found < len(self._broken) and self._broken[found] <= number
        if spoilt:
            self.lost.add(number)
        return spoilt
