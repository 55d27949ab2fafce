"""What came in and from whom, what was refused, and what looked the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

import polars as pl

from argus.core.fields import NEVER
from argus.data import catalogue
from argus.data.catalogue import COPIES, STATUSES
from argus.data.rights_cards import RightsCard
from stages.report import words
from stages.report.thumbnails import Thumbnail, name_of, of_row

RIGHTS = ("origin_not_accepted", "purpose_not_granted", "consent_expired", "withdrawn")
"""Why an image may not be looked at, and so is not shown here either."""
LOOKS = ("too_small", "near_constant", "black", "over_exposed", "blurred", "torn")
"""Why an image that can be read is not used: these are shown."""
LATER = ("unreadable", *COPIES, "embargoed", "use_not_granted", "excluded", "pruned")
"""What later stages decide; all other statuses are refusals at the door."""
EXAMPLES, NAMES = 6, 4
GROUPS, EACH = 4, 5
SOON = timedelta(days=60)


class Delivery(NamedTuple):
    name: str
    came: str
    images: int
    used: int
    note: str


class Source(NamedTuple):
    """A source, whose it is, what is allowed with it, and what it delivered."""

    name: str
    card: RightsCard
    commercial: str
    until: str
    images: int
    used: int
    deliveries: list[Delivery]


class Refusal(NamedTuple):
    """Images refused for one reason: some of them, or the names of some that are not shown."""

    status: str
    why: str
    images: int
    shown: list[Thumbnail]
    names: list[str]
    by_rights: bool


class Group(NamedTuple):
    """An image that is kept, and some of those that look the same."""

    kept: Thumbnail
    others: list[Thumbnail]
    more: int


class Ending(NamedTuple):
    """A consent that is over, or is soon; `days` are those left, below 0 if it is over."""

    what: str
    reference: str
    last: date
    days: int
    images: int


def sources(images: pl.DataFrame, cards: Mapping[str, RightsCard]) -> list[Source]:
    """Every source that is in use, by name."""
    may = {True: "yes", False: "no", None: "not known"}
    found = []
    for name, card in sorted(cards.items()):
        rows = images.filter(pl.col("source") == name)
        of_delivery = rows.group_by("delivery").agg(
            pl.len(), pl.col("received_at").min(), catalogue.IN_USE.sum().alias("used")
        )
        deliveries = [
            Delivery(
                row["delivery"],
                words.day(row["received_at"].date()) if row["received_at"] else "",
                row["len"],
                row["used"],
                str(card.withdrawal(row["delivery"]) or ""),
            )
            for row in of_delivery.sort("received_at", "delivery").iter_rows(named=True)
        ]
        last = card.consent.expires
        found.append(
            Source(
                name,
                card,
                may[card.allows_commercial_use()],
                "without an end" if last == NEVER else f"until {words.day(last)}",
                rows.height,
                int(rows.select(catalogue.IN_USE.sum()).item()),
                deliveries,
            )
        )
    return found


def refusals(images: pl.DataFrame) -> list[Refusal]:
    """What was refused at the door, by reason, the most frequent first.

    What rights keep out is never opened; of what cannot be read there is nothing to show.
    """
    found = []
    for status in STATUSES:
        rows = images.filter(pl.col("status") == status)
        if status == "accepted" or status in LATER or not rows.height:
            continue
        shown = [
            of_row(row, f"Refused, {words.WHY[status]}: {name_of(row)}", name_of(row))
            for row in (rows.head(EXAMPLES).iter_rows(named=True) if status in LOOKS else ())
        ]
        first = [] if any(shown) else rows.head(NAMES).iter_rows(named=True)
        found.append(
            Refusal(
                status,
                words.WHY[status],
                rows.height,
                [each for each in shown if each],
                [name_of(row) for row in first],
                status in RIGHTS,
            )
        )
    return sorted(found, key=lambda refusal: -refusal.images)


def groups(images: pl.DataFrame) -> list[Group]:
    """The largest groups of images that look the same, each with some of its members."""
    lost = images.filter(pl.col("status").is_in(COPIES) & pl.col("lost_to").is_not_null())
    largest = lost.group_by("lost_to", maintain_order=True).len().sort("len", descending=True)
    found = []
    for kept_id, size in largest.head(GROUPS).rows():
        kept = images.filter(
            (pl.col("image_id") == kept_id) & ~pl.col("status").is_in(COPIES)
        ).head(1)
        others = lost.filter(pl.col("lost_to") == kept_id).head(EACH)
        if not kept.height:
            continue
        (row,) = kept.iter_rows(named=True)
        first = of_row(row, f"Kept: {name_of(row)}", "kept")
        rest = [
            of_row(other, f"Not used, looks the same: {name_of(other)}")
            for other in others.iter_rows(named=True)
        ]
        if first:
            found.append(Group(first, [each for each in rest if each], size - others.height))
    return found


def endings(images: pl.DataFrame, cards: Mapping[str, RightsCard], today: date) -> list[Ending]:
    """The consents that end within `SOON`, or ended as lately, the first to end first; without
    those of deliveries that are withdrawn."""
    found = []
    for name, card in cards.items():
        rows = images.filter((pl.col("source") == name) & catalogue.IN_USE)
        own = [delivery for delivery, terms in card.deliveries.items() if terms.consent]
        consents = [
            (f"{name}/{delivery}", card.consent_for(delivery), pl.col("delivery") == delivery)
            for delivery in own
            if card.withdrawal(delivery) is None
        ]
        consents.append((name, card.consent, ~pl.col("delivery").is_in(own)))
        for what, consent, covered in consents:
            last = consent.expires
            used = rows.filter(covered).height
            if last != NEVER and (today - SOON <= last or used) and last <= today + SOON:
                found.append(Ending(what, consent.reference, last, (last - today).days, used))
    return sorted(found, key=lambda ending: (ending.last, ending.what))
