"""Run the trial: `python -m benchmarks.trial --data FOLDER --out FILE`."""

from __future__ import annotations

import json
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from benchmarks.trial import checks
from benchmarks.trial.clone import Line, argus, clone, dirty, git, set_knobs, stage_seconds
from benchmarks.trial.intake import CARDS, KNOBS, TURNS, Turn, arranged, missing
from stages.client import knobs
from stages.client.tables import Table
from stages.common import catalogue
from stages.common.errors import exits_cleanly
from stages.common.files import atomic

RESULT = Path(__file__).parents[1] / "results" / "trial.md"
FULL_RATE, EVERY_TENTH = "carnd/solidWhiteRight_25fps", "carnd/solidWhiteRight_2p5fps"
COPIES = 23

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def take_turn(turn: Turn, data: Path, scratch: Path, where: Path) -> list[Line]:
    """Register the sources of a turn, submit their deliveries and make it; returns its lines."""
    for source in dict.fromkeys(delivery.source for delivery in turn.deliveries):
        argus(where, "source", "add", source, "--card", str(CARDS / f"{source}.yaml"))
    for delivery in turn.deliveries:
        folder = arranged(delivery, data, scratch)
        argus(where, "submit", str(folder), "--source", delivery.source, *delivery.options)
    return argus(where, "turn", "-m", turn.message)


def verify(
    tables: list[pl.DataFrame], leaks: list[int], second_turn: list[Line]
) -> list[checks.Check]:
    """Everything the trial must show.

    Args:
        tables: the catalogue after `split`, turn by turn.
        leaks: of `split`, turn by turn.
        second_turn: what the second turn printed.
    """
    first, second, third = tables
    decoded = checks.decoded(line.text for line in second_turn)
    return [
        checks.only_new_decoded(decoded, first, second),
        checks.copies(second, EVERY_TENTH, COPIES),
        checks.shrunk(second, FULL_RATE),
        checks.unmoved(first, second, 2),
        checks.unmoved(second, third, 3),
        *(checks.leakless(found, turn) for turn, found in enumerate(leaks, start=1)),
    ]


def results(found: list[checks.Check]) -> Table:
    """The checks as a table."""
    rows = [[c.what, c.found, c.wanted, "yes" if c.holds else "NO"] for c in found]
    return Table("What the trial shows", ["measure", "found", "wanted", "holds"], rows)


def times(turns: list[list[Line]]) -> Table:
    """Wall seconds by stage and turn; a stage that DVC skipped has none."""
    by_turn = [stage_seconds(lines) for lines in turns]
    stages = list(dict.fromkeys(stage for seconds in by_turn for stage in seconds))
    rows = [
        [stage, *[f"{of[stage]:.1f}" if stage in of else "" for of in by_turn]] for stage in stages
    ]
    rows.append(["the whole turn", *[f"{lines[-1].second:.1f}" for lines in turns]])
    headers = ["wall seconds", *[f"turn {n}" for n in range(1, len(turns) + 1)]]
    return Table("Time", headers, rows, frozenset(range(1, len(headers))))


@app.command()
def trial(
    data: Annotated[Path, typer.Option(help="The real images.")] = Path("../shared/data"),
    out: Annotated[Path, typer.Option(help="Where the tables are written.")] = RESULT,
    keep: Annotated[bool, typer.Option(help="Leave the scratch clone.")] = False,
) -> None:
    """Three turns on real camera images in a scratch clone, and what they must show."""
    absent = missing(data.resolve())
    if absent:
        typer.echo(f"the trial needs images that are not here: {', '.join(map(str, absent))}")
        raise typer.Exit(2)
    if dirty():
        typer.echo("warning: uncommitted changes are not part of the trial, which clones HEAD")
    start = time.monotonic()
    with ExitStack() as stack:
        if keep:
            scratch = Path(tempfile.mkdtemp(prefix="argus-trial-"))
        else:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="argus-trial-")))
        where = clone(scratch / "clone")
        for source in knobs.items((where / "params.yaml").read_text(encoding="utf-8"), "sources"):
            argus(where, "source", "retire", source)
        set_knobs(where / "params.yaml", KNOBS)
        git(where, "commit", "--quiet", "--all", "--message", "Begin with no source")
        logs: list[list[Line]] = []
        tables: list[pl.DataFrame] = []
        leaks: list[int] = []
        for turn in TURNS:
            logs.append(take_turn(turn, data.resolve(), scratch / "arranged", where))
            tables.append(catalogue.read(where / "data/split/images.parquet"))
            leaks.append(json.loads((where / "reports/split.json").read_text())["leaks"])
        argus(where, "history", "--write", str(scratch / "history.md"))
        history = (scratch / "history.md").read_text(encoding="utf-8")
    found = verify(tables, leaks, logs[1])
    shown = [results(found), times(logs)]
    for table in shown:
        table.show()
    with atomic(out) as temporary:
        text = "\n".join([history, *(table.markdown() for table in shown)])
        temporary.write_text(text, encoding="utf-8")
    typer.echo(f"{time.monotonic() - start:.0f} s in all; written to {out}")
    if keep:
        typer.echo(f"the scratch clone is left at {where}")
    if not all(check.holds for check in found):
        raise typer.Exit(1)


@exits_cleanly
def main() -> None:
    app(prog_name="python -m benchmarks.trial")


if __name__ == "__main__":
    main()
