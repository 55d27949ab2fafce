"""Measure ingest, search, selection and the tables: `make bench-curation`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from argus.core.errors import ArgusError, exits_cleanly
from benchmarks.curation import fingerprint, pairs, select, tables
from benchmarks.measures import publish

PARTS = {
    # first: a process begins with the peak of the one that starts it, which grows from part to part
    "tables": ("A million rows", tables.measures),
    "fingerprint": ("Reading and hashing", fingerprint.measures),
    "pairs": ("Near-duplicate pairs", pairs.measures),
    "select": ("Selecting distinct images", select.measures),
}
"""By the name under which the results are kept, `benchmarks/results/curation_<name>.json`."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def curation(
    data: Annotated[Path, typer.Option(help="The folder of the real sets.")],
    only: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(PARTS)}.")] = None,
) -> None:
    """Measure, print the tables, keep the results. It never fails for a slow machine."""
    if not data.is_dir():
        raise ArgusError(f"{data} is no folder: `make bench-curation DATA=FOLDER`")
    for name in only or PARTS:
        if name not in PARTS:
            raise ArgusError(f"no part '{name}'; there are {', '.join(PARTS)}")
        title, measures = PARTS[name]
        publish(f"curation_{name}", title, measures(data.resolve()))


@exits_cleanly
def main() -> None:
    app(prog_name="benchmarks.curation")


if __name__ == "__main__":
    main()
