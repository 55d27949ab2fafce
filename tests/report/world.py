"""A page of a turn in which little happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from argus.judging.scores import ModelScores
from stages.report.page import page

IMAGES = pl.DataFrame(
    {
        "source": ["acme"] * 4,
        "delivery": ["d1", "d1", "d2", "d2"],
        "status": ["accepted", "accepted", "pruned", "accepted"],
        "doubt": ["torn", "torn", None, "black"],
    }
)
REPORTS: dict[str, Any] = {
    "dedupe": {"kept": 4},
    "split": {
        "val": 1,
        "test": 1,
        "leaks": 0,
        "per_class": {"train": {"day": 2}, "val": {"day": 1}, "test": {"night": 1}},
    },
    "prune": {
        "selected": 1,
        "candidates": 2,
        "per_class": {"day": 1},
        "vendi": {"selected": 1.0, "random": 1.0, "all": 1.5},
    },
    "balance": {"quotas": {"shortfall": {"day": 0, "night": 3}}},
    "label": {"unlabelled": 0},
    "withdrawn": {},
}


def written(
    models: Mapping[str, ModelScores] | None = None,
    decisions: Mapping[str, Mapping[str, Any]] | None = None,
    images: pl.DataFrame = IMAGES,
    **reports: Any,
) -> list[str]:
    """The page, by lines."""
    models = models or {}
    shown = {name: {f"train/{name}/curves.png": f"the training of {name}"} for name in models}
    text = page(images, {**REPORTS, **reports}, models, decisions or {}, shown, {})
    assert "\n\n\n" not in text
    return text.splitlines()
