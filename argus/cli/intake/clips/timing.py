"""When each frame of a clip is shown, and which frames to take."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from fractions import Fraction
from typing import TypeVar

CLOCK = datetime(1970, 1, 1), datetime(9000, 1, 1)  # cameras that know no time say 1904 or 1970
T = TypeVar("T")


def increasing(stamp: int | None, last: int | None, length: int, leap: int) -> int:
    """When a frame is shown, in ticks, by the decoder's `stamp` for it.

    Frames come in the order in which they are shown. One whose stamp is missing, does not go
    forward, or leaps more than `leap` ahead is put `length` after the `last`: where two recordings
    were joined, a clock starts anew.
    """
    if last is None:
        return 0 if stamp is None else stamp
    return stamp if stamp is not None and last < stamp <= last + leap else last + length


def sample_frames(
    frames: Iterable[tuple[Fraction, T]], fps: Fraction
) -> Iterator[tuple[Fraction, T]]:
    """For each tick of a clock that ticks `fps` times a second, the frame nearest to it.

    A frame belongs to the one tick that is nearest to its time, so it is never taken twice: a clip
    with fewer frames than ticks is taken whole. One frame is held at a time.

    Args:
        frames: time in seconds, ascending from 0, and whatever is shown then.
        fps: above 0.
    """
    held: tuple[Fraction, T] | None = None
    tick, off = 0, Fraction(0)
    for time, frame in frames:
        own = math.floor(time * fps + Fraction(1, 2))
        distance = abs(time * fps - own)
        if held is not None and own != tick:
            yield held
            held = None
        if held is None or distance < off:
            held, tick, off = (time, frame), own, distance
    if held is not None:
        yield held


def creation_time(tags: dict[str, str]) -> datetime | None:
    """When a clip was taken by its `creation_time`, in UTC without a zone; None if not known."""
    try:
        time = datetime.fromisoformat(tags.get("creation_time", ""))
        time = time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
    except (ValueError, OverflowError):
        return None
    return time if CLOCK[0] < time < CLOCK[1] else None
