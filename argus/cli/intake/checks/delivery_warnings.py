"""What a person should know of a delivery, though it comes in."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from argus.cli.intake.checks.duplicates import find_duplicates
from argus.cli.intake.checks.earlier_deliveries import EarlierDelivery, known_labels
from argus.cli.intake.incoming import Incoming
from argus.cli.intake.labels import vocabulary
from argus.cli.intake.labels.folder_levels import most_frequent
from argus.cli.intake.labels.new_labels import NewLabel
from argus.data import names
from argus.data.deliveries import folders_of

FEW = 8  # drives; of fewer, one image each is no pattern


def delivery_warnings(
    coming: Incoming,
    before: Sequence[EarlierDelivery],
    new: Sequence[NewLabel],
    image_ids: pl.Series | None = None,
) -> list[str]:
    """New labels, images without a drive, bytes that are in already; a line each.

    Args:
        coming: the delivery.
        before: the deliveries that are in.
        new: the labels that come in for the first time.
        image_ids: of the delivery's rows, if they are known.
    """
    known = known_labels(before)
    found = []
    if new and known:
        listed = ", ".join(f"{each.label} ({each.images} images)" for each in new)
        found.append(f"no earlier delivery has these labels: {listed}")
    found += sequence_warnings(coming, known | set(vocabulary.CONDITIONS))
    return found + find_duplicates(coming, before, image_ids).warnings()


def sequence_warnings(coming: Incoming, known: Collection[str]) -> list[str]:
    """Images without a sequence or a label, and drives that are hardly drives; a line each.

    Args:
        coming: the delivery.
        known: labels that are known.
    """
    found = []
    images = coming.images
    without = images.filter(pl.col("sequence").is_null())
    if without.height:
        some = f", such as {without['name'][0]}" if without.height < images.height else ""
        found.append(
            f"no sequence is known of {without.height} of {images.height} images{some}: each is a "
            "drive of its own, or a place with others that look like it, so frames of one drive "
            "may both train and judge. Say what belongs together: --sequence-from dirs, a column "
            "`sequence` (--format csv), or the clips themselves (--fps)"
        )
    drives = images["sequence"].drop_nulls()
    if drives.n_unique() == len(drives) >= FEW:
        found.append(
            f"each of {len(drives)} drives has one image: if they are frames of longer drives, "
            "name the sequence after the drive, or the split tears them apart"
        )
    mixed = images.drop_nulls(["sequence", "label"]).group_by("sequence", maintain_order=True)
    several = mixed.agg(pl.col("label").unique().sort()).filter(pl.col("label").list.len() > 1)
    if several.height:
        drive, labels = several.row(0)
        found.append(
            f"{several.height} drives have images of several labels, such as {drive} "
            f"({', '.join(labels)}): what has one name is one drive, and goes to one split. Give "
            "different drives names of their own"
        )
    if len(images) and images["label"].null_count() == images.height:
        places = images.select("path", "member").rows()
        first = [folders[0] for place in places if (folders := folders_of(*place))]
        conditions = [each for each in first if names.label(each) in known]
        if conditions:
            found.append(
                f"no image has a label, but folders are called {most_frequent(conditions)}: if "
                "these are the conditions, add --label-from dirs"
            )
        elif names.label(coming.folder) in known:
            found.append(
                f"no image has a label, but the folder submitted is called {coming.folder}: if "
                "that is the condition, submit the folder above it with --label-from dirs"
            )
    return found
