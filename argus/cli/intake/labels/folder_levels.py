"""Whether the folders that were taken for labels and drives lie at another level."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

import polars as pl

from argus.cli.intake.incoming import Incoming
from argus.cli.intake.labels import vocabulary
from argus.data import names
from argus.data.deliveries import folders_of

MANY = 20  # labels; more are hardly conditions
SHOWN = 4  # folders named of each level


def level_hints(coming: Incoming, strange: Collection[str], known: Collection[str]) -> list[str]:
    """What the folders of images with strange labels suggest; a line each, none if nothing.

    Args:
        coming: the delivery.
        strange: labels that nobody knows.
        known: labels that somebody does.
    """
    rows = coming.images.filter(pl.col("label").is_in(list(strange)))
    columns = rows.select("path", "member", "label_written").rows()
    looked_up = [_placed(path, member, label, coming.folder) for path, member, label in columns]
    placed = [at for at in looked_up if at is not None]
    if not placed:  # labels that no folder names: of a table, or beside the images in a shard
        return []
    tops, below, above = zip(*placed, strict=True)
    first = most_frequent(tops)
    conditions = sorted({each for each in below if each and names.label(each) in known})
    found = []
    if conditions:
        found.append(
            f"Below {first} lie {', '.join(conditions)}, which are known labels: the folder is one "
            f"level too high. Submit {first} itself, each on its own"
        )
    homes = sorted({each for each in above if names.label(each) in known})
    if homes:
        found.append(
            f"{first} lie in a folder called {', '.join(homes)}, a known label: what was submitted "
            "is one level too deep. Submit the folder above it"
        )
    of_dataset = any(map(vocabulary.is_dataset_folder, strange))
    if not found and (of_dataset or _like_drives(strange, known)):
        found.append(
            "These look like drives or parts of a dataset, not like conditions. First folders: "
            f"{first}; below them: {most_frequent(below) or 'no folder'}. Is the label above "
            "(submit the folder above, if that is named after a condition) or below (submit the "
            "folders on their own)? Where no folder names the condition, leave --label-from out, "
            "or put the drives into folders called day, night and so on; folders such as `train` "
            "and `val` above the classes are read by `--format imagefolder`"
        )
    return found


def most_frequent(folders: Iterable[str]) -> str:
    """Some names, the most frequent first, and how many more there are."""
    ordered = [name for name, _ in Counter(filter(None, folders)).most_common()]
    more = len(ordered) - SHOWN
    return ", ".join(ordered[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _placed(
    path: str, member: str | None, label: str, submitted: str
) -> tuple[str, str, str] | None:
    """Of an image whose label is a folder's name: that name, and the names of the folders below it
    (or nothing) and above it; None if no folder is called so.
    """
    folders = folders_of(path, member)
    if label not in folders:
        return None
    at = folders.index(label)
    return label, "".join(folders[at + 1 : at + 2]), folders[at - 1] if at else submitted


def _like_drives(labels: Collection[str], known: Collection[str]) -> bool:
    """Whether labels are too many for conditions, or most have digits and none is near."""
    numbered = [each for each in labels if any(c.isdigit() for c in each)]
    odd = sum(vocabulary.closest(each, known) is None for each in numbered)
    return len(labels) > MANY or odd * 2 > len(labels)
