"""What a training shows of itself: curves and sample sheets, by DVCLive, without a clock.

DVC clears a stage's outputs before it runs again, so after a kill the reports are gone while the
checkpoint lives. What was logged is part of the checkpoint and is written anew on resuming:
an interrupted training leaves the same reports as one that was not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from argus.core.reports import rounded
from argus.data import contact_sheets
from argus.models.failures import Points
from argus.models.inference import ImageArray
from stages.train import curves
from stages.train.outputs import CURVES, PLOTS, complete

SCALE_TO = 96
"""Images lower than this, in pixels, are enlarged to about it on a sample sheet."""


class TrainingLogger:
    """Curves below `plots/metrics`, sheets below `plots/images`, last values in `metrics.json`.

    `close` adds `plots/images/curves.png`, whether the training came to its end or not.

    Args (of the constructor):
        folder: where to; None shows nothing.
        limit: `train.min_diversity`, for the chart of the curves.
    """

    def __init__(self, folder: Path | None, limit: float) -> None:
        self.points: list[tuple[int, dict[str, float]]] = []
        self.sheets: list[tuple[int, Tensor, list[str]]] = []
        self.folder, self.limit = folder, limit
        self.kept: int | None = None
        self.failed: str | None = None
        if folder is None:
            return
        # here, since it takes 3 s, and only one of several processes needs it
        from dvclive.live import Live

        self._live = Live(
            dir=str(folder),
            dvcyaml=None,
            report=None,
            save_dvc_exp=False,
            monitor_system=False,
        )

    def log_scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Add one point to every curve."""
        self.points.append((step, dict(values)))
        self._show_point(*self.points[-1])

    def log_samples(self, step: int, images: ImageArray, rows: list[str]) -> None:
        """Add a sample sheet: uint8 [R * K, H, W, 3], row by row, with the names of the R rows."""
        self.sheets.append((step, torch.from_numpy(images), rows))
        self._show_sheet(*self.sheets[-1])

    def state(self) -> dict[str, Any]:
        """All entries, for a checkpoint."""
        return {"points": list(self.points), "sheets": list(self.sheets)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over and show the entries of an earlier logger; this one must be empty."""
        for step, values in state["points"]:
            self.log_scalars(step, values)
        for step, images, rows in state["sheets"]:
            self.log_samples(step, images.numpy(), rows)

    def close(self) -> None:
        """Draw the curves so far."""
        if self.folder is None:
            return
        self._live.end()  # type: ignore[no-untyped-call]
        draw(self.folder, self.points, self.kept, self.failed, self.limit)

    def _show_point(self, step: int, values: Mapping[str, float]) -> None:
        if self.folder is None:
            return
        self._live.step = step
        for name, value in rounded(values).items():
            if math.isfinite(value):  # JSON knows no other numbers
                self._live.log_metric(name, value)
        self._live.make_summary()  # type: ignore[no-untyped-call]

    def _show_sheet(self, step: int, images: Tensor, rows: list[str]) -> None:
        if self.folder is None:
            return
        columns = len(images) // len(rows)
        captions = [row if column == 0 else "" for row in rows for column in range(columns)]
        scale = max(1, round(SCALE_TO / images.shape[1]))
        sheet = contact_sheets.contact_sheet(np.asarray(images), columns, captions, scale)
        self._live.step = step
        self._live.log_image(f"samples/{step:06d}.png", sheet)


def draw(folder: Path, points: Points, kept: int | None, failed: str | None, limit: float) -> None:
    """Draw the curves into the reports of a training, and make sure that these are whole.

    Args:
        folder: of the reports.
        points: see `curves.chart`, as for all that follow.
        kept: the step, if any.
        failed: the reason, if it failed.
        limit: of diversity.
    """
    complete(folder, {})
    contact_sheets.save(curves.chart(points, kept, failed, limit), folder / PLOTS[1] / CURVES)
