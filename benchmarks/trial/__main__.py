"""Run a trial: `python -m benchmarks.trial --data FOLDER --plan ordinary --steps 4`."""

from __future__ import annotations

import json
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from ruamel.yaml import YAML

from argus.cli.repository import params_edit
from argus.cli.tables import Table
from argus.core.errors import ArgusError, exits_cleanly
from argus.core.files import atomic
from argus.data import catalogue
from benchmarks.trial import checks
from benchmarks.trial.clone import Line, argus, clone, dirty, git, set_params, stage_seconds
from benchmarks.trial.plans import CARDS, PLANS, Plan, Turn, arranged, missing

RESULTS = Path(__file__).parents[1] / "results"
TRAIN, HELD_OUT = 100, 60  # nights that there must be after the last turn

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
    plan: Plan, tables: list[pl.DataFrame], leaks: list[int], logs: list[list[Line]]
) -> list[checks.Check]:
    """Everything that a trial must show.

    Args:
        plan: what came in.
        tables: the catalogue after `split`, turn by turn.
        leaks: of `split`, turn by turn.
        logs: what each turn printed.
    """
    found = []
    for turn in range(2, len(tables) + 1):
        before, after = tables[turn - 2 : turn]
        decoded = checks.decoded(line.text for line in logs[turn - 1])
        found.append(checks.only_new_decoded(decoded, before, after, turn))
        found.append(checks.unmoved(before, after, turn))
    found += [checks.leakless(count, turn) for turn, count in enumerate(leaks, start=1)]
    if plan.copied:
        found.append(checks.copies(tables[-1], *plan.copied))
    if plan.full_rate:
        found.append(checks.shrunk(tables[-1], plan.full_rate))
    return [*found, *checks.enough(tables[-1], "night", TRAIN, HELD_OUT)]


def results(found: list[checks.Check]) -> Table:
    """The checks as a table."""
    rows = [[c.what, c.found, c.wanted, "yes" if c.holds else "NO"] for c in found]
    return Table("What the trial shows", ["measure", "found", "wanted", "holds"], rows)


def classes(tables: list[pl.DataFrame]) -> Table:
    """Images of each class in train, val and test, turn by turn."""
    counted = [checks.by_split(table) for table in tables]
    names = sorted({name for table in counted for name in table})
    rows = [
        [name, *[" / ".join(map(str, table.get(name, (0, 0, 0)))) for table in counted]]
        for name in names
    ]
    headers = ["images in train / val / test", *[f"turn {n}" for n in range(1, len(tables) + 1)]]
    return Table("Classes", headers, rows, frozenset(range(1, len(headers))))


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


def set_steps(path: Path, steps: int) -> None:
    """Have every model of a `params.yaml` train for so many steps."""
    models = YAML(typ="safe").load(path.read_text(encoding="utf-8"))["models"]
    set_params(path, {f"models.{name}.steps": str(steps) for name in models})


def prepare(scratch: Path, steps: int | None) -> Path:
    """A scratch clone without any source, which trains for so many steps."""
    where = clone(scratch / "clone")
    params = where / "params.yaml"
    for source in params_edit.items(params.read_text(encoding="utf-8"), "sources"):
        argus(where, "source", "retire", source)
    if steps is not None:
        set_steps(params, steps)
    git(where, "commit", "--quiet", "--all", "--message", "Begin with no source")
    return where


@app.command()
def trial(
    data: Annotated[Path, typer.Option(help="The real images.")] = Path("../shared/data"),
    plan: Annotated[str, typer.Option(help=f"What comes in: {', '.join(PLANS)}.")] = "full",
    steps: Annotated[
        int | None,
        typer.Option(min=1, help="Training steps of every model; else as in params.yaml."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Where the tables go; else benchmarks/results/trial_PLAN.md."),
    ] = None,
    keep: Annotated[bool, typer.Option(help="Leave the scratch clone.")] = False,
) -> None:
    """Three turns on real camera images in a scratch clone, and what they must show."""
    if plan not in PLANS:
        raise ArgusError(f"there is no plan '{plan}': take one of {', '.join(PLANS)}")
    absent = missing(PLANS[plan], data.resolve())
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
        where = prepare(scratch, steps)
        logs: list[list[Line]] = []
        tables: list[pl.DataFrame] = []
        leaks: list[int] = []
        for turn in PLANS[plan].turns:
            logs.append(take_turn(turn, data.resolve(), scratch / "arranged", where))
            tables.append(catalogue.read(where / "data/split/images.parquet"))
            leaks.append(json.loads((where / "reports/split.json").read_text())["leaks"])
        argus(where, "history", "--write", str(scratch / "history.md"))
        history = (scratch / "history.md").read_text(encoding="utf-8")
    found = verify(PLANS[plan], tables, leaks, logs)
    shown = [classes(tables), results(found), times(logs)]
    for table in shown:
        table.show()
    out = out or RESULTS / f"trial_{plan}.md"
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
