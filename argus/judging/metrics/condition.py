"""Whether images show the condition that was asked for."""

from __future__ import annotations

from collections.abc import Sequence

from argus.judging.metric import Metric


def reached(condition: Sequence[str], requested: Sequence[str]) -> float | None:
    """Share of the images that a classifier names as what was asked for.

    A guard and no rank: a classifier can be fooled, and another scene's night is a night.

    Args:
        condition: what the classifier says, M names.
        requested: what was asked for, M names.

    Returns:
        0 to 1; None where nothing could be told, all names being empty.
    """
    if not any(condition):
        return None
    pairs = zip(condition, requested, strict=True)
    return sum(said == asked for said, asked in pairs) / len(requested)


METRIC = Metric(
    "condition",
    "condition reached",
    ("condition", "requested"),
    reached,
    better="larger",
    digits=3,
    table=False,
)
