"""`reports/turn.md`: what it says, from the other stages' reports; `turn.md.jinja` says where."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import polars as pl

from argus.data.catalogue import STATUSES
from argus.judging.scores import ModelScores, baselines_of, by_task, table_columns

MISSING = {"failed": "Failed in training", "skipped": "Skipped"}
"""How the page begins the reason of a model without a score."""


class Table(NamedTuple):
    """Its first columns, `texts` of them, are text, the others are numbers."""

    head: list[str]
    rows: list[list[Any]]
    texts: int = 1


def environment() -> jinja2.Environment:
    """The templates of this folder; a name that one is not given is an error."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=False,  # noqa: S701 - Markdown: what reads it is no browser, and escapes itself
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["cell"] = cell
    return found


def cell(content: object) -> str:
    """Text of any kind in one cell of a table."""
    return str(content).replace("|", "\\|").replace("\n", "<br>")


def fates(images: pl.DataFrame) -> Table:
    """How many images of each source came to each end."""
    sources = sorted(images["source"].unique())
    rows = []
    for status, meaning in STATUSES.items():
        of_status = images.filter(pl.col("status") == status)
        if of_status.height:
            counts = [int((of_status["source"] == source).sum()) for source in sources]
            rows.append([f"`{status}`: {meaning}", *counts])
    rows.append(["all", *[int((images["source"] == source).sum()) for source in sources]])
    return Table(["what became of them", *sources], rows)


class Doubt(NamedTuple):
    """What a rule of quality would have taken of a delivery and did not, being too much of it."""

    delivery: str
    flaw: str
    images: int


def doubted(images: pl.DataFrame) -> list[Doubt]:
    """One for each delivery and rule that there is any of."""
    rows = images.filter(pl.col("doubt").is_not_null())
    counted = rows.group_by("source", "delivery", "doubt").len().sort("source", "delivery", "doubt")
    return [
        Doubt(f"{source}/{delivery}", flaw, count)
        for source, delivery, flaw, count in counted.rows()
    ]


def classes(split: Mapping[str, Any], selected: Mapping[str, int]) -> Table:
    """Distinct images of each class in each split, and how many of those in train were chosen."""
    per_class = split["per_class"]
    names = sorted({name for part in per_class.values() for name in part})
    return Table(
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


def scores(models: Mapping[str, ModelScores]) -> Table:
    """By task: every model's scores on the held-out reals, and below them those of the baselines.

    The best model first; those that failed in training or were skipped have none, and come last.
    """
    keys = table_columns(models.values())
    rows: list[list[Any]] = []
    for task, competing in by_task(models).items():
        for name, model in competing.items():
            cells = [
                model.missing[0] if model.missing else f"**{model.scores.text(key)}**"
                for key in keys
            ]
            rows.append([task, f"**{name}**", model.protocol.get("reals", ""), *cells])
        for name, scored in baselines_of(competing).items():
            rows.append(["", name.replace("_", " "), "", *[scored.text(key) for key in keys]])
    return Table(["task", "model", "held-out reals", *keys], rows, texts=2)


def page(
    images: pl.DataFrame,
    reports: Mapping[str, Any],
    models: Mapping[str, ModelScores],
    decisions: Mapping[str, Mapping[str, Any]],
    shown: Mapping[str, Mapping[str, str]],
    sheets: Mapping[str, str],
) -> str:
    """The page of the turn as Markdown.

    Args:
        images: the catalogue after `prune`.
        reports: the metrics of `dedupe`, `split`, `label`, `prune` and `balance`; as `withdrawn`
            the deliveries that are, with the reasons.
        models: how each scored.
        decisions: of `promote` by task.
        shown: images that each model left, relative to `reports/`, and what they show.
        sheets: those of curation that there are, relative to `reports/`, and what they show.
    """
    ranked = [name for competing in by_task(models).values() for name in competing]
    text = (
        environment()
        .get_template("turn.md.jinja")
        .render(
            reports,
            arrived=images.height,
            decisions={task: decision["reason"] for task, decision in decisions.items()},
            fates=fates(images),
            doubted=doubted(images),
            classes=classes(reports["split"], reports["prune"]["per_class"]),
            wanting=wanting(reports["balance"]["quotas"]["shortfall"]),
            labelled=labelled(reports["label"]),
            sheets=sheets,
            scores=scores(models),
            scored=any(model.scores.values for model in models.values()),
            models=[
                {"name": name, "missing": _missing(models[name]), "images": shown[name]}
                for name in ranked
            ],
        )
    )
    return text.rstrip("\n") + "\n"


def _missing(model: ModelScores) -> str | None:
    if model.missing is None:
        return None
    kind, reason = model.missing
    return f"{MISSING[kind]}: {reason}"
