"""What the quality rules took out and what they let pass, for a person to set the limits by."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from PIL import Image, ImageOps

from stages.common import reading
from stages.common.pictures import contact_sheet
from stages.ingest.flaws import SCORES

THUMBNAIL = (192, 128)  # width, height, px
EACH = 6  # images a row of the sheet
HIGH_IS_BAD = {"over_exposed", "torn"}


def flaws(images: pl.DataFrame) -> Image.Image | None:
    """A sheet with two rows for each rule that took something out; None if none did.

    The first row shows images taken out, from the worst to the nearest to the limit; the second
    those that passed, beginning with the nearest.
    """
    tiles, captions = [], []
    for status, score in SCORES.items():
        worst_first = images.sort(score, descending=status in HIGH_IS_BAD, maintain_order=True)
        out = worst_first.filter(pl.col("status") == status)
        if out.is_empty():
            continue
        places = np.unique(np.linspace(0, out.height - 1, EACH).astype(int))
        passed = worst_first.filter(pl.col("status") == "accepted").head(EACH)
        for rows, fate in ((out[places], "out"), (passed, "passed")):
            shown = rows.to_dicts()
            tiles += [_thumbnail(row) for row in shown]
            captions += [f"{fate}: {status}, {score} {row[score]:.3g}" for row in shown]
            blank = EACH - len(shown)
            tiles += [Image.new("RGB", THUMBNAIL, "white")] * blank
            captions += [""] * blank
    return contact_sheet(tiles, EACH, captions) if tiles else None


def _thumbnail(row: dict[str, Any]) -> Image.Image:
    return ImageOps.pad(reading.upright(reading.place_of(row)), THUMBNAIL, color="white")
