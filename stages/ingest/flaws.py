"""Which pictures are too poor to learn from or to judge by, and why."""

from __future__ import annotations

import polars as pl

from stages.common.params import Quality

SCORES = {
    "black": "luminance",
    "over_exposed": "clipped",
    "near_constant": "contrast",
    "blurred": "sharpness",
    "torn": "torn",
}
"""The flaws by their status, the first that applies first, and the column that is their score."""


def with_flaws(measured: pl.DataFrame, limits: Quality) -> pl.DataFrame:
    """The rows with the status of those that are outside the limits changed to the flaw.

    What has too little information is not hashed: its bits would be those of its noise.

    Args:
        measured: rows of the catalogue; only those with the status `accepted` are judged.
    """
    rules = {
        "black": pl.col("luminance") < limits.min_luminance,
        "over_exposed": pl.col("clipped") > limits.max_clipped,
        "near_constant": (pl.col("contrast") < limits.min_contrast)
        | (pl.col("entropy") < limits.min_entropy)
        | (pl.col("fragile") > limits.max_fragile),
        "blurred": pl.col("sharpness") < limits.min_sharpness,
        "torn": pl.col("torn") > limits.max_torn,
    }
    flaw = pl.coalesce(pl.when(rule).then(pl.lit(name)) for name, rule in rules.items())
    accepted = pl.col("status") == "accepted"
    status = pl.when(accepted & flaw.is_not_null()).then(flaw).otherwise("status")
    unhashed = pl.col("status").is_in(["near_constant", "black"])
    return measured.with_columns(status.alias("status")).with_columns(
        pl.when(unhashed).then(None).otherwise(pl.col(name)).alias(name)
        for name in ("phash", "phash_mirrored")
    )
