"""What speaks for and against a picture: sharpness, light, information, tears."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image

from stages.ingest.decode import JUDGED_AT

BURNT = 250  # grey level from which on a pixel counts as burnt out
STEP = 5  # grey levels that a row must jump at least to look like a tear
WITHIN = range(2, 7)  # rows at JUDGED_AT that a JPEG block of 8 or 16 spans at 480 to 1080 rows
WORTH_A_LOOK = 0.4  # a row with fewer columns jumping is no half of a tear


class Judgement(NamedTuple):
    """Measured on the grey picture at a shorter side of `JUDGED_AT` px."""

    sharpness: float  # variance of the Laplacian, grey levels squared
    luminance: float  # mean, 0 to 1
    contrast: float  # standard deviation, 0 to 0.5
    clipped: float  # share of burnt-out pixels, 0 to 1
    entropy: float  # of the histogram, bits, 0 to 8
    torn: float  # see `torn`, 0 to 1


def judge(grey: Image.Image) -> Judgement:
    """Measure a grey picture of any size; sizes compare, since all are shrunk to one."""
    pixels = at_one_size(grey)
    counts = np.bincount(pixels.ravel(), minlength=256)
    share = counts / pixels.size
    levels = np.arange(256)
    mean = float(share @ levels)
    seen = share[share > 0]
    return Judgement(
        sharpness=sharpness(pixels),
        luminance=mean / 255,
        contrast=float(np.sqrt(share @ (levels - mean) ** 2)) / 255,
        clipped=float(share[BURNT:].sum()),
        entropy=float(-(seen * np.log2(seen)).sum()),
        torn=torn(pixels),
    )


def at_one_size(grey: Image.Image) -> np.ndarray:
    """The picture shrunk to a shorter side of `JUDGED_AT` px, never enlarged: uint8 [H, W]."""
    scale = min(1.0, JUDGED_AT / min(grey.size))
    size = (max(3, round(grey.width * scale)), max(3, round(grey.height * scale)))
    return np.asarray(grey if size == grey.size else grey.resize(size, Image.Resampling.BOX))


def sharpness(pixels: np.ndarray) -> float:
    """Variance of the Laplacian (Pech-Pacheco et al., ICPR 2000), grey levels squared.

    Args:
        pixels: uint8 [H, W].
    """
    p = pixels.astype(np.int16)
    centre = p[1:-1, 1:-1]
    laplacian = p[:-2, 1:-1] + p[2:, 1:-1] + p[1:-1, :-2] + p[1:-1, 2:] - 4 * centre
    return float(laplacian.var(dtype=np.float64))


def torn(pixels: np.ndarray) -> float:
    """How much of the picture's width jumps in one row, as it does where a JPEG stream broke.

    From a lost block on, all that follows is lighter or darker by a constant: a level edge of one
    row, or of two halves some rows apart, since the block that is lost may lie anywhere in its row
    of blocks. A horizon does not reach so evenly over the full width, except over water.

    A column jumps if two rows differ by more than `STEP`, and by more than three times what three
    quarters of the rows do, which leaves the row noise of a camera at night alone.

    Args:
        pixels: uint8 [H, W].

    Returns:
        The largest share of columns jumping the same way, 0 to 1.
    """
    jump = np.diff(pixels.astype(np.int16), axis=0)
    usual = np.quantile(np.abs(np.median(jump, axis=1)), 0.75)
    limit = max(STEP, 3 * usual)
    width = pixels.shape[1]
    return max(_widest(jump > limit, width), _widest(jump < -limit, width)) / width


def _widest(jumps: np.ndarray, width: int) -> int:
    """The most columns that jump in one row, or in two rows that meet at some column.

    Blocks are lost in reading order: right of the first lost block the jump is at the top of its
    row of blocks, left of it at the top of the next.

    Args:
        jumps: bool [H - 1, W].
        width: W.
    """
    whole = jumps.sum(axis=1, dtype=np.int16)
    rows = np.flatnonzero(whole >= WORTH_A_LOOK * width)
    if not len(rows):
        return int(whole.max(initial=0))
    upper = np.concatenate([[rows, rows - apart] for apart in WITHIN], axis=1).ravel()
    lower = np.concatenate([[rows + apart, rows] for apart in WITHIN], axis=1).ravel()
    inside = (upper >= 0) & (lower < len(jumps))
    upper, lower = upper[inside], lower[inside]
    up_to = np.cumsum(jumps, axis=1, dtype=np.int16)
    met = up_to[lower] + whole[upper, None] - up_to[upper]
    return int(max(whole.max(), met.max(initial=0)))
