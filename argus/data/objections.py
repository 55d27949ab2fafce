"""What speaks against using today what rests on images: their rights cards as they are now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from argus.core.errors import ArgusError
from argus.core.fields import Purpose
from argus.data import rights_cards


def to_use(
    source: str, delivery: str | None, today: date, use: Purpose, listed: Collection[str]
) -> list[str]:
    """Why what rests on a delivery may not be used today; empty if it may.

    Unlike ingest, which goes by `ingest.as_of` and `ingest.purposes`, this is about
    what was made of them: weights that are to be promoted or to leave the house.

    Args:
        source: whose images they are; its card is read as it is now.
        delivery: of the source; None for the terms of the source itself.
        today: the day on which consents must hold.
        use: what the images were used for.
        listed: the sources in use, `sources` in params.yaml.

    Returns:
        A reason each for: the source is retired, has no valid card, is of generated images, the
        delivery is withdrawn, the card does not grant the use, its consent is over.
    """
    what = source if delivery is None else f"{source}/{delivery}"
    found = [] if source in listed else [f"{source} is retired: not on `sources` in params.yaml"]
    try:
        card = rights_cards.read(source)
    except ArgusError as error:
        return [*found, str(error)]
    if card.origin == "generated":
        found.append(f"{what}: generated images are never accepted")
    withdrawal = card.withdrawal(delivery)
    if withdrawal:
        found.append(f"{what}: {withdrawal}")
    if use not in card.purposes_for(delivery):
        granted = ", ".join(card.purposes_for(delivery)) or "nothing"
        found.append(f"{what}: may not be used to {use}, its card grants {granted}")
    consent = card.consent_for(delivery)
    if consent.over(today):
        found.append(f"{what}: consent ended on {consent.expires} ({consent.reference})")
    return found


def outlived(source: str, images: Mapping[str, int], today: date) -> list[str]:
    """Deliveries of a source that are in use although their consent is over; a line each.

    A run that goes by a day gone by (`ingest.as_of`) lets them in, so that an old turn gives its
    old bytes; whoever runs it should know.

    Args:
        source: it must have a valid card.
        images: how many are in use of each delivery.
        today: the day on which consents are judged.
    """
    card = rights_cards.read(source)
    ended = {name: card.consent_for(name) for name in images}
    return [
        f"{source}/{name}: {images[name]} images in use rest on a consent that ended on "
        f"{consent.expires} ({consent.reference}), since ingest.as_of in params.yaml is before "
        "that: what is made of them must not be used. Set as_of to today, or run `argus turn`, "
        "which does"
        for name, consent in sorted(ended.items())
        if consent.over(today)
    ]
