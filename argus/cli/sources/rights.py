"""What rights cards allow today, and what is wrong with them."""

from __future__ import annotations

from datetime import date

from argus.cli.sources.presence import delivery_folders
from argus.cli.sources.registration import empty_source_advice
from argus.core import params
from argus.core.errors import ArgusError
from argus.data import catalogue, rights_cards
from argus.data.pulled import deliveries_known
from argus.data.terms import unknown_deliveries


def card_problems(card: rights_cards.RightsCard, settings: params.Params, today: date) -> list[str]:
    """Why a card keeps its deliveries out today, and what is wrong with it beside the others."""
    known = deliveries_known(card.source)
    found = origin_problems(card, settings)
    if known or card.source not in settings.rendered:
        found += unknown_deliveries(card, known)
    used = [name for name in sorted(known) if not card.withdrawal(name)]
    for name in used or (None,):
        found += delivery_refusals(card, name, settings.ingest, today)
    if known and not used:
        found.append(f"every delivery is withdrawn: {empty_source_advice(card.source)}")
    return found


def delivery_refusals(
    card: rights_cards.RightsCard, delivery: str | None, settings: params.Ingest, today: date
) -> list[str]:
    """Why the card keeps a delivery out today, if it does; None stands for one to come."""
    reason = card.refusal(delivery, today, settings.accept_origins, settings.purposes)
    if reason is None:
        return []
    what = f"delivery {delivery}" if delivery else "all its images"
    text = f"{what}: {card.withdrawal(delivery) or catalogue.STATUSES[reason]}"
    if reason == "consent_expired":
        text = f"{what}: consent expired on {card.consent_for(delivery).expires}"
    return [text]


def origin_problems(card: rights_cards.RightsCard, settings: params.Params) -> list[str]:
    """What is wrong with the origin on the card of a source that a stage renders, if anything."""
    if card.source not in settings.rendered or card.origin == "rendered":
        return []
    return [
        f"{rights_cards.path_of(card.source)} says `origin: {card.origin}`, but '{card.source}' is "
        "on `rendered` in params.yaml: its images are rendered, so say `origin: rendered`"
    ]


def require_valid_cards(settings: params.Params) -> None:
    """Raises:
    ArgusError: an active source has no valid card, its card has terms for a delivery that is not
        there, or says of rendered images that a camera took them.
    """
    found = []
    for source in settings.sources:
        card = rights_cards.read(source)
        found += origin_problems(card, settings)
        if source not in settings.rendered or delivery_folders(source):
            found += unknown_deliveries(card, deliveries_known(source))
    if found:
        raise ArgusError("\n".join(found))
