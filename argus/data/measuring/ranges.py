"""Which sample is white in the files of a delivery that do not tell themselves."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from argus.data.deliveries import require_there


def told(rows: pl.DataFrame, sample_max: Mapping[str, float]) -> pl.Series:
    """The sample that is white, by `ingest.sample_max`, of each row; null where it says nothing.

    What is said of a delivery goes before what is said of its source.

    Args:
        rows: `source`, `delivery`.
        sample_max: by `<source>` or `<source>/<delivery>`.

    Returns:
        float64 [N].

    Raises:
        ArgusError: a source or delivery is named that is not there: it was meant for another.
    """
    for source in rows["source"].unique().sort():
        require_there("ingest.sample_max", sample_max, source)
    known = pl.DataFrame(
        {"name": [*sample_max], "told": [*sample_max.values()]},
        schema={"name": pl.String, "told": pl.Float64},
    )
    named = pl.concat_str("source", "delivery", separator="/")
    found = rows.select("source", named.alias("delivery"))
    by = [
        found.join(known, left_on=key, right_on="name", how="left", maintain_order="left")["told"]
        for key in ("delivery", "source")
    ]
    return by[0].fill_null(by[1])
