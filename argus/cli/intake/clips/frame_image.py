"""A decoded frame as an image: color conversion, square pixels, orientation, deinterlacing."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import av.filter
from av.sidedata.sidedata import SideDataContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, ColorTrc
from PIL import Image

from argus.core.errors import ArgusError

STANDARD_DEFINITION = (1280, 576)  # px; a larger frame that names no colour space is in BT.709
UNSPECIFIED = frozenset({2, 3})  # matrix coefficients by ITU-T H.273: none named, reserved
MATRICES = frozenset({0, 1, 4, 5, 6, 7, 9}) | UNSPECIFIED  # which the converter to RGB knows
NOT_SHOWN: dict[int, str] = {
    ColorTrc.LINEAR: "linear light",
    ColorTrc.LOG: "a logarithmic curve",
    ColorTrc.LOG_SQRT: "a logarithmic curve",
    ColorTrc.SMPTE2084: "HDR with PQ (SMPTE ST 2084)",
    ColorTrc.SMPTE428: "SMPTE ST 428-1",
    ColorTrc.ARIB_STD_B67: "HDR with HLG (ARIB STD-B67)",
}
"""Transfer characteristics whose code values, taken as they are, make a wrong image."""
DOLBY_VISION = frozenset({"dvh1", "dvhe", "dva1", "dvav", "dav1"})  # codec tags
OBLONG = 8  # a pixel's longer side at most, as a multiple of the shorter
QUALITY = 95  # of JPEG
MIRROR, UPSIDE_DOWN = Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM
ORIENTATIONS = {
    # the display matrix (ISO/IEC 14496-12, 8.3.2) to signs: x and y of what was right, and below
    (1, 0, 0, 1): None,
    (0, 1, -1, 0): Image.Transpose.ROTATE_270,
    (-1, 0, 0, -1): Image.Transpose.ROTATE_180,
    (0, -1, 1, 0): Image.Transpose.ROTATE_90,
    (-1, 0, 0, 1): MIRROR,
    (1, 0, 0, -1): UPSIDE_DOWN,
    (0, 1, 1, 0): Image.Transpose.TRANSPOSE,
    (0, -1, -1, 0): Image.Transpose.TRANSVERSE,
}


def require_sdr(path: Path, transfer: int, matrix: int, tag: str = "") -> None:
    """Refuse frames of high dynamic range, and others that are not SDR as they are.

    Args:
        path: of the clip, for the message.
        transfer: characteristics by ITU-T H.273.
        matrix: coefficients by ITU-T H.273.
        tag: the codec's four letters.

    Raises:
        ArgusError: its code values are not those of SDR.
    """
    name = NOT_SHOWN.get(transfer)
    if name is None and transfer == ColorTrc.UNSPECIFIED and tag in DOLBY_VISION:
        name = "Dolby Vision without an SDR-compatible base layer"
    if name is None and matrix not in MATRICES:
        name = f"a colour space that is not read (matrix {matrix} of ITU-T H.273)"
    if name is not None:
        raise ArgusError(
            f"{path}: its frames are in {name}, and would come out pale or in false colours: "
            "convert it to SDR (BT.709) first, as docs/deliveries.md shows under Clips, or take it "
            "out"
        )


def display_size(width: int, height: int, aspect: Fraction) -> tuple[int, int]:
    """The size at which a frame is shown: no side shrinks.

    Args:
        width: as stored, px.
        height: as stored, px.
        aspect: of a pixel, its width over its height.
    """
    return max(width, round(width * aspect)), max(height, round(height / aspect))


def require_size(path: Path, size: tuple[int, int], aspect: Fraction, max_pixels: int) -> None:
    """Raises:
    ArgusError: pixels are oblong beyond belief, or a frame would have too many as shown.
    """
    if not Fraction(1, OBLONG) <= aspect <= OBLONG:
        raise ArgusError(
            f"{path}: says that its pixels are {aspect.numerator}:{aspect.denominator} in shape, "
            "which no screen shows: repair its pixel (sample) aspect ratio, or take it out"
        )
    width, height = display_size(*size, aspect)
    if width * height > max_pixels:
        raise ArgusError(
            f"{path}: its frames have more pixels than ingest.max_pixels in params.yaml, "
            f"{width} x {height}"
        )


def to_image(frame: VideoFrame, aspect: Fraction = Fraction(1)) -> Image.Image:
    """A frame in RGB with square pixels, turned as the camera was held.

    Args:
        frame: as it was decoded.
        aspect: of a pixel, its width over its height; the frame is enlarged along its short side.
    """
    whole = deinterlace(frame) if frame.interlaced_frame else frame
    image: Image.Image = whole.to_image(src_colorspace=_matrix(frame))  # type: ignore[no-untyped-call]
    size = display_size(frame.width, frame.height, aspect)
    if size != image.size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    turn = _orientation(frame)
    return image if turn is None else image.transpose(turn)


def deinterlace(frame: VideoFrame) -> VideoFrame:
    """One field of a frame, with the lines of the other drawn in along the edges.

    The two fields are a fiftieth or sixtieth of a second apart: together they show combs.
    """
    graph = av.filter.Graph()
    base = frame.time_base or Fraction(1, 1000)
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=base
    )
    graph.link_nodes(source, graph.add("estdif", "mode=frame:deint=all"), graph.add("buffersink"))
    graph.configure()
    graph.push(frame)
    graph.push(None)
    found = graph.pull()
    assert isinstance(found, VideoFrame)
    return found


def save_jpeg(image: Image.Image, path: Path) -> None:
    """Write a frame as JPEG; equal frames give equal bytes.

    Lossless PNG is three times as large, and what it keeps more is not there to keep: on H.264 at
    the usual rate the clip is 36 dB from what the camera saw, the JPEG 46 dB from the clip.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, "JPEG", quality=QUALITY, subsampling="4:2:0")


def _matrix(frame: VideoFrame) -> Colorspace | None:
    """The matrix to RGB of a frame that names none, by its size; None where it names one."""
    if frame.colorspace not in UNSPECIFIED:
        return None
    large = frame.width >= STANDARD_DEFINITION[0] or frame.height > STANDARD_DEFINITION[1]
    return Colorspace.ITU709 if large else Colorspace.ITU601


def _orientation(frame: VideoFrame) -> Image.Transpose | None:
    """How to turn or mirror a frame by its display matrix."""
    beside = cast("SideDataContainer", frame.side_data)
    data = beside.get("DISPLAYMATRIX")
    if data is None:
        return None
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(data))
    most = max(map(abs, (a, b, c, d))) or 1
    signs = tuple(round(value / most) for value in (a, b, c, d))
    return ORIENTATIONS.get(signs)
