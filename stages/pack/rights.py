"""What may train on the day of the turn, by the rights cards."""

from __future__ import annotations

from datetime import date

import polars as pl

from argus.core import params
from argus.data import catalogue, objections, rights_cards
from argus.data.packed import Rights, Terms


def rights(images: pl.DataFrame, sources: list[str], settings: params.Ingest) -> Rights:
    """What may train on the day of the turn, by the rights cards: also of what is not packed today,
    since weights of earlier turns may rest on it.

    Args:
        images: the catalogue, refused images too.
        sources: those in use.
        settings: with the day, and the images withdrawn.

    Raises:
        ArgusError: a source has no valid card.
    """
    terms = {}
    for source in sources:
        card = rights_cards.read(source)
        delivered = images.filter(pl.col("source") == source)["delivery"].unique().sort()
        of_delivery = {
            delivery: objections.to_use(source, delivery, settings.as_of, "train", sources)
            for delivery in delivered
        }
        terms[source] = Terms(card.licence, card.allows_commercial_use(), of_delivery)
    return Rights(terms, {each.sha256: each.reason for each in settings.withdrawn})


def outlived(images: pl.DataFrame, today: date) -> list[str]:
    """Deliveries among the images whose consent is over today, see `objections.outlived`.

    Said again here, as the last stage that knows whose images they are, and one that runs where
    only parameters were changed and nothing was taken in.
    """
    sources = images.partition_by("source", maintain_order=True)
    return [
        text
        for part in sources
        for text in objections.outlived(
            part["source"][0], catalogue.counts(part["delivery"]), today
        )
    ]
