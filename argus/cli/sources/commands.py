"""`argus source` and `argus delivery`: rights cards, and what has come in under them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from argus.cli.app import app
from argus.cli.terminal import say, today_utc
from argus.core.errors import ArgusError

source = typer.Typer(
    help="Where images come from: rights cards in data/sources/, and the list `sources` in "
    "params.yaml.",
    no_args_is_help=True,
)
delivery = typer.Typer(
    help="What has come in: every delivery, and how to take one back.", no_args_is_help=True
)
app.add_typer(source, name="source")
app.add_typer(delivery, name="delivery")

Name = Annotated[str, typer.Argument(help="Lower-case letters, digits, '-' and '_'.")]


@source.command("add")
def source_add(
    name: Name,
    kind: Annotated[str | None, typer.Option(help="client, academic, fleet or demo.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who holds the rights.")] = None,
    contact_role: Annotated[
        str | None, typer.Option(help="Whom to ask there: a role, never a person's name.")
    ] = None,
    licence: Annotated[
        str | None, typer.Option(help="SPDX expression, or contract:<reference>.")
    ] = None,
    jurisdiction: Annotated[str | None, typer.Option(help="Whose law governs the use.")] = None,
    purpose: Annotated[
        list[str] | None, typer.Option(help="What the owner allows: train, evaluate. Repeatable.")
    ] = None,
    consent_reference: Annotated[
        str | None, typer.Option(help="Where the permission is written down.")
    ] = None,
    consent_expires: Annotated[
        str | None, typer.Option(help="Last day on which it holds, YYYY-MM-DD, or never.")
    ] = None,
    origin: Annotated[str | None, typer.Option(help="camera or rendered.")] = None,
    citation: Annotated[
        str | None, typer.Option(help="How the owner wants to be cited; may be left out.")
    ] = None,
    card: Annotated[
        Path | None, typer.Option(help="A card already written, instead of all other options.")
    ] = None,
) -> None:
    """Register a source: write its rights card and put it on `sources` in params.yaml."""
    from argus.cli.sources import registration

    required = {
        "kind": kind,
        "owner": owner,
        "contact-role": contact_role,
        "licence": licence,
        "jurisdiction": jurisdiction,
        "purpose": purpose or None,
        "consent-reference": consent_reference,
        "consent-expires": consent_expires,
        "origin": origin,
    }
    missing = [f"--{option}" for option, value in required.items() if value is None]
    if card is None and missing:
        text = f"without --card these are needed: {', '.join(missing)}"
        shipped = registration.public_card(name)
        if shipped.exists():
            text += f"; a card of the public dataset is there: --card {shipped}"
        raise typer.BadParameter(text)
    if card is not None:
        if len(missing) < len(required) or citation:
            raise typer.BadParameter("--card stands alone: the card says everything")
        text = registration.read_card(card, name)
    else:
        text = registration.new_card(
            {
                "source": name,
                "kind": kind,
                "owner": owner,
                "contact_role": contact_role,
                "licence": licence,
                "jurisdiction": jurisdiction,
                "purposes": purpose,
                "reference": consent_reference,
                "expires": consent_expires,
                "origin": origin,
                "citation": citation or "",
            }
        )
    path = registration.add(name, text)
    say(f"{path} written, '{name}' is on `sources` in params.yaml")
    how = (
        f"source fetch {name}"
        if registration.can_be_fetched(text)
        else f"submit PATH --source {name}"
    )
    say(f"next: argus {how}")


@source.command("list")
def source_list() -> None:
    """Show every source: card, consent, state, deliveries."""
    from argus.cli.repository import workspace
    from argus.cli.sources import listing
    from argus.core import params

    workspace.enter()
    listing.source_table(params.load()).show()


@source.command("check")
def source_check(
    names: Annotated[list[str] | None, typer.Argument(help="All active ones if left out.")] = None,
) -> None:
    """Check cards, consents as of today, and deliveries. Exit status 1 if anything is wrong."""
    from argus.cli.repository import workspace
    from argus.cli.sources import check, presence
    from argus.cli.sources.dvc_index import require_seen
    from argus.core import params
    from argus.data.pulled import tracked, tracker_of

    workspace.enter()
    settings = params.load()
    checked = names or settings.sources
    folders = [folder for name in checked for folder in tracked(name)]
    changed: dict[Path, str] = {}
    unknown: list[str] = []
    try:
        require_seen([tracker_of(folder) for folder in folders])
        changed = presence.altered([folder for folder in folders if folder.is_dir()])
    except ArgusError as error:
        unknown = [f"whether its files are as submitted cannot be told: {error}"]
    found = {
        name: [
            *check.source_problems(name, settings, today_utc().date(), changed),
            *(unknown if tracked(name) else []),
        ]
        for name in checked
    }
    if not names:
        for name, wrong in check.unlisted_problems(settings).items():
            say(f"{name}: not on `sources` in params.yaml, so its images are not used")
            found |= {name: wrong} if wrong else {}
    for name, wrong in found.items():
        say("\n  - ".join([f"{name}: {'in order' if not wrong else ''}".rstrip(), *wrong]))
    count = sum(len(wrong) for wrong in found.values())
    if count:
        raise ArgusError(f"{count} found, see above")


@source.command("retire")
def source_retire(name: Name) -> None:
    """Stop using a source: off the lists in params.yaml. Card and deliveries are kept."""
    from argus.cli.sources import registration

    deleted = registration.retire(name)
    say(f"'{name}' is off `sources` in params.yaml; its card and raw deliveries are kept")
    if deleted:
        say(f"deleted, as stale: {', '.join(str(path) for path in deleted)}")
    say("next: argus turn -m MESSAGE (the next turn goes without it)")


@delivery.command("list")
def delivery_list(
    sources: Annotated[list[str] | None, typer.Argument(help="All if left out.")] = None,
) -> None:
    """Show every delivery: what it holds, which turns held it, and how it stands."""
    from argus.cli.repository import workspace
    from argus.cli.sources import listing, presence, withdraw
    from argus.cli.sources.registration import known_sources
    from argus.core import params
    from argus.data.pulled import lacking

    workspace.enter()
    for name in sources or []:
        withdraw.require_source(name)
    named = sources or known_sources(params.load().sources)
    table = listing.delivery_table(named)
    if not table.rows:
        say(
            "no delivery yet: bring one in with `argus submit PATH --source NAME` (of a rendered "
            "source they come with the pipeline)"
        )
        return
    table.show()
    lacks = [lack for name in named for lack in lacking(name)]
    if lacks:
        say(presence.missing(lacks, len(table.rows)))


@delivery.command("withdraw")
def delivery_withdraw(
    name: Annotated[
        str, typer.Argument(metavar="SOURCE/DELIVERY", help="As `argus delivery list` shows it.")
    ],
    reason: Annotated[
        str, typer.Option(help="Why, on one line: it lies in Git, so no person's name.")
    ],
) -> None:
    """Take a delivery back. One that no turn held is taken out whole; else its card says so."""
    from argus.cli.sources import withdraw

    for line in withdraw.withdraw(name, reason, today_utc().date()):
        say(line)
