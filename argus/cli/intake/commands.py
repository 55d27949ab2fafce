"""Images in: `argus submit`, `argus formats` and `argus source fetch`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from argus.cli.app import app
from argus.cli.sources.commands import Name, source
from argus.cli.terminal import say, today_utc

Folders = Literal["dirs", "none"]
NewLabels = Annotated[
    list[str] | None,
    typer.Option(help="A label that no earlier delivery has, and that is meant. Repeatable."),
]


@app.command()
def submit(
    path: Annotated[Path, typer.Argument(help="A folder of images, at any depth; or a clip.")],
    source: Annotated[str, typer.Option(help="Whose images they are.")],
    delivery: Annotated[
        str | None, typer.Option(help="Its name; left out: now, as 20261124T031500Z.")
    ] = None,
    label_from: Annotated[
        Folders,
        typer.Option(
            help="dirs: the first folder is the label (day, night, ...); none: only what the "
            ".json files in a .tar say."
        ),
    ] = "none",
    sequence_from: Annotated[
        Folders, typer.Option(help="dirs: the folder (below the label) is the drive or clip.")
    ] = "none",
    format: Annotated[
        str | None,
        typer.Option(help="The published layout of a dataset: see `argus formats`."),
    ] = None,
    fps: Annotated[
        float | None,
        typer.Option(help="For a clip, or a folder of clips: frames to take of each second."),
    ] = None,
    shard: Annotated[
        bool, typer.Option("--shard", help="Into .tar shards: for tens of thousands of images.")
    ] = False,
    new_label: NewLabels = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Show what would come in and what ingest would refuse; no change."
        ),
    ] = False,
) -> None:
    """Copy images in as an immutable delivery, and track it with DVC."""
    from argus.cli.intake.importers import select_importer
    from argus.cli.intake.received import received
    from argus.cli.intake.submit import submit as take_in
    from argus.cli.repository import workspace

    workspace.enter()
    importer = select_importer(path, format, fps, label_from, sequence_from)
    if dry_run:
        from argus.cli.intake import dry_run as trial
        from argus.cli.intake import dry_run_tables

        found = trial.dry_run(importer, source, delivery, today_utc(), shard, new_label or [])
        dry_run_tables.show(found, sys.argv[1:])
        return
    received(take_in(importer, source, delivery, today_utc(), shard, new_label or []))


@app.command()
def formats() -> None:
    """Show the layouts of datasets that `argus submit --format` reads."""
    from argus.cli.intake.formats.registry import FORMATS
    from argus.cli.tables import Table

    rows = [[each.name, each.layout, each.metadata] for each in FORMATS.values()]
    Table("Formats", ["name", "layout", "metadata read"], rows).show()


@source.command("fetch")
def source_fetch(name: Name, new_label: NewLabels = None) -> None:
    """Bring in a public dataset as a delivery: from Git, at the commit that the card names."""
    from argus.cli.intake.fetch.fetch import fetch
    from argus.cli.intake.received import received
    from argus.cli.repository import workspace

    workspace.enter()
    found = fetch(name, today_utc(), new_label or [])
    if isinstance(found, str):
        say(f"{name}/{found} is there already: deliveries never change, nothing to do")
    else:
        received(found)
