"""No-reference quality indicators of an image: sharpness, light, information."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageChops, ImageFilter

# px of the shorter side: what a reduced decoding must leave at least. The heights of video are
# whole multiples of it, so that nothing need be shrunk after a reduced decoding of 720 rows.
MEASURED_AT = 180
LEVELS = np.arange(256)
BURNT = 250  # grey level from which on a pixel counts as burnt out
ROWS = 4  # every so many rows are looked at: that tells as much in less time
STRONGEST = 0.01  # share of the pixels that are the strongest edges
WIDEST = 99.0  # px, of an image without any edge but a ramp
WIDE = 1.0  # px; if edges look wider, all rows are looked at: a level horizon lies in one or two
SPOT, AROUND = 3, 2  # px of a spot's side; spots on each side of it that are around it
SPOTS = 4  # how many must stand out: a stuck pixel of the sensor is one, or two


class QualityIndicators(NamedTuple):
    """Of N grey images at a shorter side of `MEASURED_AT` px: float64 [N] each."""

    sharpness: np.ndarray  # variance of the Laplacian, grey levels squared
    edge_width: np.ndarray  # of the strongest edges, see `edge_width`, px
    luminance: np.ndarray  # mean, 0 to 1
    contrast: np.ndarray  # standard deviation, 0 to 0.5
    clipped: np.ndarray  # share of burnt-out pixels, 0 to 1
    entropy: np.ndarray  # of the histogram, bits, 0 to 8
    detail: np.ndarray  # see `detail`, grey levels


def quality_indicators(
    images: Sequence[np.ndarray], histograms: Sequence[Sequence[int]]
) -> QualityIndicators:
    """Measure grey images that `at_common_size` made.

    Args:
        images: N times uint8 [H, W].
        histograms: [N, 256], how many pixels of each have each grey level.
    """
    counts = np.array(histograms, dtype=np.float64)
    share = counts / counts.sum(axis=1, keepdims=True)
    mean = share @ LEVELS
    spread = np.sqrt(np.maximum(share @ LEVELS**2 - mean**2, 0))
    return QualityIndicators(
        sharpness=np.array([sharpness(p) for p in images]),
        edge_width=np.array([edge_width(p) for p in images]),
        luminance=mean / 255,
        contrast=spread / 255,
        clipped=share[:, BURNT:].sum(axis=1),
        entropy=-(share * np.log2(np.where(share > 0, share, 1))).sum(axis=1),
        detail=np.array([detail(p) for p in images]),
    )


def at_common_size(grey: Image.Image) -> Image.Image:
    """The image shrunk to a shorter side of `MEASURED_AT` px, so that sizes compare.

    It is never enlarged, but for an image of fewer than three px across.
    """
    scale = min(1.0, MEASURED_AT / min(grey.size))
    size = (max(3, round(grey.width * scale)), max(3, round(grey.height * scale)))
    return grey if size == grey.size else grey.resize(size, Image.Resampling.BOX)


def sharpness(pixels: np.ndarray) -> float:
    """Variance of the Laplacian (Pech-Pacheco et al., ICPR 2000), grey levels squared.

    Args:
        pixels: uint8 [H, W], at least 3 x 3.
    """
    upper, centre, lower = _neighbours(pixels)
    laplacian = upper[:, 1:-1] + lower[:, 1:-1]
    laplacian += centre[:, :-2]
    laplacian += centre[:, 2:]
    laplacian -= centre[:, 1:-1] << 2
    values = laplacian.ravel().astype(np.float64)  # whole numbers: their sums are exact
    mean = values.sum() / len(values)
    return float(np.einsum("i,i->", values, values) / len(values) - mean**2)


def edge_width(pixels: np.ndarray) -> float:
    """How wide the strongest edges are, in px: the standard deviation of the Gaussian that would
    make as wide ones of a step, of the edges along or across, whichever are wider.

    A blur widens all edges, one by motion those across it; fog takes contrast and leaves what is
    near as narrow as it was. So this tells them apart where sharpness, which falls with contrast as
    well, cannot. Of a step under a Gaussian of s px, second derivative and gradient, both as root
    mean squares, are as 1 to s times the square root of two.

    Args:
        pixels: uint8 [H, W], at least 3 x 3.
    """
    width = _wider(*_neighbours(pixels))
    return width if width <= WIDE else _wider(*_neighbours(pixels, every=1))


def _wider(upper: np.ndarray, centre: np.ndarray, lower: np.ndarray) -> float:
    """The width of the edges along or across, of some rows with those above and below them."""
    before, middle, after = centre[:, :-2], centre[:, 1:-1], centre[:, 2:]
    twice = middle << 1
    return max(
        _width(after - before, after + before - twice),
        _width(lower[:, 1:-1] - upper[:, 1:-1], lower[:, 1:-1] + upper[:, 1:-1] - twice),
    )


def _width(slope: np.ndarray, bend: np.ndarray) -> float:
    """The width of the strongest edges in one direction.

    Args:
        slope: int16, twice the gradient.
        bend: int16, the second derivative.
    """
    steep = np.abs(slope).ravel()
    downwards = np.bincount(steep)[::-1].cumsum()  # how many are as steep; quicker than a partition
    wanted = max(1, round(STRONGEST * len(steep)))
    weakest = len(downwards) - 1 - int(np.searchsorted(downwards, wanted))
    strongest = np.flatnonzero(steep >= weakest)
    slopes = steep[strongest].astype(np.float64)
    bends = bend.ravel()[strongest].astype(np.float64)
    if not slopes.any():
        return 0.0
    bent = float(bends @ bends)
    return float(min(WIDEST, np.sqrt(slopes @ slopes / 8 / bent))) if bent else WIDEST


def detail(pixels: np.ndarray) -> float:
    """How much the few spots that stand out most differ from what is around them, grey levels.

    A lamp on an unlit road is some spots, and so is a lane in fog; noise is none, and neither is
    the soft shade of a covered lens.

    Args:
        pixels: uint8 [H, W].
    """
    spots = Image.fromarray(pixels).reduce(SPOT)
    around = spots.filter(ImageFilter.BoxBlur(AROUND))
    apart = ImageChops.difference(spots, around).histogram()
    downwards = np.cumsum(apart[::-1])
    return float(255 - np.searchsorted(downwards, min(SPOTS, downwards[-1])))


def _neighbours(pixels: np.ndarray, every: int = ROWS) -> tuple[np.ndarray, ...]:
    """Some of the rows that have one above and one below: that above, itself, that below."""
    rows = slice(0, len(pixels) - 2, every)
    return tuple(pixels[start:][rows].astype(np.int16) for start in range(3))
