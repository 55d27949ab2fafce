"""The pictures of the turn's page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from PIL import Image

from stages.common import catalogue, reading
from stages.common.catalogue import SPLITS
from stages.common.pictures import contact_sheet, save

PER_CLASS = 6


def selected(images: pl.DataFrame) -> Image.Image:
    """Some of the images chosen for training, a row of `PER_CLASS` for each class."""
    chosen = catalogue.accepted(images, "train").with_columns(
        catalogue.labels(catalogue.accepted(images, "train")).alias("label")
    )
    rows = []
    for label in sorted(chosen["label"].unique()):
        of_class = chosen.filter(pl.col("label") == label)
        places = np.linspace(0, of_class.height - 1, min(PER_CLASS, of_class.height)).astype(int)
        rows += of_class[np.unique(places)].to_dicts()
    return contact_sheet(
        [reading.thumbnail(row) for row in rows],
        PER_CLASS,
        [f"{r['label']}: {r['source']}" for r in rows],
    )


def classes(images: pl.DataFrame, path: Path) -> None:
    """Bars of images per class at each step: came in, distinct, held out, selected."""
    named = images.with_columns(catalogue.labels(images).alias("label"))
    names = sorted(named["label"].unique())
    steps = {
        "delivered": named,
        "distinct": named.filter(pl.col("split").is_not_null()),
        "held out": named.filter(pl.col("split").is_in(SPLITS[1:])),
        "selected": catalogue.accepted(named, "train"),
    }
    figure = Figure(figsize=(8, 3), layout="constrained")
    axes = figure.subplots()
    for index, (step, part) in enumerate(steps.items()):
        heights = [int((part["label"] == name).sum()) for name in names]
        axes.bar(np.arange(len(names)) + 0.2 * index, heights, width=0.18, label=step)
    axes.set_xticks(np.arange(len(names)) + 0.3, names)
    axes.set_ylabel("images")
    axes.legend(frameon=False)
    save(figure, path)


def scores(models: dict[str, dict[str, Any]], path: Path) -> None:
    """KID of each model beside the floors and beside real training images."""
    figure = Figure(figsize=(4 * len(models), 3), layout="constrained")
    row = figure.subplots(1, len(models), squeeze=False)[0]
    for axes, (name, report) in zip(row, models.items(), strict=True):
        key = next(key for key in report if key.startswith("kid_"))
        bars = {name: report[key], **{k: v[key] for k, v in report["beside"].items()}}
        colours = ["tab:blue"] + ["tab:gray"] * (len(bars) - 1)
        axes.barh([bar.replace("_", " ") for bar in bars], list(bars.values()), color=colours)
        axes.invert_yaxis()
        axes.set_xlabel(f"{key}, smaller is better")
        axes.set_title(f"{report['task']} ({report['samples']} held-out reals)", fontsize=10)
    save(figure, path)
