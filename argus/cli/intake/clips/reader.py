"""The frames of a clip, decoded one by one, each with the time at which it is shown.

Clips come from strangers, and FFmpeg reads far more than clips: playlists that name other files and
addresses, for one. So only the containers in `containers.READ` are opened, and from an open file,
never by a name.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from argus.cli.intake.clips import containers
from argus.cli.intake.clips.frame_image import require_sdr, require_size
from argus.cli.intake.clips.integrity import Damage, Extent
from argus.cli.intake.clips.timing import creation_time, increasing
from argus.core.errors import ArgusError

DAY = 24 * 60 * 60  # s; a time stamp that leaps further is not believed
AHEAD = 256  # packets; more than any decoder has in hand


@dataclass(frozen=True)
class DecodedFrame:
    """A decoded frame, and how wide its pixels are to be shown, as a multiple of their height."""

    frame: VideoFrame
    aspect: Fraction


class Clip:
    """A clip that is open for reading.

    Attributes:
        start_time: when it was taken, in UTC without a zone; None if it does not say.
        seconds: its duration by its own account; None if it does not say.
        other_streams: how many video streams it has besides the one that is read.
        damaged: frames left out as they are broken or build on a broken one; complete when
            `frames` has been read.
        read: how many seconds could be read; complete when `frames` has been read.
    """

    def __init__(
        self, path: Path, container: InputContainer, stream: VideoStream, max_pixels: int
    ) -> None:
        self.path, self.container, self.stream = path, container, stream
        self.max_pixels = max_pixels
        self.start_time = creation_time(container.metadata) or creation_time(stream.metadata)
        self.other_streams = len(_video_streams(container)) - 1
        self.read = Fraction(0)
        self._damage = Damage()
        self._extent = Extent(path, container, stream)
        self.seconds = self._extent.seconds
        self._torn, self._broken_off = containers.ends_mid_packet(path), False
        stated, coded = stream.sample_aspect_ratio, stream.codec_context.sample_aspect_ratio
        self._stated = stated if stated != coded else None  # the container goes before the codec
        self._coded: dict[int, Fraction | None] = {}

    @property
    def damaged(self) -> int:
        return len(self._damage.lost)

    @property
    def cut_short(self) -> bool:
        """Whether it ends before its time; known when `frames` has been read."""
        return self._torn or self._broken_off or self._extent.is_short()

    @property
    def aspect(self) -> Fraction:
        """The shape of its pixels, before any has been decoded: their width over their height."""
        return self._stated or self.stream.codec_context.sample_aspect_ratio or Fraction(1)

    def frames(self) -> Iterator[tuple[Fraction, DecodedFrame]]:
        """Whole frames with the time at which they are shown, in seconds since the first one.

        After a broken frame nothing is yielded up to the next key frame, since all that lies
        between is drawn as a change of it.

        Raises:
            ArgusError: a frame is not to be shown as it is, or would have too many pixels.
        """
        base = self.stream.time_base or Fraction(1, 1000)
        rate = self.stream.average_rate or self.stream.guessed_rate
        usual = max(1, round(1 / (rate * base))) if rate else 1
        leap = max(usual, math.ceil(DAY / base))
        # AVI says when a frame is to be read, not when to be shown: one comes out as one goes in
        counted = self.container.format.name == "avi"
        first: int | None = None
        now: int | None = None
        for number, frame in self._decoded():
            length = frame.duration or usual
            now = increasing(frame.dts if counted else frame.pts, now, length, leap)
            first = now if first is None else first
            self.read = (now + length - first) * base
            if frame.key_frame:
                self._damage.key(number)
            if frame.is_corrupt:
                self._damage.broken(number)
            if not self._damage.is_damaged(number):
                yield (now - first) * base, self._show(number, frame)

    def _show(self, number: int, frame: VideoFrame) -> DecodedFrame:
        aspect = self._stated or self._coded.get(number) or self.aspect
        matrix, tag = frame.colorspace, self.stream.codec_tag
        require_sdr(self.path, frame.color_trc, matrix, tag)
        require_size(self.path, (frame.width, frame.height), aspect, self.max_pixels)
        return DecodedFrame(frame, aspect)

    def _decoded(self) -> Iterator[tuple[int, VideoFrame]]:
        """Frames in the order in which they are shown, each with the number of its packet."""
        codec = self.stream.codec_context
        for number, packet in enumerate(self._packets()):
            frames: Sequence[VideoFrame] = []
            if packet is not None:
                packet.opaque = number
            try:
                if packet is not None and packet.is_corrupt:
                    self._damage.broken(number)
                else:
                    frames = self.stream.decode(packet)
            except av.error.FFmpegError:
                self._damage.broken(number)
            # the shape of pixels may change, and a decoder is ahead of the frames that it gives out
            self._coded[number] = codec.sample_aspect_ratio
            self._coded.pop(number - AHEAD, None)
            for frame in frames:
                yield frame.opaque if isinstance(frame.opaque, int) else number, frame

    def _packets(self) -> Iterator[Packet[VideoStream] | None]:
        """What the container holds; at last, and after a part that cannot be read, None."""
        lost = False
        # FFmpeg notes a loss in a transport stream at the frame before the one that has it
        late = self.container.format.name == "mpegts"
        for packet, after in pairwise(self._demuxed()):
            if packet is not None:
                lost, before = packet.is_corrupt, lost
                packet.is_corrupt |= (late and before) or (self._torn and after is None)
                yield packet
        yield None  # to empty the decoder

    def _demuxed(self) -> Iterator[Packet[VideoStream] | None]:
        """Packets of the video stream, then None; of sound and the rest only times are read."""
        packets: Iterator[Packet[Any]] = self.container.demux()
        try:
            for packet in packets:
                if packet.size:
                    self._extent.reach(packet)
                    if packet.stream_index == self.stream.index:
                        yield packet
                elif packet.dts is None:
                    break  # PyAV's own, to empty the decoders: all has been read
        except av.error.FFmpegError:
            self._broken_off = True
        yield None


@contextmanager
def open_clip(path: Path, max_pixels: int) -> Iterator[Clip]:
    """Open a clip for reading.

    Args:
        path: the file.
        max_pixels: a clip with larger frames is refused before any is decoded; one whose header
            is silent on that, or lies, gives no larger frame, and no room is made for it.

    Raises:
        ArgusError: it cannot be read as a clip, or has no video stream that we can decode and show.
    """
    bound = {"max_pixels": str(max_pixels)}  # for the decoder
    with ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("rb"))
            # a recorder that starts again may number the streams of its transport stream anew
            options = {"format_whitelist": containers.READ, "merge_pmt_versions": "1", **bound}
            container = av.open(file, "r", options=options, metadata_errors="replace")
            stack.enter_context(container)
        except (av.error.FFmpegError, OSError) as error:
            raise ArgusError(
                f"{path} cannot be read as a clip ({error.strerror}); a recording that was broken "
                "off may lack its table of contents: repair it, or take it out"
            ) from None
        video = _largest(container)
        if video is None:
            raise ArgusError(f"{path} has no video stream that can be decoded here: take it out")
        video.codec_context.options = bound
        video.codec_context.copy_opaque = True
        video.thread_type = "SLICE"  # several frames at once would tell of broken ones too late
        clip = Clip(path, container, video, max_pixels)
        require_sdr(path, video.color_trc, video.colorspace, video.codec_tag)
        require_size(path, (video.width, video.height), clip.aspect, max_pixels)
        yield clip


def _video_streams(container: InputContainer) -> list[VideoStream]:
    """The video streams, without those that only hold a cover."""
    return [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]


def _largest(container: InputContainer) -> VideoStream | None:
    """The stream with the most pixels: cameras put one of thumbnails beside it."""
    streams = [stream for stream in _video_streams(container) if stream.codec_context]
    return max(streams, key=lambda stream: stream.width * stream.height, default=None)
