"""The charts and the contact sheet of the turn's page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from PIL import Image

from argus.data import catalogue, reading
from argus.data.catalogue import SPLITS
from argus.data.contact_sheets import contact_sheet, save
from argus.judging.samples import Samples
from argus.judging.scores import ModelScores, baselines_of, better, by_task, table_columns

PER_CLASS = 6
MODEL, BASELINE = "tab:blue", "tab:gray"  # bars


def selected(images: pl.DataFrame) -> Image.Image | None:
    """Some of the images chosen for training, a row of `PER_CLASS` for each class; None if there is
    none."""
    chosen = catalogue.accepted(images, "train").with_columns(
        catalogue.labels(catalogue.accepted(images, "train")).alias("label")
    )
    rows = []
    for label in sorted(chosen["label"].unique()):
        of_class = chosen.filter(pl.col("label") == label)
        places = np.linspace(0, of_class.height - 1, min(PER_CLASS, of_class.height)).astype(int)
        rows += of_class[np.unique(places)].to_dicts()
    if not rows:
        return None
    return contact_sheet(
        [reading.thumbnail(row) for row in rows],
        PER_CLASS,
        [f"{r['label']}: {r['source']}" for r in rows],
    )


def samples(made: Samples) -> Image.Image:
    """What a model made: a row for each class that it was asked for; of a translator a row for each
    source, with the translation and, where it is known, the true answer beside it."""
    if made.sources is not None:
        beside = [made.sources, made.images, *([] if made.twins is None else [made.twins])]
        return contact_sheet(np.concatenate(list(zip(*beside, strict=True))), len(beside), scale=2)
    columns = max(Counter(made.requested).values())
    tiles: list[Image.Image | None] = []
    captions: list[str] = []
    for asked in dict.fromkeys(made.requested):
        rows = [row for row, name in enumerate(made.requested) if name == asked]
        empty = columns - len(rows)
        tiles += [*(Image.fromarray(made.images[row]) for row in rows), *[None] * empty]
        captions += [asked, *[""] * (columns - 1)]
    return contact_sheet(tiles, columns, captions, scale=2)


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


def scores(models: Mapping[str, ModelScores], path: Path) -> None:
    """The deciding metric of the models of each task, with its baselines and real training images.

    A model without a score has no bar, and its reason stands on the page.
    """
    scored = {name: model for name, model in models.items() if not model.missing}
    tasks = by_task(scored)
    key = next(iter(table_columns(scored.values())), "")
    bars = {
        task: [(name, model.scores.values[key], MODEL) for name, model in competing.items()]
        + [
            (name.replace("_", " "), of.values[key], BASELINE)
            for name, of in baselines_of(competing).items()
        ]
        for task, competing in tasks.items()
    }
    rows = max(map(len, bars.values()), default=1)
    figure = Figure(figsize=(4.5 * max(len(bars), 1), 0.8 + 0.28 * rows), layout="constrained")
    for axes, (task, of_task) in zip(
        figure.subplots(1, max(len(bars), 1), squeeze=False)[0], bars.items(), strict=False
    ):
        names, heights, colours = zip(*of_task, strict=True)
        drawn = axes.barh(names, heights, color=colours)
        axes.bar_label(drawn, fmt="%.3g", padding=2, fontsize=8)
        axes.set_ylim(rows - 0.4, -0.6)  # bars of the same height in all panels
        axes.margins(x=0.15)
        reals = next(iter(tasks[task].values())).protocol.get("reals")
        axes.set_xlabel(f"{key}, {better(key)} is better")
        axes.set_title(f"{task} ({reals} held-out reals)" if reals else task, fontsize=10)
    save(figure, path)
