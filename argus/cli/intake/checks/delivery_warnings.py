"""What a person should know of a delivery, though it comes in."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from argus.cli.intake.checks import duplicates as twice
from argus.cli.intake.checks import earlier_deliveries as earlier
from argus.cli.intake.incoming import Incoming
from argus.cli.intake.labels import folder_levels as levels
from argus.cli.intake.labels import vocabulary
from argus.cli.intake.labels.new_labels import New


def remarks(
    coming: Incoming,
    before: Sequence[earlier.Earlier],
    new: Sequence[New],
    image_ids: pl.Series | None = None,
) -> list[str]:
    """New labels, images without a drive, bytes that are in already; a line each.

    Args:
        coming: the delivery.
        before: the deliveries that are in.
        new: the labels that come in for the first time.
        image_ids: of the delivery's rows, if they are known.
    """
    known = earlier.labels(before)
    found = []
    if new and known:
        listed = ", ".join(f"{each.label} ({each.images} images)" for each in new)
        found.append(f"no earlier delivery has these labels: {listed}")
    found += levels.on_drives(coming, known | set(vocabulary.CONDITIONS))
    return found + twice.find(coming, before, image_ids).remarks()
