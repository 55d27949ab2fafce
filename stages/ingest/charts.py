"""What the quality rules took out and what they let pass, for a person to set the limits by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont

from argus.core.params import Quality
from argus.data import catalogue, reading
from argus.data.contact_sheets import contact_sheet, save
from argus.data.measuring.flaws import SCORES

SHEET = "flaws.png"
EACH = 6  # tiles a row of the sheet: what it shows, and images
DOUBTED = 3 * EACH - 1  # images shown of those in doubt in a delivery
NAME = 24  # last characters of a file's name under its tile
HIGH_IS_BAD = {"over_exposed", "blurred", "torn"}


def flaws(images: pl.DataFrame) -> Image.Image | None:
    """A sheet with the images of each rule that took something out, or would have; None if none.

    First those taken out, from the worst to the nearest to the limit; then, delivery by delivery,
    those in doubt; then those that passed, beginning with the nearest. A tile says which.
    """
    tiles: list[Image.Image | None] = []
    captions: list[str] = []

    def show(rows: pl.DataFrame, score: str, most: int, *what: str) -> None:
        places = np.unique(np.linspace(0, rows.height - 1, most).astype(int))
        shown = rows[places].to_dicts()
        tiles.extend([_headed(*what), *(reading.thumbnail(row) for row in shown)])
        names = [(row["member"] or row["path"])[-NAME:] for row in shown]
        captions.extend(
            ["", *(f"{row[score]:.3g} {name}" for row, name in zip(shown, names, strict=True))]
        )
        blank = -len(tiles) % EACH
        tiles.extend([None] * blank)
        captions.extend([""] * blank)

    for status, score in SCORES.items():
        worst_first = images.sort(score, descending=status in HIGH_IS_BAD, maintain_order=True)
        out = worst_first.filter(pl.col("status") == status)
        doubted = worst_first.filter(pl.col("doubt") == status)
        passed = worst_first.filter(catalogue.IN_USE & pl.col("doubt").is_null())
        if out.is_empty() and doubted.is_empty():
            continue
        if out.height:
            show(out, score, EACH - 1, f"{status}: out", f"{out.height} images", f"by {score}")
        for delivery in doubted["delivery"].unique().sort():
            of_it = doubted.filter(delivery=delivery)
            many = f"{of_it.height} images, in use"
            show(of_it, score, DOUBTED, f"{status}: in doubt", delivery, many, f"by {score}")
        if passed.height:
            nearest = passed.head(EACH - 1)
            show(nearest, score, EACH - 1, f"{status}: passed", "the nearest to it", f"by {score}")
    return contact_sheet(tiles, EACH, captions) if tiles else None


def _headed(*lines: str) -> Image.Image:
    """A tile of text: what the images after it are."""
    tile = Image.new("RGB", reading.THUMBNAIL, "lightgray")
    draw = ImageDraw.Draw(tile)
    font = ImageFont.load_default(14)
    for number, line in enumerate(lines):
        draw.text((8, 10 + 22 * number), line, fill="black", font=font)
    return tile


def scores(images: pl.DataFrame, limits: Quality, path: Path) -> None:
    """Draw how the scores of all images that could be read are spread, and where the limits lie.

    Args:
        images: rows of the catalogue.
        limits: of the scores.
        path: of the PNG.
    """
    at = {
        "luminance": limits.min_luminance,
        "detail": limits.min_detail,
        "clipped": limits.max_clipped,
        "contrast": limits.min_contrast,
        "entropy": limits.min_entropy,
        "fragile": limits.max_fragile,
        "sharpness": limits.min_sharpness,
        "edge_width": limits.max_edge_width,
        "torn": limits.max_torn,
    }
    figure = Figure(figsize=(13, 5), layout="constrained")
    for place, (name, limit) in enumerate(at.items(), start=1):
        axes = figure.add_subplot(2, 5, place)
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
