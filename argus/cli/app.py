"""The `argus` command itself; each room of `argus/cli` adds its own commands in `commands.py`."""

from __future__ import annotations

from typing import Annotated

import typer

from argus.cli.terminal import say
from argus.core.paths import PARAMS

app = typer.Typer(
    help="Argus, a data flywheel for road scenes: register a source of images and its rights, "
    "submit deliveries, run turns, read their results. Run it from the top folder of "
    "the repository.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def version(asked: bool) -> None:
    """Print the version of the package, and the turn of the repository that one stands in."""
    if not asked:
        return
    from importlib.metadata import version as installed

    from argus.cli.repository.turn_commits import lineage

    said = f"argus {installed('argus-flywheel')}"
    turn = lineage(PARAMS.read_text(encoding="utf-8")).turn if PARAMS.is_file() else 0
    say(f"{said}, turn {turn} here" if turn else said)
    raise typer.Exit


@app.callback()
def argus(
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """See `app`; a callback's own help would take its place."""
