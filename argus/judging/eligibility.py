"""Whether all data behind a model may be used: asked before it serves, and before it leaves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from argus.core.errors import ArgusError
from argus.data import rights_cards
from argus.data.packed import gone
from argus.models import ancestry
from argus.models.ancestry import Terms
from argus.models.card import SavedCard


@dataclass(frozen=True)
class Eligibility:
    """By what, besides the rights cards as they are now, it is told whether a model may be used.

    `sources` are those in use, `withdrawn` the reasons for which single images were taken back, by
    SHA-256, and `delivered` tells whether a source in use has a delivery.
    """

    sources: Collection[str]
    withdrawn: Mapping[str, str]
    delivered: Callable[[str, str], bool]

    def objections(self, folder: Path, saved: SavedCard, day: date) -> list[str]:
        """Why a model may not be used on a day; empty if it may.

        Raises:
            ArgusError: the list of images beside its card is missing or damaged.
        """

        def of_delivery(source: str, delivery: str) -> list[str]:
            found = rights_cards.objections(source, delivery, day, "train", self.sources)
            if source in self.sources and not self.delivered(source, delivery):
                found.append(gone(source, delivery))
            return found

        return ancestry.objections(folder, saved.images_sha256, of_delivery, self.withdrawn)


def terms(saved: SavedCard) -> dict[str, Terms]:
    """The licence of each source behind a model, as its card says now."""

    def today(source: str) -> Terms | None:
        try:
            card = rights_cards.read(source)
        except ArgusError:
            return None
        return card.licence, card.allows_commercial_use()

    return ancestry.terms(saved.trained_on, today)
