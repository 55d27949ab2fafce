"""Corrupted JPEG streams: one broke on its way, and from some block on all that follows is wrong.

From a lost block on a decoder adds up the wrong brightness and the wrong colour: a level edge of
one row, or of two halves some rows apart, since the block that is lost may lie anywhere in its row
of blocks. Level edges are everywhere on roads: horizons, kerbs, railings, bonnets, waterlines. What
tells them from tears is their tint. Light and shade, sky, asphalt, lamps and most paint differ from
warm to cold: Cb goes one way and Cr the other. The error of a broken stream goes any way, as often
towards green or magenta, where both go together. So an image with a level edge is looked at a
second time, in colour. A grey one, or one whose error is of brightness alone, is not found out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

STEP = 5  # grey levels that a row must jump at least
COLUMNS = 80  # looked at, at least: as telling as all of them, in less than half the time
BORDER = 2  # rows at the top and the bottom where a jump is the border of the frame
WITHIN = range(2, 7)  # rows of the image that a JPEG block of 8 or 16 spans at 480 to 1080 rows
ABOVE = np.array([0] * (len(WITHIN) + 1) + [-apart for apart in WITHIN])
BELOW = np.array([0, *WITHIN] + [0] * len(WITHIN))
HALF = 0.4  # share of the columns; a row where fewer jump is no half of a tear
LEVEL = 0.8  # share of the columns from which on an edge is worth a look in colour
TINT = 4  # levels of Cb and of Cr by which a column must change, both up or both down
SLANT = 0.2  # of one that the other may lack: blues and reds stay apart, a pure green does not
NEAR = range(3)  # rows above and below an edge whose tint is compared, at once
FAR = range(6, 12)  # and to stay: a rail or a kerb is over by then
FILLED = 8  # rows at the bottom that are alike where a decoder filled up what was missing
MIDDLE = 128  # grey level that it fills with, if it does not repeat a row


class Edge(NamedTuple):
    """A level edge: columns from `split` on jump below the row `upper`, those before below `lower`,
    or the other way round."""

    left: int
    right: int
    split: int


def corruption_score(pixels: np.ndarray, colours: Callable[[], Image.Image]) -> float:
    """How much of the image's width changes in brightness and tint at once in one row.

    Args:
        pixels: uint8 [H, W], grey.
        colours: gives the same image in RGB, of any size; asked only if there is a level edge.

    Returns:
        0 to 1; 1 for an image whose lower part was filled in.
    """
    if is_filled_up(pixels):
        return 1.0
    edges = level_edges(pixels)
    if not edges:
        return 0.0
    height, width = pixels.shape
    image = colours().resize((width, height), Image.Resampling.BOX).convert("YCbCr")
    step = _step(width)
    light = pixels[:, ::step].astype(np.int16)
    blue, red = np.moveaxis(np.asarray(image)[:, ::step, 1:].astype(np.float32), -1, 0)
    tints = np.stack([blue + SLANT * red, red + SLANT * blue], axis=-1)
    return max(_tinted(light, tints, edge) for edge in edges)


def _tinted(light: np.ndarray, tints: np.ndarray, edge: Edge) -> float:
    """The share of columns that change in brightness at an edge, and in tint the same way, which
    lasts.

    Args:
        light: [H, W].
        tints: [H, W, 2], which grow together towards magenta and fall together towards green.
        edge: which.
    """
    column = np.arange(light.shape[1])
    row = np.where(column < edge.split, edge.left, edge.right)
    last = len(light) - 1

    def beyond(values: np.ndarray, rows: Sequence[int]) -> np.ndarray:
        return values[np.clip(np.add.outer(rows, row), 0, last), column].mean(axis=0)

    def change(values: np.ndarray, rows: range) -> np.ndarray:
        # the row below the edge may hold some of both sides
        return beyond(values, [2 + k for k in rows]) - beyond(values, [-1 - k for k in rows])

    step = change(light, range(1))
    brighter = np.abs(step) > STEP
    brighter &= np.sign(step) == np.sign(np.median(step))
    at_once, to_stay = change(tints, NEAR), change(tints, FAR)

    def share(sign: int) -> float:
        turned = (sign * at_once).min(axis=1) >= TINT
        turned &= (sign * to_stay).min(axis=1) >= TINT / 2
        return float((brighter & turned).mean())

    return max(share(1), share(-1))


def level_edges(pixels: np.ndarray) -> list[Edge]:
    """The edges where most columns jump the same way in one row, or in two that meet at a column.

    A column jumps if two rows differ by more than `STEP`, and by more than three times as much as
    three quarters of the rows do on average, which leaves the row noise of a camera at night alone.

    Args:
        pixels: uint8 [H, W].
    """
    if len(pixels) <= 2 * BORDER + 1:
        return []
    columns = pixels[:, :: _step(pixels.shape[1])].T.astype(np.int16, order="C")
    means = columns.sum(axis=0, dtype=np.int32) / len(columns)  # quick in this order
    moves = np.abs(means[1:] - means[:-1])
    third_quarter = 3 * (len(moves) - 1) // 4
    usual = np.partition(moves, third_quarter)[third_quarter]
    limit = np.int16(max(STEP, 3 * usual))
    jump = (columns[:, 1:] - columns[:, :-1])[:, BORDER:-BORDER]
    return [edge for way in (jump > limit, jump < -limit) for edge in _meeting(way)]


def _meeting(jumps: np.ndarray) -> list[Edge]:
    """The edges among the jumps one way.

    Blocks are lost in reading order: right of the first lost block the jump is at the top of its
    row of blocks, left of it at the top of the next.

    Args:
        jumps: bool [W, H], column by column, without the border.
    """
    whole = jumps.sum(axis=0, dtype=np.int16)
    enough = LEVEL * len(jumps)
    rows = np.flatnonzero(whole >= HALF * len(jumps))
    upper = np.add.outer(ABOVE, rows).ravel()
    lower = np.add.outer(BELOW, rows).ravel()
    met = (upper >= 0) & (lower < len(whole))
    # together they cannot reach further than both do
    met[met] = whole[upper[met]] + whole[lower[met]] >= enough
    if not met.any():
        return []
    upper, lower = upper[met], lower[met]
    apart = jumps[:, lower].astype(np.int8) - jumps[:, upper]
    gain = np.cumsum(apart, axis=0, dtype=np.int16)
    reach, split = whole[upper] + gain.max(axis=0).clip(0), gain.argmax(axis=0) + 1
    split[gain.max(axis=0) <= 0] = 0
    wide = reach >= enough
    found = zip(lower[wide].tolist(), upper[wide].tolist(), split[wide].tolist(), strict=True)
    return [Edge(left + BORDER, right + BORDER, at) for left, right, at in found]


def is_filled_up(pixels: np.ndarray) -> bool:
    """Whether the lowest rows are one middle grey, or one and the same row of detail again and
    again: what decoders put where the data ended.

    Args:
        pixels: uint8 [H, W].
    """
    rows, above = pixels[-FILLED:].astype(np.int16), pixels[: -2 * FILLED]
    last = rows[-1]
    if not len(above) or len(last) < 2 or np.abs(rows - last).mean() > 1:
        return False
    middle = abs(last.mean() - MIDDLE) <= 1.5 and last.std() <= 1
    flat = bool(middle and np.abs(pixels[:FILLED] - last.mean()).mean() > STEP)  # no letterbox
    detail = bool(np.abs(np.diff(last)).mean() >= STEP)
    return (flat or detail) and bool(above.std() > STEP)


def _step(width: int) -> int:
    return max(1, width // COLUMNS)
