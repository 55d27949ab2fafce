"""Labels that no delivery had before: each would be a class of its own in all splits, for good."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence
from typing import NamedTuple

import polars as pl

from argus.cli.intake.incoming import Incoming
from argus.cli.intake.labels import folder_levels, vocabulary
from argus.core.errors import ArgusError
from argus.data import names

LISTED = 12  # labels that are named one by one


class NewLabel(NamedTuple):
    """A label that no delivery before has, how it was written, on how many images, and one."""

    label: str
    written: str
    images: int
    example: str

    @property
    def usual(self) -> bool:
        """Whether it is a usual word for a condition, so that nobody need confirm it."""
        return self.label in vocabulary.CONDITIONS


def find_new_labels(rows: pl.DataFrame, earlier: Collection[str]) -> list[NewLabel]:
    """The labels of a delivery that none of the earlier labels is, the most frequent first.

    Args:
        rows: of the images, see `Incoming`.
        earlier: the labels of the deliveries that are in.
    """
    found = (
        rows.filter(pl.col("label").is_not_null() & ~pl.col("label").is_in(list(earlier)))
        .group_by("label")
        .agg(pl.col("label_written").min(), pl.len().alias("n"), pl.col("name").min())
        .sort("n", "label", descending=[True, False])
    )
    return [NewLabel(*row) for row in found.rows()]


def confirmed_labels(given: Sequence[str], rows: pl.DataFrame) -> set[str]:
    """What `--new-label` names, in the one spelling of labels.

    Raises:
        ArgusError: no image comes with such a label.
    """
    there = set(rows["label"].drop_nulls())
    found = set()
    for word in given:
        label = names.label(word)
        if label is None or label not in there:
            listed = names.some(sorted(there)) or "none"
            raise ArgusError(f"--new-label {word}: no image has this label; there are {listed}")
        found.add(label)
    return found


def unconfirmed_labels(
    coming: Incoming, earlier: Collection[str], given: Sequence[str]
) -> list[NewLabel]:
    """The labels of a delivery that no earlier one has, that are not usual, and that no person
    confirms.

    Args:
        coming: the delivery.
        earlier: the labels of the deliveries that are in.
        given: what `--new-label` names.

    Raises:
        ArgusError: `given` names a label that no image has.
    """
    meant = confirmed_labels(given, coming.images)
    return [
        e for e in find_new_labels(coming.images, earlier) if not e.usual and e.label not in meant
    ]


def require_known(coming: Incoming, earlier: Collection[str], given: Sequence[str]) -> None:
    """Raises:
    ArgusError: there are unconfirmed labels; with all of them and the nearest known ones.
    """
    strange = unconfirmed_labels(coming, earlier, given)
    if strange:
        raise ArgusError(f"{explain_refusal(strange, coming, earlier)}\nNothing was taken in")


def explain_refusal(strange: Sequence[NewLabel], coming: Incoming, earlier: Collection[str]) -> str:
    """Why a delivery is not taken in as it is, and what to do."""
    known = [*sorted(earlier), *(c for c in vocabulary.CONDITIONS if c not in earlier)]
    lines = [
        f"{len(strange)} label{'s' * (len(strange) > 1)} that no earlier delivery has. A label "
        "becomes a class of its own in every split, and stays one:",
        *(f"  {_described(each, known)}" for each in strange[:LISTED]),
    ]
    if len(strange) > LISTED:
        rest = sum(each.images for each in strange[LISTED:])
        lines.append(f"  and {len(strange) - LISTED} more, on {rest} images")
    had = ", ".join(sorted(earlier)[:LISTED]) or "none yet"
    lines.append(f"Labels of earlier deliveries: {had}. Usual: {', '.join(vocabulary.CONDITIONS)}")
    lines += folder_levels.level_hints(coming, {each.label for each in strange}, set(known))
    lines.append(
        "Correct them where they stand (the folder's name, the column `label`, the .json in the "
        f".tar); or, if they are meant, say so: {command_options(strange)}"
    )
    return "\n".join(lines)


def command_options(labels: Sequence[NewLabel]) -> str:
    """What to add to the command for labels to be let in."""
    if len(labels) > LISTED:
        return "--new-label LABEL for each"
    return " ".join(f"--new-label {shlex.quote(each.written)}" for each in labels)


def _described(label: NewLabel, known: Sequence[str]) -> str:
    many = f"{label.written}: {label.images} images, such as {label.example}"
    near = vocabulary.closest(label.label, known)
    if near is not None:
        return f"{many}; did you mean {near}?"
    if vocabulary.is_no_condition(label.label):
        return f"{many}; leave it empty where the condition is not known"
    return many
