"""What dedupe did, for a person: how far images are from each other, and the largest groups."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from PIL import Image

from argus.core import params
from argus.data import catalogue, reading
from argus.data.contact_sheets import contact_sheet, save
from argus.hamming.search import Hashes

REACH = 12  # bits up to which the nearest other image is searched for
LOOKED_UP = 4000  # images in use whose nearest other is searched for, at most
GROUPS, EACH = 8, 8  # groups shown; images of each, the kept one included


def nearest(hashes: Hashes, rows: np.ndarray, reach: int) -> np.ndarray:
    """Bits from each of some images to the nearest other one: int64 [R]; `reach + 1` if further.

    Args:
        hashes: of N images.
        rows: int64 [R], sorted.
        reach: bits up to which is searched.
    """
    bits = np.full(len(rows), reach + 1)
    for i, k in hashes.between(hashes[rows], reach):
        other = i != rows[k]
        i, k = i[other], k[other]
        np.minimum.at(bits, k, hashes.apart(i, rows[k]))
    return bits


def distances(images: pl.DataFrame, settings: params.Dedupe, path: Path) -> None:
    """Draw how far images dropped are from the one they lost to, and images in use from each other.

    Where very many are in use, an even selection of them stands for all.

    Args:
        images: the catalogue after `dedupe`.
        settings: with the radius.
        path: of the PNG.
    """
    images = images.select("status", "phash", "phash_mirrored", "distance")
    used = catalogue.accepted(images).filter(pl.col("phash").is_not_null())
    rows = np.unique(np.linspace(0, max(0, used.height - 1), LOOKED_UP).astype(np.int64))
    rows = rows[: used.height]
    kept = nearest(Hashes.of(used, settings.mirrored), rows, REACH)
    dropped = images.filter(pl.col("status") == "near_duplicate")["distance"].to_numpy()

    bins = np.arange(REACH // 2 + 2)  # two bits each: hashes differ in an even number of bits
    figure = Figure(figsize=(7, 4))
    figure.set_layout_engine("constrained")
    axes = figure.subplots()
    axes.set_yscale("symlog", linthresh=1)  # from 1 on a log scale, with a place for 0
    most = 1.0
    for bits, stands_for, aside, colour, label in (
        (dropped, 1.0, -0.2, "#d9822b", "dropped: to the image it lost to"),
        (kept, used.height / max(1, len(kept)), 0.2, "#2b6cb0", "in use: to the nearest other"),
    ):
        in_bin = np.where(bits > REACH, bins[-1], bits // 2)
        counts = np.bincount(in_bin, minlength=len(bins)) * stands_for
        most = max(most, counts.max())
        bars = axes.bar(bins + aside, counts, 0.4, color=colour, label=label)
        axes.bar_label(bars, [f"{n:.0f}" if n else "" for n in counts], fontsize=8)
    axes.set_ylim(0, 3 * most)
    axes.axvline(settings.radius // 2 + 0.5, color="black", linestyle="--", linewidth=1)
    axes.text(
        settings.radius // 2 + 0.45,
        0.97,
        f"radius {settings.radius}",
        ha="right",
        va="top",
        transform=axes.get_xaxis_transform(),
    )
    axes.set_xticks(bins, [*(str(2 * k) for k in bins[:-1]), "further"])
    axes.set_xlabel("bits between the perceptual hashes")
    axes.set_ylabel("images")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.15), ncols=2, frameon=False)
    save(figure, path)


def groups(images: pl.DataFrame) -> Image.Image | None:
    """A row for each of the largest groups of near-duplicates; None if there is none.

    The kept image first, then those dropped for it from the nearest to the furthest.
    """
    near = pl.col("status") == "near_duplicate"
    sizes = images.select("status", "lost_to").filter(near).group_by("lost_to").len()
    tiles, captions = [], []
    for winner, count in sizes.sort("len", "lost_to", descending=[True, False]).head(GROUPS).rows():
        of_group = images.filter(near, lost_to=winner).sort("distance", maintain_order=True)
        shown = np.unique(np.linspace(0, count - 1, EACH - 1).astype(int))
        rows = images.filter(status="accepted", image_id=winner).to_dicts()
        rows += of_group[shown].to_dicts()
        blank = EACH - len(rows)
        tiles += [reading.thumbnail(row) for row in rows] + [None] * blank
        captions += [f"kept of {count + 1}: {rows[0]['source']}"]
        captions += [f"dropped, {row['distance']} bits" for row in rows[1:]] + [""] * blank
    return contact_sheet(tiles, EACH, captions) if tiles else None
