"""The turns: `argus turn`, `argus rollback`, `argus show`, `argus history` and `argus wanted`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from argus.cli.app import app
from argus.cli.terminal import remark, say, today_utc


@app.command()
def turn(
    message: Annotated[str, typer.Option("--message", "-m", help="What came in, in a line.")],
    new_line: Annotated[
        bool,
        typer.Option(
            "--new-line",
            help="Begin a new line, without the splits and champions of earlier turns: their "
            "holdouts may train.",
        ),
    ] = False,
) -> None:
    """Run the whole pipeline, commit its results, tag it turn-N. Run it again to resume."""
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
def rollback(
    task: Annotated[str, typer.Argument(help="Whose champion.")],
    because: Annotated[str, typer.Option(help="What is wrong with today's, in a line.")],
    to: Annotated[
        str | None,
        typer.Option(help="The version to go back to, v1 say; the one before if left out."),
    ] = None,
) -> None:
    """Make an earlier release champion again, as a commit; the next turn goes on from it."""
    from argus.cli.turns.rollback import rollback as make

    for line in make(task, to, because, today_utc().date()):
        say(line)


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
    table, scores = past.table(turns), past.scores(turns)
    table.show()
    if scores:
        say(f"{past.SCORES}.")
    for line in scores:
        say(f"  {line}")
    for note in notes:
        say(note)
    if write is not None:
        past.write(table, scores, write)
        say(f"written to {write}")


@app.command()
def wanted(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print it as JSON, for a program to read.")
    ] = False,
) -> None:
    """Show what data is wanted next: classes under quota, scenes that nothing in training looks
    like, and conditions in which a champion is worst, with examples."""
    from argus.cli.turns import wishes

    found = wishes.of_working_tree()
    if as_json:
        say(wishes.as_json(found))
        return
    for table in wishes.tables(found):
        table.show()
    if not any(found.wanted):
        say("nothing stands out: every class fills its share, and no held-out scene is far off")
