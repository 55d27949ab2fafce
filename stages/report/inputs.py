"""What other stages left in `reports/` for the page to show."""

from __future__ import annotations

from collections.abc import Iterable

from argus.core import reports
from argus.core.paths import REPORTS, TRAIN_REPORTS, TURN_PICTURES


def sheets(sources: Iterable[str]) -> dict[str, str]:
    """The charts and contact sheets of curation that there are, relative to `reports/`, and what
    they show."""
    possible = {
        **{
            f"ingest/{source}/flaws.png": f"What the rules of quality took out of {source}, and "
            "what just passed"
            for source in sources
        },
        "dedupe/distances.png": "How far images are from each other",
        "dedupe/groups.png": "The largest groups of near-duplicates",
        "label/pictures/confusion.png": "Labels that test images would be given, by leaving one "
        "source out",
        "label/pictures/predicted.png": "Labels predicted, from the least sure to the surest",
        "prune/isolated.png": "Images chosen that are far from all others: rare, or out of place?",
    }
    return {path: shows for path, shows in possible.items() if (REPORTS / path).exists()}


def of_model(name: str) -> dict[str, str]:
    """What there is to show of a model, relative to `reports/`, and what it shows: samples that its
    kept weights made, of which one that failed has none, and its curves."""
    possible = {
        TURN_PICTURES / f"samples/{name}.png": f"samples of {name}",
        TRAIN_REPORTS / name / "plots/images/curves.png": f"the training of {name}",
    }
    shown = {path: what for path, what in possible.items() if path.exists()}
    return {path.relative_to(REPORTS).as_posix(): what for path, what in shown.items()}


def withdrawn(sources: Iterable[str]) -> dict[str, str]:
    """Since when and why deliveries are withdrawn, by source and name."""
    return {
        f"{source}/{delivery}": why
        for source in sources
        for delivery, why in reports.read(f"ingest/{source}").get("withdrawn", {}).items()
    }
