"""The `argus` command; each subcommand is thin and imports what it needs when it runs, so that
`argus --help` is quick."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape

from stages.common.errors import ArgusError, exits_cleanly

app = typer.Typer(
    help="Argus, a data flywheel for road scenes: register a source of images and its rights, "
    "submit deliveries, turn the wheel, look at what came of it. Run it from the top folder of "
    "the repository.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
source_app = typer.Typer(
    help="Where images come from: rights cards in data/sources/, and the list `sources` in "
    "params.yaml.",
    no_args_is_help=True,
)
app.add_typer(source_app, name="source")

Folders = Literal["dirs", "none"]
Name = Annotated[str, typer.Argument(help="Lower-case letters, digits, '-' and '_'.")]


def say(text: str) -> None:
    """Print to standard output, unwrapped; backquotes and brackets stay as they are."""
    Console(soft_wrap=True, highlight=False).print(escape(text))


def today_utc() -> datetime:
    """Now, in the one zone that everything here is counted in."""
    return datetime.now(UTC)


@source_app.command("add")
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
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Last day on which it holds; left out: no end."),
    ] = None,
    origin: Annotated[str | None, typer.Option(help="camera, rendered or generated.")] = None,
    citation: Annotated[
        str | None, typer.Option(help="How the owner wants to be cited; may be left out.")
    ] = None,
    card: Annotated[
        Path | None, typer.Option(help="A card already written, instead of all other options.")
    ] = None,
) -> None:
    """Register a source: write its rights card and put it on `sources` in params.yaml."""
    from stages.client import sources

    required = {
        "kind": kind,
        "owner": owner,
        "contact-role": contact_role,
        "licence": licence,
        "jurisdiction": jurisdiction,
        "purpose": purpose or None,
        "consent-reference": consent_reference,
        "origin": origin,
    }
    missing = [f"--{option}" for option, value in required.items() if value is None]
    if card is None and missing:
        raise typer.BadParameter(f"without --card these are needed: {', '.join(missing)}")
    if card is not None:
        if len(missing) < len(required) or consent_expires or citation:
            raise typer.BadParameter("--card stands alone: the card says everything")
        text = sources.card_in(card, name)
    else:
        text = sources.card_from(
            {
                "source": name,
                "kind": kind,
                "owner": owner,
                "contact_role": contact_role,
                "licence": licence,
                "jurisdiction": jurisdiction,
                "purposes": purpose,
                "reference": consent_reference,
                "expires": consent_expires and consent_expires.date(),
                "origin": origin,
                "citation": citation or "",
            }
        )
    path = sources.add(name, text)
    say(f"{path} written, '{name}' is on `sources` in params.yaml")
    say(f"next: argus submit PATH --source {name}")


@source_app.command("list")
def source_list() -> None:
    """Show every source: card, consent, state, deliveries."""
    from stages.client import audit, workspace
    from stages.common import params

    workspace.require_top()
    audit.overview(params.load()).show()


@source_app.command("check")
def source_check(
    names: Annotated[list[str] | None, typer.Argument(help="All active ones if left out.")] = None,
) -> None:
    """Check cards, consents as of today, and deliveries. Exit status 1 if anything is wrong."""
    from stages.client import audit, workspace
    from stages.common import params

    workspace.require_top()
    settings = params.load()
    found = {
        name: audit.findings(name, settings, today_utc().date())
        for name in names or settings.sources
    }
    if not names:
        for name, wrong in audit.unlisted(settings).items():
            say(f"{name}: not on `sources` in params.yaml, so its images are not used")
            found |= {name: wrong} if wrong else {}
    for name, wrong in found.items():
        say("\n  - ".join([f"{name}: {'in order' if not wrong else ''}".rstrip(), *wrong]))
    count = sum(len(wrong) for wrong in found.values())
    if count:
        raise ArgusError(f"{count} found, see above")


@source_app.command("retire")
def source_retire(name: Name) -> None:
    """Use a source no more: off the lists in params.yaml. Card and deliveries are kept."""
    from stages.client import sources

    deleted = sources.retire(name)
    say(f"'{name}' is off `sources` in params.yaml; its card and raw deliveries are kept")
    if deleted:
        say(f"deleted, as stale: {', '.join(str(path) for path in deleted)}")
    say("next: argus turn -m MESSAGE (the next turn goes without it)")


@app.command()
def submit(
    path: Annotated[Path, typer.Argument(help="A folder of images, at any depth.")],
    source: Annotated[str, typer.Option(help="Whose images they are.")],
    delivery: Annotated[
        str | None, typer.Option(help="Its name; left out: now, as 20261124T031500Z.")
    ] = None,
    label_from: Annotated[
        Folders, typer.Option(help="dirs: the first folder is the label (day, night, ...).")
    ] = "none",
    sequence_from: Annotated[
        Folders, typer.Option(help="dirs: the folder (below the label) is the drive or clip.")
    ] = "none",
) -> None:
    """Copy a folder of images in as an immutable delivery, and track it with DVC."""
    from stages.client import workspace
    from stages.client.submit import submit as take_in
    from stages.common import catalogue

    workspace.require_top()
    files = take_in(path, source, delivery, label_from, sequence_from, today_utc())
    say(f"{source}/{files['delivery'][0]}: {files.height} files")
    for column in ("label", "sequence"):
        named = files[column].drop_nulls()
        for name, count in catalogue.counts(named).items():
            say(f"  {column} {name}: {count}")
        if 0 < len(named) < files.height:
            say(f"  without {column}: {files.height - len(named)}")
    say("next: more deliveries, or argus turn -m MESSAGE")


@app.command()
def turn(
    message: Annotated[str, typer.Option("--message", "-m", help="What came in, in a line.")],
) -> None:
    """Run the whole pipeline, commit what it made, tag it turn-N. Run it again to resume."""
    from stages.client import tables
    from stages.client.turn import turn as make

    number, outcome = make(message, today_utc().date())
    tables.show(outcome)
    say(f"turn-{number} is recorded")
    if number > 1:
        say(f"what it changed: dvc metrics diff turn-{number - 1} turn-{number}")


@app.command()
def show() -> None:
    """Show the turn in the working tree: images, models, champions and why."""
    from stages.client import outcome, tables, workspace
    from stages.common import params

    workspace.require_top()
    settings = params.load()
    tables.show(outcome.current(settings.sources, settings.models))


@app.command()
def history(
    write: Annotated[Path | None, typer.Option(help="Write it as Markdown, too.")] = None,
) -> None:
    """Show all turns side by side, from `dvc metrics`."""
    from stages.client import history as past
    from stages.common.files import atomic

    table = past.table(past.turns())
    table.show()
    if write is not None:
        with atomic(write) as temporary:
            temporary.write_text(table.markdown(), encoding="utf-8")
        say(f"written to {write}")


@exits_cleanly
def main() -> None:
    app(prog_name="argus")


if __name__ == "__main__":
    main()
