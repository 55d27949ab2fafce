"""What the quality rules took out and what they let pass, for a person to set the limits by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from PIL import Image

from stages.common import reading
from stages.common.params import Quality
from stages.common.pictures import contact_sheet, save
from stages.ingest.flaws import SCORES

EACH = 6  # images a row of the sheet
HIGH_IS_BAD = {"over_exposed", "torn"}


def flaws(images: pl.DataFrame) -> Image.Image | None:
    """A sheet with two rows for each rule that took something out; None if none did.

    The first row shows images taken out, from the worst to the nearest to the limit; the second
    those that passed, beginning with the nearest.
    """
    tiles: list[Image.Image | None] = []
    captions: list[str] = []
    for status, score in SCORES.items():
        worst_first = images.sort(score, descending=status in HIGH_IS_BAD, maintain_order=True)
        out = worst_first.filter(pl.col("status") == status)
        if out.is_empty():
            continue
        places = np.unique(np.linspace(0, out.height - 1, EACH).astype(int))
        passed = worst_first.filter(pl.col("status") == "accepted").head(EACH)
        for rows, fate in ((out[places], "out"), (passed, "passed")):
            shown = rows.to_dicts()
            tiles += [reading.thumbnail(row) for row in shown]
            captions += [f"{fate}: {status}, {score} {row[score]:.3g}" for row in shown]
            blank = EACH - len(shown)
            tiles += [None] * blank
            captions += [""] * blank
    return contact_sheet(tiles, EACH, captions) if tiles else None


def scores(images: pl.DataFrame, limits: Quality, path: Path) -> None:
    """Draw how the scores of all images that could be read are spread, and where the limits lie.

    Args:
        images: rows of the catalogue.
        limits: of the scores.
        path: of the PNG.
    """
    at = {
        "luminance": limits.min_luminance,
        "clipped": limits.max_clipped,
        "contrast": limits.min_contrast,
        "entropy": limits.min_entropy,
        "fragile": limits.max_fragile,
        "sharpness": limits.min_sharpness,
        "torn": limits.max_torn,
    }
    figure = Figure(figsize=(11, 5), layout="constrained")
    for place, (name, limit) in enumerate(at.items(), start=1):
        axes = figure.add_subplot(2, 4, place)
        values = images[name].drop_nulls().to_numpy().astype(np.float64)
        if name == "sharpness":  # over several decades
            axes.set_xscale("log")
            values = np.maximum(values, 0.1)
            bins = np.geomspace(0.1, max(10 * limit, values.max(initial=1)), 40)
        else:
            bins = np.linspace(0, max(1.05 * limit, values.max(initial=0)), 40)
        axes.hist(values, bins=bins.tolist(), color="#2b6cb0")
        line = axes.axvline(limit, color="black", linestyle="--", linewidth=1)
        axes.set_yscale("symlog", linthresh=1)
        axes.set_xlabel(name)
    figure.supylabel("images")
    figure.legend([line], ["the limit, by ingest.quality"], loc="lower right", frameon=False)
    save(figure, path)
