"""The commands below `argus delivery`: thin, as in `__main__`."""

from __future__ import annotations

from typing import Annotated

import typer

from argus.cli.terminal import say, today_utc

app = typer.Typer(
    help="What has come in: every delivery, and how to take one back.", no_args_is_help=True
)


@app.command("list")
def delivery_list(
    sources: Annotated[list[str] | None, typer.Argument(help="All if left out.")] = None,
) -> None:
    """Show every delivery: what it holds, which turns held it, and how it stands."""
    from argus.cli.repository import workspace
    from argus.cli.sources import listing as deliveries
    from argus.cli.sources import presence, withdraw
    from argus.cli.sources.registration import known
    from argus.core import params
    from argus.data.pulled import lacking

    workspace.enter()
    for source in sources or []:
        withdraw.require_source(source)
    named = sources or known(params.load().sources)
    table = deliveries.overview(named)
    if not table.rows:
        say(
            "no delivery yet: bring one in with `argus submit PATH --source NAME` (of a rendered "
            "source they come with the pipeline)"
        )
        return
    table.show()
    lacks = [lack for source in named for lack in lacking(source)]
    if lacks:
        say(presence.missing(lacks, len(table.rows)))


@app.command("withdraw")
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
