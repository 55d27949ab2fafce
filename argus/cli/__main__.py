"""The `argus` command; each subcommand is thin and imports what it needs when it runs, so that
`argus --help` is quick."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from argus.cli.sources import delivery_commands, source_commands
from argus.cli.terminal import received, remark, say, today_utc
from argus.core.errors import exits_cleanly

app = typer.Typer(
    help="Argus, a data flywheel for road scenes: register a source of images and its rights, "
    "submit deliveries, turn the wheel, look at what came of it. Run it from the top folder of "
    "the repository.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(source_commands.app, name="source")
app.add_typer(delivery_commands.app, name="delivery")

Folders = Literal["dirs", "none"]
NewLabels = source_commands.NewLabels


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
    from argus.cli.intake import ways
    from argus.cli.intake.submit import submit as take_in
    from argus.cli.repository import workspace

    workspace.enter()
    way = ways.chosen(path, format, fps, label_from, sequence_from)
    if dry_run:
        from argus.cli.intake import dry_run as trial
        from argus.cli.intake import dry_run_tables

        found = trial.dry_run(way, source, delivery, today_utc(), shard, new_label or [])
        dry_run_tables.show(found, sys.argv[1:])
        return
    received(take_in(way, source, delivery, today_utc(), shard, new_label or []))


@app.command()
def formats() -> None:
    """Show the layouts of datasets that `argus submit --format` reads."""
    from argus.cli.intake.formats.registry import FORMATS
    from argus.cli.tables import Table

    rows = [[each.name, each.layout, each.known] for each in FORMATS.values()]
    Table("Formats", ["name", "layout", "what is learnt"], rows).show()


@app.command()
def turn(
    message: Annotated[str, typer.Option("--message", "-m", help="What came in, in a line.")],
    new_line: Annotated[
        bool,
        typer.Option(
            "--new-line", help="Owe nothing to earlier turns: what they held out may train."
        ),
    ] = False,
) -> None:
    """Run the whole pipeline, commit what it made, tag it turn-N. Run it again to resume."""
    from argus.cli.turns import turn_tables
    from argus.cli.turns.turn import turn as make
    from argus.core import params

    number, summary, alone = make(message, today_utc().date(), new_line)
    turn_tables.show(summary)
    say(f"turn-{number} is recorded")
    for text in alone:
        remark(text)
    previous = params.load().lineage.previous
    if previous:
        say(f"what it changed: dvc metrics diff {previous[:10]} turn-{number}")


@app.command()
def show() -> None:
    """Show the turn in the working tree: images, models, champions and why."""
    from argus.cli.repository import workspace
    from argus.cli.turns import turn_summary, turn_tables
    from argus.core import params

    workspace.enter()
    settings = params.load()
    turn_tables.show(turn_summary.current(settings.sources, settings.models))


@app.command()
def history(
    write: Annotated[
        Path | None, typer.Option(help="Write it as Markdown, too: FILE.md; folders are made.")
    ] = None,
) -> None:
    """Show the turns of HEAD's history side by side."""
    from argus.cli.turns import history as past

    if write is not None:
        past.require_place(write)
    turns, notes = past.turns()
    table = past.table(turns)
    table.show()
    for note in notes:
        say(note)
    if write is not None:
        past.write(table, write)
        say(f"written to {write}")


@app.command()
def export(
    name: Annotated[str, typer.Argument(help="A task, for its champion; or a trained model.")],
    to: Annotated[
        Path,
        typer.Option(help="Where to: FILE.onnx; one that is there is replaced, folders are made."),
    ],
) -> None:
    """Write a champion or a trained model as ONNX: one file that needs no Argus and no PyTorch."""
    from argus.cli.models.export import export as write
    from argus.cli.repository import workspace

    workspace.enter()
    for line in write(name, to, today_utc().date()):
        say(line)


@exits_cleanly
def main() -> None:
    app(prog_name="argus")


if __name__ == "__main__":
    main()
