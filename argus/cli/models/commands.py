"""Models out: `argus export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from argus.cli.app import app
from argus.cli.terminal import say, today_utc


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
