"""What the turn left behind, gathered for the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from argus.core import params, reports
from argus.core.paths import EVALUATED, GAIN, INCUMBENTS, PRUNED
from argus.data import catalogue, rights_cards
from argus.judging import gain_curve, samples
from argus.judging.scores import ModelScores, by_task
from argus.judging.wanted import Wanted, of_turn
from stages.report import arrivals, changes, curation, gain_curves, training, verdicts, words
from stages.report.document import Story
from stages.report.page import doubted
from stages.report.thumbnails import Thumbnail, name_of, of_row


def story(
    p: params.Params,
    images: pl.DataFrame,
    models: Mapping[str, ModelScores],
    decisions: Mapping[str, Mapping[str, Any]],
) -> Story:
    """Everything that the page tells.

    Args:
        p: the settings.
        images: the catalogue after `prune`.
        models: how each scored.
        decisions: of `promote`, by task.

    Raises:
        ArgusError: a report is missing, or the turn before is not in this repository.
    """
    cards = {source: rights_cards.read(source) for source in p.sources}
    dedupe, split, prune, balance = (
        reports.read(name) for name in ("dedupe", "split", "prune", "balance")
    )
    ranked = {name: model for of in by_task(models).values() for name, model in of.items()}
    made = {name: samples.read(EVALUATED / name / samples.FILE) for name in ranked}
    refusals = arrivals.refusals(images)
    wishes = of_turn(images, ranked)
    return Story(
        turn=p.report.turn,
        message=p.report.message,
        day=p.ingest.as_of,
        counts={
            "images": images.height,
            "held_out": split["val"] + split["test"],
            "selected": prune["selected"],
        },
        refused=sum(refusal.images for refusal in refusals),
        sources=arrivals.sources(images, cards),
        refusals=refusals,
        doubts=[(doubt.delivery, words.WHY[doubt.flaw], doubt.images) for doubt in doubted(images)],
        groups=arrivals.groups(images),
        copies={"exact": dedupe["exact_copies"], "near": dedupe["near_duplicates"]},
        classes=curation.classes(balance),
        chosen=curation.chosen(images),
        left_out=curation.left_out(images),
        isolated=curation.isolated(images, catalogue.read(PRUNED / "isolated.parquet")),
        pruning=prune,
        models=training.trained(p.models, ranked, made, decisions),
        champions=incumbents(p, decisions),
        verdicts=[
            verdicts.verdict(task, decision, by_task(models).get(task, {}), p.models)
            for task, decision in sorted(decisions.items())
        ],
        gains=gains(decisions),
        changes=changes.changes(p.lineage.previous, images, decisions)
        if p.lineage.previous
        else None,
        wanted=wishes,
        examples=examples(images, wishes),
        endings=arrivals.endings(images, cards, p.ingest.as_of),
    )


def examples(images: pl.DataFrame, wishes: Wanted) -> dict[str, Thumbnail]:
    """Thumbnails of the images that wishes name, by id."""
    used = catalogue.first_of_each(catalogue.accepted(images))
    rows = used.filter(pl.col("image_id").is_in(sorted(wishes.examples)))
    found = {}
    for row in rows.iter_rows(named=True):
        alt = f"{row['label'] or catalogue.UNKNOWN}: {name_of(row)}"
        found[row["image_id"]] = of_row(row, alt, name_of(row))
    return {image_id: shown for image_id, shown in found.items() if shown}


def gains(decisions: Mapping[str, Any]) -> list[gain_curves.GainCurve]:
    """The curve of every task that has more than one turn behind it."""
    found = []
    for task in sorted(decisions):
        path = GAIN / f"{task}.csv"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if curve := gain_curves.gains(task, gain_curve.curve(text)):
            found.append(curve)
    return found


def incumbents(
    p: params.Params, decisions: Mapping[str, Mapping[str, Any]]
) -> list[training.Trained]:
    """The champions that stay, with what they made of today's held-out images."""
    found = []
    for task, decision in sorted(decisions.items()):
        champion = decision.get("champion")
        made = samples.read(INCUMBENTS / f"{task}.npz")
        entry = next((model for model in p.models.values() if model.task == task), None)
        if champion is None or decision.get("promoted") or made is None or entry is None:
            continue
        found.append(
            training.Trained(
                champion,
                task,
                "",
                training.does(entry),
                None,
                True,
                [],
                training.sheets(made, champion, entry),
                made.step,
            )
        )
    return found
