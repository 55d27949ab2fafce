"""Measure the judges and what is computed from them: `make bench-evaluation`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from argus.core.errors import ArgusError, exits_cleanly
from benchmarks.evaluation import judges, masks, proxies, speed
from benchmarks.measures import publish

PARTS = {
    "judges": ("Judges on real sets", judges.measures),
    "masks": ("Road and cars found in translations", masks.measures),
    "proxies": ("Measures of content beside the truth", proxies.measures),
    "speed": ("An evaluation's time", speed.measures),
}
"""By the name under which the results are kept, `benchmarks/results/evaluation_<name>.json`."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def evaluation(
    data: Annotated[Path, typer.Option(help="The folder of the real sets.")],
    only: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(PARTS)}.")] = None,
) -> None:
    """Measure, print the tables, keep the results. It never fails for a slow machine."""
    if not data.is_dir():
        raise ArgusError(f"{data} is no folder: `make bench-evaluation DATA=FOLDER`")
    for name in only or PARTS:
        if name not in PARTS:
            raise ArgusError(f"no part '{name}'; there are {', '.join(PARTS)}")
        title, measures = PARTS[name]
        publish(f"evaluation_{name}", title, measures(data.resolve()))


@exits_cleanly
def main() -> None:
    app(prog_name="benchmarks.evaluation")


if __name__ == "__main__":
    main()
