"""What every training leaves among the reports, whatever became of it: DVC misses none of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from argus.core.files import write_json

METRICS, PLOTS, CURVES = "metrics.json", ("plots/metrics", "plots/images"), "curves.png"
"""Last values; folders of curves and pictures; the picture of all curves among these."""


def complete(folder: Path, metrics: dict[str, Any]) -> None:
    """Make what is not there yet in the reports of a training.

    Args:
        metrics: for one that has left none.
    """
    for plots in PLOTS:
        (folder / plots).mkdir(parents=True, exist_ok=True)
    if not any((folder / PLOTS[0]).iterdir()):  # Git keeps no empty folder, and DVC would miss it
        (folder / PLOTS[0] / ".gitkeep").touch()
    if not (folder / METRICS).exists():
        write_json(folder / METRICS, metrics)
