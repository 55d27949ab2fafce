"""Champions out, signed: `argus release` and `argus verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from argus.cli.app import app
from argus.cli.terminal import say, today_utc


@app.command()
def release(
    task: Annotated[str | None, typer.Argument(help="Whose champion; all if left out.")] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            help="The private key to sign with; if left out, $ARGUS_SIGNING_KEY, or "
            "argus/signing-key.pem in ~/.config."
        ),
    ] = None,
    new_key: Annotated[
        bool,
        typer.Option(
            "--new-key", help="Make a private key, and commit its public one; release nothing."
        ),
    ] = False,
) -> None:
    """Sign the champions that are not released yet, and tag them as versions, in production."""
    if new_key:
        from argus.cli.releases import release_key

        for line in release_key.make(key):
            say(line)
        return
    from argus.cli.releases.release import release as make

    for line in make(task, key, today_utc().date()):
        say(line)


@app.command()
def verify(
    release: Annotated[str, typer.Argument(help="The folder of a release, or a task.")],
    key: Annotated[
        Path | None,
        typer.Option(help="The public key to go by; if left out, those in keys/ here."),
    ] = None,
) -> None:
    """Check that a release is what was signed, whole, and of one model; needs no network."""
    from argus.cli.releases import verify as checks

    for check in checks.require(checks.find(release), key):
        say(str(check))
