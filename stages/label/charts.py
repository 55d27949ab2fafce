"""What the predicted labels look like: where they err on held-out images, and what they are."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from PIL import Image

from argus.data import catalogue, reading
from argus.data.catalogue import UNKNOWN
from argus.data.contact_sheets import contact_sheet, save

EACH = 8  # images of each label


def confusion(held_out: pl.DataFrame, withheld: Sequence[str], path: Path) -> None:
    """Draw how many held-out images of each condition would be given which label, by leaving one
    source out.

    Args:
        held_out: `actual` and `predicted`, at least one row.
        withheld: lines on the conditions that are not given out.
        path: of the PNG.
    """
    delivered = sorted(held_out["actual"].unique())
    labels = [*sorted({*delivered, *held_out["predicted"]} - {UNKNOWN}), UNKNOWN]
    found = {(a, p): n for a, p, n in held_out.group_by("actual", "predicted").len().rows()}
    counts = np.array([[found.get((a, p), 0) for p in labels] for a in delivered])
    shares = counts / counts.sum(axis=1, keepdims=True)
    lines = [line for text in withheld for line in textwrap.wrap(text, 30 + 14 * len(labels))]
    height = 1.5 + 0.6 * len(delivered) + 0.16 * len(lines)
    figure = Figure(figsize=(2.2 + 0.9 * len(labels), height))
    figure.set_layout_engine("constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row, column in np.ndindex(*counts.shape):
        ink = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=ink)
    axes.set_xticks(range(len(labels)), labels)
    axes.set_yticks(range(len(delivered)), delivered)
    axes.set_xlabel("label that would be given, by leaving one source out")
    axes.set_ylabel("delivered label")
    if lines:
        figure.supxlabel("\n".join(lines), fontsize=7, x=0.02, ha="left")
    save(figure, path)


def predicted(images: pl.DataFrame) -> Image.Image | None:
    """A row of images for each label that was predicted, and one for those that stay `unknown`.

    From the least sure to the surest; None if nothing was to be predicted.

    Args:
        images: the catalogue after `label`.
    """
    shown = images.filter(pl.col("label_confidence").is_not_null())
    shown = shown.with_columns(catalogue.labels(shown).alias("label")).sort(
        "label_confidence", maintain_order=True
    )
    tiles, captions = [], []
    for label in sorted(shown["label"].unique(), key=lambda name: (name == UNKNOWN, name)):
        of_label = shown.filter(pl.col("label") == label)
        places = np.unique(np.linspace(0, of_label.height - 1, EACH).astype(int))
        rows = of_label[places].to_dicts()
        blank = EACH - len(rows)
        tiles += [reading.thumbnail(row) for row in rows] + [None] * blank
        captions += [_caption(row) for row in rows] + [""] * blank
    return contact_sheet(tiles, EACH, captions) if tiles else None


def _caption(row: dict[str, Any]) -> str:
    guess = f"{row['label_guess']} {row['label_confidence']:.2f}, {row['source']}"
    return f"{UNKNOWN}: {guess}" if row["label"] == UNKNOWN else guess
