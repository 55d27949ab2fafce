"""What every training leaves, whatever became of it: DVC misses none of it. It needs no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from argus.core.files import remove, write_json
from argus.models import card as cards
from stages.train.job import TrainingJob

METRICS, PLOTS, CURVES = "metrics.json", ("plots/metrics", "plots/images"), "curves.png"
"""Last values; folders of curves and images; the chart of all curves among these."""


def complete(folder: Path, metrics: dict[str, Any]) -> None:
    """Make what is not there yet in the reports of a training.

    Args:
        folder: of the reports.
        metrics: for one that has left none.
    """
    for plots in PLOTS:
        (folder / plots).mkdir(parents=True, exist_ok=True)
    if not any((folder / PLOTS[0]).iterdir()):  # Git keeps no empty folder, and DVC would miss it
        (folder / PLOTS[0] / ".gitkeep").touch()
    if not (folder / METRICS).exists():
        write_json(folder / METRICS, metrics)


def skip(job: TrainingJob, why: str) -> None:
    """Write the card and the reports of a model that cannot be trained and judged on the images
    that there are, and say so: no weights, but all that DVC counts as done.

    Args:
        job: the training that there would be.
        why: see `argus.data.feasibility.obstacle`.
    """
    card = job.card(job.settings.processes)
    update: dict[str, Any] = {"skipped": why, "trained_on": (), "non_commercial": {}}
    cards.save(job.trained, card.model_copy(update=update), {}, {}, None)
    remove(job.reports)
    complete(job.reports, {"skipped": why})
    remove(job.cache)
    said = f"model '{job.name}': {why}. The turn goes on without it"
    console = Console(stderr=True, soft_wrap=True)
    console.print("[bold yellow]skipped:[/]", end=" ")
    console.print(said, highlight=False, markup=False)
