"""A model's worst answers, for a person to look at: those furthest from every real."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from argus.data.contact_sheets import contact_sheet

FILE = "worst.png"
"""Beside the features that `evaluate` leaves of a model."""
SHOWN, COLUMNS = 24, 6
WIDTH = 144
"""px that an image on the sheet is about wide."""


def furthest(
    answers: NDArray[np.floating], reals: NDArray[np.floating], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Which answers are furthest from all reals, the furthest first, and how far they are.

    Args:
        answers: features [M, D] of one judge.
        reals: features [N, D] of the same judge, N at least 1.
        count: at most so many; of equals the earlier comes first.

    Returns:
        Indices into `answers`, and Euclidean distances to the nearest real: [min(M, count)] each.
    """
    mine, theirs = np.asarray(answers, np.float64), np.asarray(reals, np.float64)
    squares = (mine**2).sum(1)[:, None] + (theirs**2).sum(1) - 2 * mine @ theirs.T
    nearest = np.sqrt(np.maximum(squares.min(1), 0))
    order = np.argsort(-nearest, kind="stable")[:count]
    return order, nearest[order]


def sheet(
    images: NDArray[np.uint8], answers: NDArray[np.floating], reals: NDArray[np.floating]
) -> Image.Image:
    """A contact sheet of the furthest answers, each with its distance to the nearest real.

    Args:
        images: uint8 [M, H, W, 3], RGB, at least one.
        answers: their features [M, D].
        reals: features [N, D] of the held-out reals.
    """
    rows, distances = furthest(answers, reals, SHOWN)
    captions = [
        f"{number}: {distance:.3g}" for number, distance in zip(rows, distances, strict=True)
    ]
    scale = max(1, round(WIDTH / images.shape[2]))
    return contact_sheet(images[rows], COLUMNS, captions, scale)
