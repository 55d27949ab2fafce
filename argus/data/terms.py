"""What a rights card says of deliveries, applied to rows of the catalogue."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

import polars as pl

from argus.core import params
from argus.core.errors import ArgusError
from argus.core.fields import Purpose
from argus.data import rights_cards
from argus.data.catalogue import SCHEMA
from argus.data.pulled import deliveries_known

DELIVERED = (
    *("image_id", "source", "delivery", "path", "member", "offset", "size", "received_at"),
    *("label", "label_provenance", "sequence", "origin", "may_train", "may_evaluate", "status"),
)
"""What stays known of an image that was withdrawn; the rest was measured on it."""


def unknown_deliveries(card: rights_cards.RightsCard, known: Collection[str]) -> list[str]:
    """What is wrong with a card that has terms for deliveries which are not there; a line each.

    Such terms change nothing, and somebody meant something by them: a consent that was withdrawn.
    """
    lines = []
    folded = {each.casefold(): each for each in known}
    for name in card.deliveries:
        if name in known:
            continue
        close = get_close_matches(name.casefold(), folded, n=1)
        there = f"its deliveries are {', '.join(sorted(known))}." if known else "it has none."
        hint = f"did you mean '{folded[close[0]]}'?" if close else there
        lines.append(
            f"{rights_cards.path_of(card.source)} has terms for a delivery '{name}' that "
            f"'{card.source}' does not have: {hint} Correct the name, or take the "
            "entry off if the delivery is gone"
        )
    return lines


def require_known(card: rights_cards.RightsCard) -> None:
    """Raises:
    ArgusError: a card has terms for a delivery that is not there.
    """
    found = unknown_deliveries(card, deliveries_known(card.source))
    if found:
        raise ArgusError("; ".join(found))


def withdrawn(card: rights_cards.RightsCard, images: pl.DataFrame) -> dict[str, str]:
    """Since when and why deliveries are withdrawn, by their name.

    Args:
        card: of the source.
        images: the catalogue of the source.
    """
    names = images["delivery"].unique().sort()
    return {name: str(found) for name in names if (found := card.withdrawal(name))}


def with_grants(rows: pl.DataFrame, uses: Collection[Purpose]) -> pl.DataFrame:
    """The rows of a delivery with what it may be used for."""
    return rows.with_columns(
        pl.lit("train" in uses).alias("may_train"), pl.lit("evaluate" in uses).alias("may_evaluate")
    )


def without_withdrawn(
    images: pl.DataFrame, withdrawn: Collection[params.Withdrawn]
) -> pl.DataFrame:
    """The catalogue with single images taken back: refused, and nothing measured on them kept.

    Args:
        images: in the columns of the catalogue.
        withdrawn: which images, under whatever name they came in.
    """
    out = pl.col("image_id").is_in([each.sha256 for each in withdrawn]).fill_null(False)
    measured = [name for name in SCHEMA if name not in DELIVERED]
    return images.with_columns(
        pl.when(out).then(pl.lit("withdrawn")).otherwise("status").alias("status"),
        *(pl.when(out).then(None).otherwise(pl.col(name)).alias(name) for name in measured),
    )
