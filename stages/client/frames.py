"""The frames of a clip as a person sees them, and which of them to keep.

Clips come from strangers, and FFmpeg reads far more than clips: playlists that name other files and
addresses, for one. So only the containers below are opened, and from an open file, never by a name.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream
from PIL import Image

from stages.common.errors import ArgusError

CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,avi,matroska,webm"
UNSPECIFIED = 2  # the colour space of a stream that names none (ITU-T H.273, MatrixCoefficients)
STANDARD_DEFINITION = (1280, 576)  # px; a larger picture that names no colour space is in BT.709
NO_CLOCK = datetime(1970, 1, 1)  # what cameras write that do not know the time; some say 1904
SLACK = Fraction(1, 4)  # s that sound may go on after the last picture
QUALITY = 95  # of JPEG
T = TypeVar("T")


class Clip:
    """A clip that is open for reading.

    `seconds` is how long its pictures go on by its own account, None if it does not say; `begun` is
    when it was taken, in UTC without a zone, None if it does not say. After `frames` has been read:
    `damaged` counts frames left out as they are broken or build on a broken one, `read` is how many
    seconds could be read.
    """

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self.container, self.stream = container, stream
        self.begun = creation(container.metadata) or creation(stream.metadata)
        self.seconds = _seconds(container, stream)
        self.damaged, self.read = 0, Fraction(0)

    @property
    def cut_short(self) -> bool:
        """Whether it ends before its time."""
        return self.seconds is not None and self.read + SLACK < self.seconds

    def frames(self) -> Iterator[tuple[Fraction, VideoFrame]]:
        """Whole frames with the time at which they are shown, in seconds since the first one.

        After a broken frame nothing is yielded up to the next key frame, since all that lies
        between is drawn as a change of it.
        """
        base = self.stream.time_base or Fraction(1, 1000)
        rate = self.stream.average_rate or self.stream.guessed_rate
        usual = max(1, round(1 / (rate * base))) if rate else 1
        # AVI says when a frame is to be read, not when to be shown: one comes out as one goes in
        counted = self.container.format.name == "avi"
        first: int | None = None
        now: int | None = None
        broken = False
        for frame in self._decoded():
            if frame is None:
                broken = True
                self.damaged += 1
                continue
            length = frame.duration or usual
            now = later(frame.dts if counted else frame.pts, now, length)
            first = now if first is None else first
            self.read = (now + length - first) * base
            broken = frame.is_corrupt or (broken and not frame.key_frame)
            if broken:
                self.damaged += 1
            else:
                yield (now - first) * base, frame

    def _decoded(self) -> Iterator[VideoFrame | None]:
        """Frames in the order in which they are shown; None in place of one that is none."""
        for packet in self._packets():
            whole = packet is None or not packet.is_corrupt
            try:
                frames = self.stream.decode(packet) if whole else [None]
            except av.error.FFmpegError:
                frames = [None]
            yield from frames

    def _packets(self) -> Iterator[Packet[VideoStream] | None]:
        """What the container holds; after a part that cannot be read, None to empty the decoder."""
        try:
            yield from self.container.demux(self.stream)
        except av.error.FFmpegError:
            yield None


@contextmanager
def opened(path: Path, max_pixels: int) -> Iterator[Clip]:
    """Open a clip for reading.

    Args:
        max_pixels: a clip with larger pictures is refused before any is decoded.

    Raises:
        ArgusError: it cannot be read as a clip, or has no picture that we can decode.
    """
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(path.open("rb"))
            container = av.open(stream, "r", options={"format_whitelist": CONTAINERS})
            stack.enter_context(container)
        except (av.error.FFmpegError, OSError) as error:
            raise ArgusError(
                f"{path} cannot be read as a clip ({error.strerror}); a recording that was broken "
                "off may lack its table of contents: repair it, or take it out"
            ) from None
        video = container.streams.best("video")
        if not isinstance(video, VideoStream):
            raise ArgusError(f"{path} has no picture: take it out")
        if video.width * video.height > max_pixels:
            raise ArgusError(
                f"{path}: its frames have more pixels than ingest.max_pixels in params.yaml"
            )
        video.thread_type = "SLICE"  # several frames at once would tell of broken ones too late
        yield Clip(container, video)


def later(stamp: int | None, last: int | None, length: int) -> int:
    """When a frame is shown, in ticks, by the decoder's `stamp` for it.

    Frames come in the order in which they are shown. One whose stamp is missing or does not go
    forward is put `length` after the `last`.
    """
    if last is None:
        return 0 if stamp is None else stamp
    return stamp if stamp is not None and stamp > last else last + length


def nearest(frames: Iterable[tuple[Fraction, T]], fps: Fraction) -> Iterator[tuple[Fraction, T]]:
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


def picture(frame: VideoFrame) -> Image.Image:
    """A frame in RGB, turned as the camera was held (the display matrix of phones)."""
    large = frame.width >= STANDARD_DEFINITION[0] or frame.height > STANDARD_DEFINITION[1]
    unnamed = frame.colorspace == UNSPECIFIED
    source = Colorspace.ITU709 if large and unnamed else None
    image: Image.Image = frame.to_image(src_colorspace=source)  # type: ignore[no-untyped-call]
    return image.rotate(round(frame.rotation / 90) * 90, expand=True)


def save(image: Image.Image, path: Path) -> None:
    """Write a frame as JPEG; equal frames give equal bytes.

    Lossless PNG is three times as large, and what it keeps more is not there to keep: on H.264 at
    the usual rate the clip is 36 dB from what the camera saw, the JPEG 46 dB from the clip.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, "JPEG", quality=QUALITY, subsampling="4:2:0")


def creation(tags: dict[str, str]) -> datetime | None:
    """When a clip was taken by its `creation_time`, in UTC without a zone; None if not known."""
    try:
        time = datetime.fromisoformat(tags.get("creation_time", ""))
    except ValueError:
        return None
    time = time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
    return time if time > NO_CLOCK else None


def _seconds(container: InputContainer, stream: VideoStream) -> Fraction | None:
    rate = stream.average_rate
    told = [
        stream.duration * stream.time_base if stream.duration and stream.time_base else None,
        stream.frames / rate if stream.frames and rate else None,
    ]
    known = [seconds for seconds in told if seconds is not None]
    if known:
        return max(known)
    return Fraction(container.duration, av.time_base) if container.duration else None
