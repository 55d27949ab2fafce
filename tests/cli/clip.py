"""Clips that tests write themselves: the grey level of a frame tells its number."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

STEP, DARKEST = 5, 20
TURN_RIGHT = (0, 1, 0, -1, 0, 0, 0, 0, 1)  # a quarter, clockwise: ISO/IEC 14496-12, 8.3.2
CODECS = {".webm": "libvpx", ".mpg": "mpeg2video", ".flv": "flv1", ".wmv": "wmv2"}  # for MPEG-4
SOUND = 48_000  # samples a second


def level(number: int) -> int:
    """The grey level of a frame, by its number; the fortieth is like the first."""
    return DARKEST + STEP * (number % 40)


def number(path: Path) -> int:
    """The number of the frame that an image shows."""
    with Image.open(path) as image:
        return round((float(np.asarray(image.convert("L")).mean()) - DARKEST) / STEP)


def write(
    path: Path,
    times: Sequence[float],
    codec: str | None = None,
    ticks: int = 1000,
    reordered: int = 0,
    left_half: int | None = None,
    size: tuple[int, int] = (64, 48),
    created: str | None = None,
    form: str | None = None,
    options: dict[str, str] | None = None,
    aspect: Fraction | None = None,
    transfer: int | None = None,
    sound: float = 0,
) -> Path:
    """Write a clip with a frame at each time (s).

    Args:
        path: of the file; its ending names the container.
        times: of the frames, s from the clip's start.
        codec: of the frames; MPEG-4 if the container takes it.
        ticks: of the clock in a second.
        reordered: B frames in a row, which are stored after what they are shown before.
        left_half: grey level of the left half of each frame, in place of that by its number.
        size: width and height, px.
        created: the time of its making, ISO 8601, left out where it is None.
        form: FFmpeg's name of the container, where the ending does not tell.
        options: for the container.
        aspect: of a pixel, width over height.
        transfer: characteristics (ITU-T H.273).
        sound: seconds of silence beside it, from 0.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    codec = codec or CODECS.get(path.suffix, "mpeg4")
    packets = []
    with av.open(str(path), "w", format=form, options=options or {}) as container:
        if created:
            container.metadata["creation_time"] = created
        stream: Any = container.add_stream(codec, rate=30)
        stream.bit_rate = 20_000_000  # so that grey levels stay apart
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, ticks)
        stream.codec_context.max_b_frames = reordered
        if aspect is not None:
            stream.sample_aspect_ratio = aspect
        if transfer is not None:
            stream.codec_context.color_trc = transfer
        if codec == "mpeg4":  # every twelfth is a key frame, however much has changed
            stream.options = {"sc_threshold": "1000000000"}
        if sound:
            packets += silence(container, sound)
        for index, time in enumerate(times):
            pixels = np.full((size[1], size[0], 3), level(index), np.uint8)
            if left_half is not None:
                pixels[:, : size[0] // 2] = left_half
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = round(time * ticks), Fraction(1, ticks)
            packets += stream.encode(frame)
        packets += stream.encode()
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            container.mux(packet)
    return path


def silence(container: Any, seconds: float) -> list[Any]:
    """Packets of a new stream of sound with nothing to hear."""
    codec = "libopus" if container.format.name == "webm" else "aac"
    stream = container.add_stream(codec, rate=SOUND, layout="mono")
    packets = []
    for start in range(0, round(seconds * SOUND), 960):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 960), np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts, frame.time_base = SOUND, start, Fraction(1, SOUND)
        packets += stream.encode(frame)
    return packets + list(stream.encode(None))


def lying(
    path: Path, codec: str, pixels: str, told: tuple[int, int], held: tuple[int, int]
) -> Path:
    """Write a clip of one frame that is of another size than its header says.

    Args:
        path: where to write it.
        codec: of the frame.
        pixels: their format.
        told: width and height by the header, px.
        held: width and height of the frame, px.
    """
    coder: Any = av.CodecContext.create(codec, "w")
    coder.width, coder.height, coder.pix_fmt, coder.time_base = *held, pixels, Fraction(1, 30)
    frame = av.VideoFrame(*held, pixels)
    for plane in frame.planes:
        plane.update(bytes([128]) * plane.buffer_size)
    frame.pts, frame.time_base = 0, Fraction(1, 30)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=30)
        stream.width, stream.height, stream.pix_fmt = *told, pixels
        container.start_encoding()
        for made in (*coder.encode(frame), *coder.encode(None)):
            packet = av.Packet(bytes(made))
            packet.pts = packet.dts = 0
            packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, 30), True
            container.mux(packet)
    return path


def edit(path: Path, start: float, seconds: float) -> None:
    """Say in an MP4 file that only a part of it is to be shown.

    Args:
        path: of the file, which is changed.
        start: seconds that are skipped.
        seconds: that are shown then.
    """
    data = bytearray(path.read_bytes())
    clock = data.index(b"mdhd") + 4 + 4 + 8  # version and flags, times
    ticks = int.from_bytes(data[clock : clock + 4], "big")
    at = data.index(b"elst") + 4 + 4  # version and flags
    assert int.from_bytes(data[at : at + 4], "big") == 1  # there is one edit
    media = int.from_bytes(data[at + 8 : at + 12], "big") + round(start * ticks)
    length = round(seconds * 1000)  # the clock of the film, as FFmpeg writes it
    data[at + 4 : at + 12] = length.to_bytes(4, "big") + media.to_bytes(4, "big")
    path.write_bytes(data)


def cut(path: Path, part: float) -> Path:
    """Break a file off after a part of its bytes."""
    data = path.read_bytes()
    path.write_bytes(data[: round(len(data) * part)])
    return path


def turn(path: Path, matrix: Sequence[int] = TURN_RIGHT) -> None:
    """Say in an MP4 file how the image is to be turned, by default right by a quarter."""
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 4 + 4 + 20 + 8 + 8  # version and flags, times and ids, layers
    scale = (16, 16, 30) * 3  # bits behind the point
    for at, (value, bits) in enumerate(zip(matrix, scale, strict=True)):
        number = (value << bits) & 0xFFFFFFFF
        data[start + 4 * at : start + 4 * at + 4] = number.to_bytes(4, "big")
    path.write_bytes(data)
