"""The candidates of a task: today's models and yesterday's champion, if they may be used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from argus.core import params
from argus.core.paths import TRAINED
from argus.judging.eligibility import Eligibility
from argus.models import card
from argus.models.card import SavedCard


class RefusedIncumbent(NamedTuple):
    """A champion of the turn before, and why it may be used no more."""

    model: str
    because: str


@dataclass(frozen=True)
class Candidates:
    """The challengers with their cards, the incumbent's folder, and who is missing.

    `failed` are the models whose training failed, `skipped` those that were not trained, `refused`
    those that rest on what may not be used, with the reasons. If the incumbent is refused there is
    none, and `incumbent_refused` tells. `by_today` says whether more is refused than would have
    been on the day of the turn.
    """

    challengers: dict[str, SavedCard]
    incumbent: Path | None
    failed: dict[str, str]
    skipped: dict[str, str]
    refused: dict[str, str]
    incumbent_refused: RefusedIncumbent | None
    by_today: bool

    def figures(self, today: date) -> dict[str, Any]:
        """What the report says of those that are none; the day only where it matters."""
        refused = self.incumbent_refused
        found: dict[str, Any] = {
            "failed": self.failed,
            "skipped": self.skipped,
            "refused": self.refused,
            "incumbent_refused": refused._asdict() if refused else None,
            "refused_on": today.isoformat() if self.by_today else None,
        }
        return {name: value for name, value in found.items() if value}

    def notes(self) -> list[str]:
        """What the reason of the decision says of those that may not be used."""
        notes = [f"{name} may not be used: {why}" for name, why in self.refused.items()]
        if self.incumbent_refused:
            model, because = self.incumbent_refused
            notes.insert(0, f"the incumbent {model} may be used no more: {because}")
        return notes


def candidates(
    task: str, incumbent: Path | None, p: params.Params, eligibility: Eligibility, today: date
) -> Candidates:
    """The candidates of a task today.

    Consents are judged by the day of the turn and by today: what either refuses is refused. So a
    turn that is made again later may promote less, and never more.
    """
    rivals = sorted(name for name, model in p.models.items() if model.task == task)
    cards = {name: card.read(TRAINED / name) for name in rivals}
    failed = {name: saved.failed for name, saved in cards.items() if saved.failed is not None}
    skipped = {name: saved.skipped for name, saved in cards.items() if saved.skipped is not None}
    sound = {name: saved for name, saved in cards.items() if not saved.without_weights}
    asked = {name: (TRAINED / name, saved) for name, saved in sound.items()}
    before = card.read(incumbent) if incumbent else None
    if incumbent and before:
        asked[""] = (incumbent, before)  # no model is called so
    then = {name: eligibility.objections(*each, p.ingest.as_of) for name, each in asked.items()}
    now = {name: eligibility.objections(*each, today) for name, each in asked.items()}
    wrong = {name: "; ".join(dict.fromkeys([*then[name], *now[name]])) for name in asked}
    refused = {name: why for name, why in wrong.items() if why}
    because = refused.pop("", None)
    return Candidates(
        challengers={name: saved for name, saved in sound.items() if name not in refused},
        incumbent=None if because else incumbent,
        failed=failed,
        skipped=skipped,
        refused=refused,
        incumbent_refused=RefusedIncumbent(before.spec.model, because)
        if before and because
        else None,
        by_today=any(set(now[name]) - set(then[name]) for name in asked),
    )
