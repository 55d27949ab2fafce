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


def level(number: int) -> int:
    """The grey level of a frame, by its number below 40."""
    return DARKEST + STEP * number


def number(picture: Path) -> int:
    """The number of the frame that a picture shows."""
    with Image.open(picture) as image:
        return round((float(np.asarray(image.convert("L")).mean()) - DARKEST) / STEP)


def write(
    path: Path,
    times: Sequence[float],
    codec: str = "mpeg4",
    ticks: int = 1000,
    reordered: int = 0,
    left_half: int | None = None,
    size: tuple[int, int] = (64, 48),
    created: str | None = None,
) -> Path:
    """Write a clip with a frame at each time (s).

    Args:
        ticks: of the clock in a second.
        reordered: B frames in a row, which are stored after what they are shown before.
        left_half: grey level of the left half of each frame, in place of that by its number.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        if created:
            container.metadata["creation_time"] = created
        stream: Any = container.add_stream(codec, rate=30)
        stream.bit_rate = 20_000_000  # so that grey levels stay apart
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, ticks)
        stream.codec_context.max_b_frames = reordered
        if codec == "mpeg4":  # every twelfth is a key frame, however much has changed
            stream.options = {"sc_threshold": "1000000000"}
        for index, time in enumerate(times):
            pixels = np.full((size[1], size[0], 3), level(index), np.uint8)
            if left_half is not None:
                pixels[:, : size[0] // 2] = left_half
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = round(time * ticks), Fraction(1, ticks)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def turn(path: Path) -> None:
    """Say in an MP4 file that the camera was held so that the picture has to be turned right."""
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 4 + 4 + 20 + 8 + 8  # version and flags, times and ids, layers
    scale = (16, 16, 30) * 3  # bits behind the point
    for at, (value, bits) in enumerate(zip(TURN_RIGHT, scale, strict=True)):
        number = (value << bits) & 0xFFFFFFFF
        data[start + 4 * at : start + 4 * at + 4] = number.to_bytes(4, "big")
    path.write_bytes(data)
