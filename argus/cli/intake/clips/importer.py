"""A clip, or a folder of clips, that somebody wants to deliver as frames."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path

from argus.cli.intake.batch import Batch, Importer, Item
from argus.cli.intake.clips import containers, frame_image, reader
from argus.cli.intake.clips.timing import sample_frames
from argus.cli.intake.folder import list_files, source_path
from argus.core import params
from argus.core.errors import ArgusError
from argus.core.progress import Steps

MICROSECONDS = 1_000_000


def clip_importer(path: Path, fps: float, labelled: bool) -> Importer:
    """The importer for a clip, or for a folder with nothing but clips in it, at any depth.

    A frame is `<clip>/<time>.jpg` in the delivery: the clip's name as it was sent, and microseconds
    since its first frame. The sequence is the clip. The capture time is the container's
    `creation_time`, which is in UTC, plus the time in the clip: what zone the camera was in, a
    clip does not say. (Cameras whose clock is set to local time call that UTC.)

    Args:
        path: the clip or the folder.
        fps: frames to take for each second of a clip, above 0.
        labelled: whether the first folder is the label.
    """
    return partial(_from_clips, path, fps, labelled)


def _from_clips(path: Path, fps: float, labelled: bool, scratch: Path) -> Batch:
    if not 0 < fps < math.inf:
        raise ArgusError(f"--fps {fps}: frames per second must be above 0")
    folder, names = _clips(path)
    limit = params.load().ingest.max_pixels
    seconds = 0
    for name in names:  # before an hour of the first is decoded, see whether all of them open
        with reader.open_clip(folder / name, limit) as clip:
            seconds += math.floor(clip.seconds or 0)
    items: list[Item] = []
    warnings: list[str] = []
    with Steps(seconds, "reading clips", unit="seconds") as steps:
        for name in names:
            with reader.open_clip(folder / name, limit) as clip:
                label = name.split("/")[0] if labelled and "/" in name else None
                found = list(_items(clip, name, Fraction(str(fps)), label, scratch, steps))
                if not found:
                    raise ArgusError(
                        f"{folder / name}: not one frame of it can be read: there is none, or all "
                        "are broken or have more pixels than ingest.max_pixels; take it out"
                    )
                items += found
                warnings += _warnings(clip)
    for warning in warnings:
        print(warning, file=sys.stderr)
    return Batch(items)


def _clips(path: Path) -> tuple[Path, list[str]]:
    """The folder that the clips lie in, and their names there.

    Raises:
        ArgusError: there is something else among them, or it lies among the deliveries.
    """
    found = source_path(path, single_file=True)
    folder, names = (found.parent, [found.name]) if found.is_file() else (found, list_files(found))
    others = [name for name in names if not containers.is_clip(folder / name)]
    if others:
        raise ArgusError(
            f"{folder / others[0]} is not a clip, and --fps takes nothing else: take it out, or "
            f"submit images on their own, without --fps ({len(others)} of {len(names)} are not "
            f"clips; what is read is {containers.SHOWN})"
        )
    return folder, names


def _items(
    clip: reader.Clip, name: str, fps: Fraction, label: str | None, scratch: Path, steps: Steps
) -> Iterator[Item]:
    before = steps.done
    for time, frame in sample_frames(clip.frames(), fps):
        microseconds = round(time * MICROSECONDS)
        path = f"{name}/{microseconds:010d}.jpg"
        frame_image.save_jpeg(frame_image.to_image(frame.frame, frame.aspect), scratch / path)
        begun = clip.start_time
        yield Item(
            file=scratch / path,
            path=path,
            label=label,
            sequence=name,
            captured_at=begun and begun + timedelta(microseconds=microseconds),
        )
        steps.advance(before + math.floor(time) - steps.done)
    steps.total += math.floor(clip.read) - math.floor(clip.seconds or 0)
    steps.advance(before + math.floor(clip.read) - steps.done)


def _warnings(clip: reader.Clip) -> Iterator[str]:
    """What a person should know of a clip that has been read."""
    if clip.damaged:
        yield (
            f"{clip.path}: {clip.damaged} broken frames, or drawn from a broken one, or with more "
            "pixels than ingest.max_pixels, are left out"
        )
    if clip.cut_short:
        of = f" of {float(clip.seconds):.1f}" if clip.seconds and clip.seconds > clip.read else ""
        yield f"{clip.path}: ends early, after {float(clip.read):.1f}{of} s"
    if clip.other_streams > 0:
        yield f"{clip.path}: has {clip.other_streams} more video streams, which are left out"
