"""A clip, or a folder of clips, that somebody wants to deliver as frames."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path

from stages.client import frames
from stages.client.folder import is_clip, outside, plain_files
from stages.client.items import Batch, Item, Way
from stages.common import params
from stages.common.errors import ArgusError
from stages.common.progress import Steps

MICROSECONDS = 1_000_000


def way(path: Path, fps: float, labelled: bool) -> Way:
    """The way in for a clip, or for a folder with nothing but clips in it, at any depth.

    A frame is `<clip>/<time>.jpg` in the delivery: the clip's name as it was sent, and microseconds
    since its first frame. The sequence is the clip. The capture time is the container's
    `creation_time`, which is in UTC, plus the time in the clip: what zone the camera was in, a
    clip does not say. (Cameras whose clock is set to local time call that UTC.)

    Args:
        fps: frames to take for each second of a clip, above 0.
        labelled: whether the first folder is the label.
    """
    return partial(_taken, path, fps, labelled)


def _taken(path: Path, fps: float, labelled: bool, scratch: Path) -> Batch:
    if not 0 < fps < math.inf:
        raise ArgusError(f"--fps {fps}: frames per second must be above 0")
    folder, names = _clips(path)
    limit = params.load().ingest.max_pixels
    seconds = 0
    for name in names:  # before an hour of the first is decoded, see whether all of them open
        with frames.opened(folder / name, limit) as clip:
            seconds += math.floor(clip.seconds or 0)
    items: list[Item] = []
    remarks: list[str] = []
    with Steps(seconds, "reading clips", unit="seconds") as steps:
        for name in names:
            with frames.opened(folder / name, limit) as clip:
                label = name.split("/")[0] if labelled and "/" in name else None
                found = list(_items(clip, name, Fraction(str(fps)), label, scratch, steps))
                if not found:
                    raise ArgusError(f"{folder / name}: not one frame of it can be read")
                items += found
                remarks += _remarks(clip, folder / name)
    for remark in remarks:
        print(remark, file=sys.stderr)
    return Batch(items)


def _clips(path: Path) -> tuple[Path, list[str]]:
    """The folder that the clips lie in, and their names there.

    Raises:
        ArgusError: there is something else among them, or it lies among the deliveries.
    """
    found = outside(path, alone=True)
    folder, names = (found.parent, [found.name]) if found.is_file() else (found, plain_files(found))
    for name in names:
        if not is_clip(name):
            raise ArgusError(
                f"{folder / name} is no clip (.mp4, .mov, .avi, .mkv), and --fps takes nothing "
                "else: take it out, or submit it on its own"
            )
    return folder, names


def _items(
    clip: frames.Clip, name: str, fps: Fraction, label: str | None, scratch: Path, steps: Steps
) -> Iterator[Item]:
    before = steps.done
    for time, frame in frames.nearest(clip.frames(), fps):
        microseconds = round(time * MICROSECONDS)
        path = f"{name}/{microseconds:010d}.jpg"
        frames.save(frames.picture(frame), scratch / path)
        begun = clip.begun
        yield Item(
            file=scratch / path,
            path=path,
            label=label,
            sequence=name,
            captured_at=begun and begun + timedelta(microseconds=microseconds),
        )
        steps.advance(before + math.floor(time) - steps.done)
    steps.advance(before + math.floor(clip.seconds or clip.read) - steps.done)


def _remarks(clip: frames.Clip, path: Path) -> Iterator[str]:
    """What a person should know of a clip that has been read."""
    if clip.damaged:
        yield f"{path}: {clip.damaged} broken frames, or drawn from a broken one, are left out"
    if clip.cut_short and clip.seconds:
        yield f"{path}: ends early, after {float(clip.read):.1f} of {float(clip.seconds):.1f} s"
