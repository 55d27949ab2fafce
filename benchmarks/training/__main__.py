"""Measure the training loop and every architecture: `make bench-training`."""

from __future__ import annotations

from typing import Annotated

import torch
import typer

from argus.core.errors import ArgusError, exits_cleanly
from benchmarks.measures import publish
from benchmarks.training import gpu, lineup, steps

PARTS = {
    # first: a process begins with the peak of the one that starts it
    "lineup": ("Every model of params.yaml", lineup.measures),
    "steps": ("One step beside others", steps.measures),
    "gpu": ("Every architecture on a GPU", gpu.measures),
}
"""By the name under which the results are kept, `benchmarks/results/training_<name>.json`."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def training(
    only: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(PARTS)}.")] = None,
) -> None:
    """Measure, print the tables, keep the results. It never fails for a slow machine."""
    for name in only or PARTS:
        if name not in PARTS:
            raise ArgusError(f"no part '{name}'; there are {', '.join(PARTS)}")
        if name == "gpu" and not torch.cuda.is_available():
            print("gpu: not measured, torch sees no CUDA here")
            continue
        title, measures = PARTS[name]
        publish(f"training_{name}", title, measures())


@exits_cleanly
def main() -> None:
    app(prog_name="benchmarks.training")


if __name__ == "__main__":
    main()
