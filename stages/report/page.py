"""`reports/turn.md`, written from the other stages' reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from stages.common.catalogue import STATUSES


def table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """A Markdown table; the first column is text, the others are numbers."""
    head = list(head)
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *[list(row) for row in rows]]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def fates(images: pl.DataFrame) -> str:
    """How many images of each source came to each end."""
    sources = sorted(images["source"].unique())
    rows = []
    for status, meaning in STATUSES.items():
        of_status = images.filter(pl.col("status") == status)
        if of_status.height:
            counts = [int((of_status["source"] == source).sum()) for source in sources]
            rows.append([f"`{status}`: {meaning}", *counts])
    rows.append(["all", *[int((images["source"] == source).sum()) for source in sources]])
    return table(["what became of them", *sources], rows)


def classes(split: Mapping[str, Any], selected: Mapping[str, int]) -> str:
    """Distinct images of each class in each split, and how many of those in train were chosen."""
    per_class = split["per_class"]
    names = sorted({name for part in per_class.values() for name in part})
    return table(
        ["class", "train", "of these selected", "val", "test"],
        [
            [name, per_class["train"].get(name, 0), selected.get(name, 0)]
            + [per_class[part].get(name, 0) for part in ("val", "test")]
            for name in names
        ],
    )


def wanting(shortfall: Mapping[str, int]) -> str:
    """Which classes have fewer images than the quotas would give them: what to capture next."""
    short = sorted((name for name, n in shortfall.items() if n), key=lambda n: -shortfall[n])
    if not short:
        return "Every class fills its quota."
    named = ", ".join(f"{name} by {shortfall[name]}" for name in short)
    return f"Short of their quota, so worth capturing next: {named}."


def labelled(report: Mapping[str, Any]) -> str:
    """How many labels were predicted, and how good such predictions are on held-out images."""
    text = "Every training image came with a label"
    if report["unlabelled"]:
        text = f"{report['predicted']} of {report['unlabelled']} unlabelled training images got one"
    if test := report.get("test"):
        text += (
            f"; of {test['images']} held-out labelled images {test['accuracy']:.1%} would be told "
            f"right, and {test['coverage']:.1%} would be given a label"
        )
    return f"{text}."


def scores(report: Mapping[str, Any]) -> str:
    """A model's distances to the held-out reals, and those of what it must beat."""
    keys = [key for key in report if key.startswith(("kid_", "fd_", "fid"))]
    rows = [["**the model**", *[f"**{report[key]:.4g}**" for key in keys]]]
    for name, beside in report["beside"].items():
        rows.append([name.replace("_", " "), *[f"{beside[key]:.4g}" for key in keys]])
    return table(["", *keys], rows)


def page(
    images: pl.DataFrame,
    reports: Mapping[str, Any],
    models: Mapping[str, Mapping[str, Any]],
    decisions: Mapping[str, Mapping[str, Any]],
    grids: Mapping[str, str],
    sheets: Mapping[str, str],
) -> str:
    """The page of the turn as Markdown.

    Args:
        images: the catalogue after `prune`.
        reports: the metrics of `dedupe`, `split`, `label`, `prune` and `balance`.
        models: the metrics of `evaluate` by model.
        decisions: of `promote` by task.
        grids: the last sample sheet of each model, relative to `reports/`.
        sheets: the curation's pictures that there are, relative to `reports/`, and what they show.
    """
    prune, split = reports["prune"], reports["split"]
    parts = [
        "# The turn",
        f"{images.height} images came in, {reports['dedupe']['kept']} of them distinct; "
        f"{split['val'] + split['test']} are held out, {prune['selected']} of "
        f"{prune['candidates']} candidates train. No training image lies within the embargo "
        f"radius of a held-out one (leaks: {split['leaks']}).",
        "## Decisions",
        "\n".join(f"- **{task}**: {decided['reason']}." for task, decided in decisions.items()),
        "## Images",
        fates(images),
        classes(split, prune["per_class"]),
        f"By its Vendi score the selection holds {prune['vendi']['selected']:.1f} effectively "
        f"different images, a random one of the same size {prune['vendi']['random']:.1f}, all "
        f"candidates {prune['vendi']['all']:.1f}.",
        wanting(reports["balance"]["quotas"]["shortfall"]),
        labelled(reports["label"]),
        "![images per class](pictures/classes.png)",
        "![some of the images selected](pictures/selected.png)",
    ]
    for path, shows in sheets.items():
        parts += [f"{shows}:", f"![{shows}]({path})"]
    parts += ["## Models", "![scores](pictures/scores.png)"]
    for name, report in models.items():
        parts += [f"### {name}", f"Task {report['task']}, on {report['samples']} held-out reals:"]
        parts += [scores(report), f"![samples of {name}]({grids[name]})"]
    return "\n\n".join(parts) + "\n"
