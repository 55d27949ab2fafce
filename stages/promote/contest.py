"""Who stands for a task: today's models and yesterday's champion, without those that may not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from argus.core import params
from argus.judging.vetting import Vetting
from argus.models import card
from argus.models.card import SavedCard

TRAINED = Path("models/trained")


class Vacated(NamedTuple):
    """A model that held the slot, and why it may not any more."""

    model: str
    because: str


@dataclass(frozen=True)
class Contest:
    """The challengers with their cards, the incumbent's folder, and who is missing.

    `failed` are the models whose training failed, `skipped` those that were not trained, `refused`
    those that rest on what may not be used, with the reasons. If the incumbent is refused there is
    none, and `vacated` tells. `by_today` says whether more is refused than would have been on the
    day of the turn.
    """

    challengers: dict[str, SavedCard]
    incumbent: Path | None
    failed: dict[str, str]
    skipped: dict[str, str]
    refused: dict[str, str]
    vacated: Vacated | None
    by_today: bool

    def figures(self, today: date) -> dict[str, Any]:
        """What the report says of those that do not stand; the day only where it matters."""
        found: dict[str, Any] = {
            "failed": self.failed,
            "skipped": self.skipped,
            "refused": self.refused,
            "vacated": self.vacated._asdict() if self.vacated else None,
            "refused_on": today.isoformat() if self.by_today else None,
        }
        return {name: value for name, value in found.items() if value}

    def notes(self) -> list[str]:
        """What the reason of the decision says of those that may not be used."""
        notes = [f"{name} may not be used: {why}" for name, why in self.refused.items()]
        if self.vacated:
            model, because = self.vacated
            lost = f"the incumbent {model} may be used no more and lost the slot"
            notes.insert(0, f"{lost}: {because}")
        return notes


def contest(
    task: str, incumbent: Path | None, p: params.Params, vetting: Vetting, today: date
) -> Contest:
    """Who stands for a task today.

    Consents are judged by the day of the turn and by today: what either refuses is refused. So a
    turn that is made again later may promote less, and never more.
    """
    rivals = sorted(name for name, model in p.models.items() if model.task == task)
    cards = {name: card.read(TRAINED / name) for name in rivals}
    failed = {name: saved.failed for name, saved in cards.items() if saved.failed is not None}
    skipped = {name: saved.skipped for name, saved in cards.items() if saved.skipped is not None}
    sound = {name: saved for name, saved in cards.items() if not saved.without_weights}
    asked = {name: (TRAINED / name, saved) for name, saved in sound.items()}
    holder = card.read(incumbent) if incumbent else None
    if incumbent and holder:
        asked[""] = (incumbent, holder)  # no model is called so
    then = {name: vetting.objections(*each, p.ingest.as_of) for name, each in asked.items()}
    now = {name: vetting.objections(*each, today) for name, each in asked.items()}
    wrong = {name: "; ".join(dict.fromkeys([*then[name], *now[name]])) for name in asked}
    refused = {name: why for name, why in wrong.items() if why}
    because = refused.pop("", None)
    return Contest(
        challengers={name: saved for name, saved in sound.items() if name not in refused},
        incumbent=None if because else incumbent,
        failed=failed,
        skipped=skipped,
        refused=refused,
        vacated=Vacated(holder.spec.model, because) if holder and because else None,
        by_today=any(set(now[name]) - set(then[name]) for name in asked),
    )
