"""Images of more than 8 bits a sample, brought to 8 by the range that their samples really have.

A 12-bit camera's frame in a 16-bit file fills a sixteenth of the range: taken as it stands it is
black, and brightened by its own maximum it is no longer what the camera saw. So the range is taken
from what the file says, or from the samples where they leave no doubt, or is asked for.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import numpy as np
from PIL import Image

from argus.data.images.header import DecodeError, Header, Samples

STRIP = 1 << 18  # pixels converted at a time
COLOURS = 3  # channels of an image that may have alpha behind them
SPARE = 2  # bits: no sensor has 15, so who uses more than 14 of 16 uses all
LOW_BYTE = {"LA;16B": "RGBA"}  # which has both bytes of both
LOW_BYTE |= {
    f"{mode};16{order}": f"{mode};16{other}"
    for mode in ("RGB", "RGBA", "RGBX")
    for order, other in ("BL", "LB", "NB")  # N: the machine's own, little-endian
}
"""Layouts by Pillow's name, and what to call them instead to get the low bytes of their samples.

Pillow keeps the high byte of a 16-bit colour, so it keeps the low one in the other order of bytes.
"""

Strips = Callable[[], Iterator[tuple[int, np.ndarray]]]
"""The samples a strip of rows at a time: first row, and [h, W] or [h, W, C]."""


def rows(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """An image a strip at a time, each with its first row, so that copies of it stay small."""
    step = max(1, STRIP // image.width)
    for top in range(0, image.height, step):
        yield top, image.crop((0, top, image.width, min(image.height, top + step)))


def deep(image: Image.Image, header: Header) -> bool:
    """Whether Pillow's image stands for samples of more than 8 bits."""
    return image.mode[0] in "IF" or header.samples.bits > 8


def eight_bits(image: Image.Image, header: Header, sample_max: float | None) -> Image.Image:
    """An image of more than 8 bits at 8: `L`, or the mode in which Pillow gave its high bytes.

    Args:
        image: as Pillow decoded it.
        header: of its file.
        sample_max: the sample that is white where neither file nor samples tell; None: not known.

    Raises:
        DecodeError: `unknown_range`; or `format_not_supported`, a layout whose low bytes Pillow
            does not give.
    """
    samples = header.samples
    if image.mode[0] not in "IF":
        return _colour(image, header, sample_max)

    def strips() -> Iterator[tuple[int, np.ndarray]]:
        for top, strip in rows(image):
            values = np.asarray(strip)
            if image.mode == "I" and samples.kind == "unsigned" and samples.bits == 32:
                values = values.view(np.uint32)
            yield top, values

    found = range_of(strips, samples, sample_max)
    if found is None:
        raise DecodeError("unknown_range", header.width, header.height)
    grey = Image.new("L", image.size)
    for top, values in strips():
        shown = _scaled(values, *found)
        grey.paste(Image.fromarray(255 - shown if samples.white_is_zero else shown), (0, top))
    return grey


def _colour(image: Image.Image, header: Header, sample_max: float | None) -> Image.Image:
    """The colours of 16 bits: their high bytes, if these fill the range."""
    samples = header.samples
    extrema = cast("Sequence[tuple[int, int]]", image.getextrema())
    highest = max(high for _, high in extrema[:COLOURS])
    if image.mode == "CMYK" or (samples.declared is None and highest >> (8 - SPARE)):
        return image
    low = _low_bytes(header)

    def strips() -> Iterator[tuple[int, np.ndarray]]:
        for (top, upper), (_, lower) in zip(rows(image), rows(low), strict=True):
            yield top, np.asarray(upper).astype(np.uint16) << 8 | np.asarray(lower)

    def colour() -> Iterator[tuple[int, np.ndarray]]:
        return ((top, values[..., :COLOURS]) for top, values in strips())

    found = range_of(colour, samples, sample_max)
    if found is None:
        raise DecodeError("unknown_range", header.width, header.height)
    if found == (0.0, 65535.0):
        return image
    for top, values in strips():
        image.paste(Image.fromarray(_scaled(values, *found)), (0, top))
    return image


def _low_bytes(header: Header) -> Image.Image:
    """The low bytes of the colours of 16 bits, in the mode of the high ones."""
    raw = ""
    with Image.open(io.BytesIO(header.lean), formats=(header.form,)) as image:
        tiles = []
        for tile in image.tile:
            args: Any = (tile.args,) if isinstance(tile.args, str) else tile.args
            raw = args[0]
            if raw not in LOW_BYTE:
                raise DecodeError("format_not_supported", header.width, header.height)
            low = LOW_BYTE[raw]
            tiles.append(tile._replace(args=(low, *args[1:]) if args[1:] else low))
        image.tile = tiles
        image.load()
    if raw == "LA;16B":
        _, grey, _, alpha = image.split()
        return Image.merge("RGBA", (grey, grey, grey, alpha))
    return image


def range_of(strips: Strips, samples: Samples, told: float | None) -> tuple[float, float] | None:
    """The samples that are black and white; None if that is not known.

    What the file says comes first, if its samples do not belie it; then the samples, if they reach
    so high that they must fill the range; then what one was told.

    Args:
        strips: of the samples that show light; those that are no number count for nothing.
        samples: how they are stored.
        told: the sample that is white.
    """
    lowest, highest, used = np.inf, -np.inf, 0
    for _, values in strips():
        if samples.kind == "float":
            values = values[np.isfinite(values)]
        if values.size:
            lowest, highest = min(lowest, values.min()), max(highest, values.max())
        if samples.significant is not None:
            used |= int(np.bitwise_or.reduce(values, axis=None))
    lowest, highest = float(lowest), float(highest)
    if samples.declared is not None:
        black, white = samples.declared
        if black <= lowest and highest <= white:
            return samples.declared
    if samples.kind == "unsigned":
        full = 2.0**samples.bits - 1
        if samples.bits < 16 or highest >= 2.0 ** (samples.bits - SPARE):
            return 0.0, full
        if samples.significant is not None and samples.significant < samples.bits:
            return _by_significant(highest, used, samples.bits, samples.significant) or (
                _told(lowest, highest, told)
            )
    return _told(lowest, highest, told)


def _told(lowest: float, highest: float, told: float | None) -> tuple[float, float] | None:
    return (0.0, told) if told is not None and lowest >= 0 and highest <= told else None


def _by_significant(
    highest: float, used: int, bits: int, significant: int
) -> tuple[float, float] | None:
    """The range by PNG's sBIT, which many writers take otherwise than PNG means it.

    PNG wants samples of fewer bits shifted up to fill 16, and many leave them at the lower end.
    They are shifted if one is higher than those bits reach. They are not if their lowest bits are
    in use, or if they reach into the upper half of those few bits. Else the frame is dark or
    shifted, and nothing tells which.
    """
    if highest >= 2**significant:
        return 0.0, 2.0**bits - 1
    shifted = used & ((1 << (bits - significant)) - 1) == 0
    return None if shifted and highest < 2 ** (significant - 1) else (0.0, 2.0**significant - 1)


def _scaled(values: np.ndarray, black: float, white: float) -> np.ndarray:
    """Samples at 8 bits, black 0 and white 255: uint8, of the same shape."""
    if values.dtype.kind == "u" and values.dtype.itemsize == 2:
        table = _scaled(np.arange(2**16, dtype=np.float64), black, white)
        return table[values]
    shares = (np.nan_to_num(values.astype(np.float64), nan=black) - black) / (white - black)
    return np.rint(np.clip(shares * 255, 0, 255)).astype(np.uint8)
