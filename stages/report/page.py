"""`reports/turn.md`, written from the other stages' reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

import polars as pl

from argus.data.catalogue import STATUSES

DISTANCES = ("kid_", "fd_", "fid")
MISSING = {"failed": "Failed in training", "skipped": "Skipped"}
"""Keys of the reason in the report of a model without a score, and how the page begins it."""


def table(head: Iterable[str], rows: Iterable[Iterable[Any]], texts: int = 1) -> str:
    """A Markdown table; the first columns, `texts` of them, are text, the others are numbers."""
    head = list(head)
    rules = ["---"] * texts + ["---:"] * (len(head) - texts)
    lines = [head, rules, *[list(row) for row in rows]]
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


def doubted(images: pl.DataFrame) -> list[str]:
    """What rules of quality would have taken and did not, being too much of a delivery; a line for
    each delivery and rule."""
    rows = images.filter(pl.col("doubt").is_not_null())
    counted = rows.group_by("source", "delivery", "doubt").len().sort("source", "delivery", "doubt")
    return [
        f"- In doubt: `{flaw}` would take {count} images of {source}/{delivery}, too many to be "
        "believed; they are in use until a person confirms it (`ingest.quality.confirmed`)."
        for source, delivery, flaw, count in counted.rows()
    ]


def taken_back(reasons: Mapping[str, str]) -> list[str]:
    """A paragraph on the deliveries that are withdrawn, since when and why; none, no paragraph."""
    if not reasons:
        return []
    return ["\n".join(f"- `{delivery}`: {why}" for delivery, why in reasons.items())]


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
    if because := report.get("not_predicted_because"):
        text += f"; none can be predicted: {because}"
    elif test := report.get("leave_one_source_out"):
        text += (
            f"; by leaving one source out, {test['coverage']:.1%} of {test['images']} test images "
            "would be given one"
        )
        if "accuracy_given" in test:
            text += f", and {test['accuracy_given']:.1%} of these be right"
    fates = report["conditions"].items() if report["unlabelled"] else []
    withheld = [f"{name} is {fate}" for name, fate in fates if fate != "given"]
    return f"{text}. {'; '.join(withheld)}".rstrip(". ") + "."


def scores(models: Mapping[str, Mapping[str, Any]]) -> str:
    """By task: every model's distances to the held-out reals, and below them those of the floors.

    The nearest model first; those that failed in training or were skipped have none, and come last.
    """
    keys = distances(models.values())
    rows: list[list[Any]] = []
    for task, rivals in by_task(models).items():
        for name, report in rivals.items():
            became = next((kind for kind in MISSING if kind in report), "")
            cells = [f"**{report[key]:.4g}**" if key in report else became for key in keys]
            rows.append([task, f"**{name}**", report.get("samples", ""), *cells])
        for floor, of in next(iter(rivals.values())).get("beside", {}).items():
            rows.append(["", floor.replace("_", " "), "", *[f"{of[key]:.4g}" for key in keys]])
    return table(["task", "model", "held-out reals", *keys], rows, texts=2)


def distances(reports: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of the distances in the reports of models, KID, the gate's, first."""
    found = {key for report in reports for key in report if key.startswith(DISTANCES)}
    return sorted(found, key=lambda key: (not key.startswith("kid_"), key))


def by_task(models: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """The reports of models by task and name; in a task the nearest to the reals comes first."""
    first = next(iter(distances(models.values())), "")
    ranked = sorted(models, key=lambda name: (models[name]["task"], models[name].get(first, inf)))
    tasks: dict[str, dict[str, Mapping[str, Any]]] = {}
    for name in ranked:
        tasks.setdefault(models[name]["task"], {})[name] = models[name]
    return tasks


def decided(decisions: Mapping[str, Mapping[str, Any]]) -> str:
    """By task, what became of the champion's slot, and why."""
    lines = [f"- **{task}**: {decision['reason']}." for task, decision in decisions.items()]
    return "\n".join(lines) or "None: no model trains, and there is no champion."


def page(
    images: pl.DataFrame,
    reports: Mapping[str, Any],
    models: Mapping[str, Mapping[str, Any]],
    decisions: Mapping[str, Mapping[str, Any]],
    shown: Mapping[str, Mapping[str, str]],
    sheets: Mapping[str, str],
) -> str:
    """The page of the turn as Markdown.

    Args:
        images: the catalogue after `prune`.
        reports: the metrics of `dedupe`, `split`, `label`, `prune` and `balance`; as `withdrawn`
            the deliveries that are, with the reasons.
        models: the metrics of `evaluate` by model.
        decisions: of `promote` by task.
        shown: pictures of each model, relative to `reports/`, and what they show.
        sheets: the curation's pictures that there are, relative to `reports/`, and what they show.
    """
    prune, split = reports["prune"], reports["split"]
    parts = [
        "# The turn",
        f"{images.height} images came in, {reports['dedupe']['kept']} of them distinct; "
        f"{split['val'] + split['test']} are held out, {prune['selected']} of "
        f"{prune['candidates']} candidates train. No training image is near a held-out one, by "
        f"hash or by features (leaks: {split['leaks']}).",
        "## Decisions",
        decided(decisions),
        "## Images",
        fates(images),
        *(["\n".join(lines)] if (lines := doubted(images)) else []),
        *taken_back(reports["withdrawn"]),
        classes(split, prune["per_class"]),
        f"By its Vendi score the selection holds {prune['vendi']['selected']:.1f} effectively "
        f"different images, a random one of the same size {prune['vendi']['random']:.1f}, all "
        f"candidates {prune['vendi']['all']:.1f}.",
        wanting(reports["balance"]["quotas"]["shortfall"]),
        labelled(reports["label"]),
        "![images per class](pictures/classes.png)",
    ]
    if prune["selected"]:
        parts.append("![some of the images selected](pictures/selected.png)")
    for path, shows in sheets.items():
        parts += [f"{shows}:", f"![{shows}]({path})"]
    parts += ["## Models", scores(models) if models else "None is listed in params.yaml."]
    if any(distances([report]) for report in models.values()):
        parts.append("![scores](pictures/scores.png)")
    for rivals in by_task(models).values():
        for name, report in rivals.items():
            parts.append(f"### {name}")
            parts += [f"{said}: {report[key]}." for key, said in MISSING.items() if key in report]
            parts += [f"![{what}]({path})" for path, what in shown[name].items()]
    return "\n\n".join(parts) + "\n"
