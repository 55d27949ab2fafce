"""What speaks for and against a picture: sharpness, light, information, tears."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from stages.ingest.decode import JUDGED_AT

LEVELS = np.arange(256)
BURNT = 250  # grey level from which on a pixel counts as burnt out
STEP = 5  # grey levels that a row must jump at least to look like a tear
COLUMNS = 80  # looked at for tears, at least: as telling as all of them, in less than half the time
EDGE = 2  # rows at the top and the bottom where a jump is the border of the frame
WITHIN = range(2, 7)  # rows at JUDGED_AT that a JPEG block of 8 or 16 spans at 480 to 1080 rows
ABOVE = np.array([0] * len(WITHIN) + [-apart for apart in WITHIN])
BELOW = np.array([*WITHIN] + [0] * len(WITHIN))
WORTH_A_LOOK = 0.4  # a row with fewer columns jumping is no half of a tear


class Judgement(NamedTuple):
    """Of N grey pictures at a shorter side of `JUDGED_AT` px: float64 [N] each."""

    sharpness: np.ndarray  # variance of the Laplacian, grey levels squared
    luminance: np.ndarray  # mean, 0 to 1
    contrast: np.ndarray  # standard deviation, 0 to 0.5
    clipped: np.ndarray  # share of burnt-out pixels, 0 to 1
    entropy: np.ndarray  # of the histogram, bits, 0 to 8
    torn: np.ndarray  # see `torn`, 0 to 1


def judge(pictures: Sequence[np.ndarray], histograms: Sequence[Sequence[int]]) -> Judgement:
    """Measure grey pictures that `at_one_size` made.

    Args:
        pictures: N times uint8 [H, W].
        histograms: [N, 256], how many pixels of each have each grey level.
    """
    counts = np.array(histograms, dtype=np.float64)
    share = counts / counts.sum(axis=1, keepdims=True)
    mean = share @ LEVELS
    spread = np.sqrt(np.maximum(share @ LEVELS**2 - mean**2, 0))
    return Judgement(
        sharpness=np.array([sharpness(p) for p in pictures]),
        luminance=mean / 255,
        contrast=spread / 255,
        clipped=share[:, BURNT:].sum(axis=1),
        entropy=-(share * np.log2(np.where(share > 0, share, 1))).sum(axis=1),
        torn=np.array([torn(p) for p in pictures]),
    )


def at_one_size(grey: Image.Image) -> Image.Image:
    """The picture shrunk to a shorter side of `JUDGED_AT` px, so that sizes compare.

    It is never enlarged, but for a picture of fewer than three px across.
    """
    scale = min(1.0, JUDGED_AT / min(grey.size))
    size = (max(3, round(grey.width * scale)), max(3, round(grey.height * scale)))
    return grey if size == grey.size else grey.resize(size, Image.Resampling.BOX)


def sharpness(pixels: np.ndarray) -> float:
    """Variance of the Laplacian (Pech-Pacheco et al., ICPR 2000), grey levels squared.

    Taken at every fourth row, which tells as much in less time.

    Args:
        pixels: uint8 [H, W], at least 3 x 3.
    """
    rows = slice(0, len(pixels) - 2, 4)
    upper, centre, lower = (pixels[start:][rows].astype(np.int16) for start in range(3))
    laplacian = upper[:, 1:-1] + lower[:, 1:-1]
    laplacian += centre[:, :-2]
    laplacian += centre[:, 2:]
    laplacian -= centre[:, 1:-1] << 2
    values = laplacian.ravel().astype(np.float64)  # whole numbers: their sums are exact
    mean = values.sum() / len(values)
    return float(np.einsum("i,i->", values, values) / len(values) - mean**2)


def torn(pixels: np.ndarray) -> float:
    """How much of the picture's width jumps in one row, as it does where a JPEG stream broke.

    From a lost block on, all that follows is lighter or darker by a constant: a level edge of one
    row, or of two halves some rows apart, since the block that is lost may lie anywhere in its row
    of blocks. A horizon does not reach so evenly over the full width, except over water.

    A column jumps if two rows differ by more than `STEP`, and by more than three times as much as
    three quarters of the rows do on average, which leaves the row noise of a camera at night alone.

    Args:
        pixels: uint8 [H, W].

    Returns:
        The largest share of columns jumping the same way, 0 to 1.
    """
    if len(pixels) <= 2 * EDGE + 1:
        return 0.0
    step = max(1, pixels.shape[1] // COLUMNS)
    columns = pixels[:, ::step].T.astype(np.int16, order="C")  # sums over them are quick so
    means = columns.sum(axis=0, dtype=np.int32) / len(columns)
    moves = np.abs(means[1:] - means[:-1])
    third_quarter = 3 * (len(moves) - 1) // 4
    usual = np.partition(moves, third_quarter)[third_quarter]
    limit = np.int16(max(STEP, 3 * usual))
    jump = (columns[:, 1:] - columns[:, :-1])[:, EDGE:-EDGE]
    between = np.zeros((len(jump), WITHIN.stop), dtype=bool)  # so that up and down do not meet
    return _widest(np.hstack([jump > limit, between, jump < -limit])) / len(columns)


def _widest(jumps: np.ndarray) -> int:
    """The most columns that jump in one row, or in two rows that meet at some column.

    Blocks are lost in reading order: right of the first lost block the jump is at the top of its
    row of blocks, left of it at the top of the next.

    Args:
        jumps: bool [W, H], column by column.
    """
    whole = jumps.sum(axis=0, dtype=np.int16)
    most = int(whole.max())
    rows = np.flatnonzero(whole >= WORTH_A_LOOK * len(jumps))
    if not len(rows):
        return most
    upper = np.add.outer(ABOVE, rows).ravel()
    lower = np.add.outer(BELOW, rows).ravel()
    met = (upper >= 0) & (lower < len(whole))
    # together they cannot reach further than both do
    met[met] = whole[upper[met]] + whole[lower[met]] > most
    if not met.any():
        return most
    upper, lower = upper[met], lower[met]
    apart = jumps[:, lower].astype(np.int8) - jumps[:, upper]
    reach = whole[upper] + np.cumsum(apart, axis=0, dtype=np.int16).max(axis=0, initial=0)
    return max(most, int(reach.max()))
