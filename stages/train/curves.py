"""A training in one chart: losses, nearness to held-out reals, diversity, and where it failed."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from argus.models.failures import Points
from stages.train.validation import DIVERSITY, KID

if TYPE_CHECKING:  # a training that shows nothing need not wait for it
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, PANEL = 8.0, 1.9  # inches; of the chart, and the height of one panel
LINE = 110  # characters of the reason in a line
FAILED, KEPT, LIMIT = "tab:red", "tab:green", "tab:gray"


def chart(points: Points, kept: int | None, failed: str | None, limit: float) -> Figure:
    """Draw a training, for `argus.data.contact_sheets.save`; equal arguments give equal bytes.

    Panels over the steps: every `loss/...`; where there were validations, KID on val, with the step
    whose weights were kept, and the diversity of samples, with its limit. A failed training ends in
    a red line and has the reason on top.

    Args:
        points: (step, scalars by name), in order; a scalar may be missing or not finite at a point.
            A validation adds `Score.scalars()`. Empty if it failed at once.
        kept: the step whose weights were kept; None if there was no choice.
        failed: the reason, or None.
        limit: `train.min_diversity`.
    """
    from matplotlib.figure import Figure

    seen = {name for _, values in points for name in values}
    panels = {"loss": sorted(name for name in seen if name.startswith("loss/"))}
    if KID in seen:
        panels |= {"KID on val": [KID], "diversity on val": [DIVERSITY]}
    figure = Figure(figsize=(WIDTH, PANEL * len(panels) + 0.3), layout="constrained")
    rows = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (title, names) in zip(rows, panels.items(), strict=True):
        for name in names:
            _line(axes, points, name)
        axes.set_ylabel(title)
        axes.spines[["top", "right"]].set_visible(False)
        if failed is not None and points:
            axes.axvline(points[-1][0], color=FAILED, linewidth=1)
        if names == [KID] and kept is not None:
            axes.axvline(kept, color=KEPT, linewidth=1, linestyle="--", label=f"kept: {kept}")
        if names == [DIVERSITY]:
            axes.axhline(limit, color=LIMIT, linewidth=1, linestyle="--", label=f"limit {limit:g}")
            axes.set_ylim(bottom=0)
        if names:
            axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=8)
    figure.align_ylabels()
    rows[-1].set_xlabel("step")
    rows[-1].set_xlim(left=0)
    if failed is not None:
        figure.suptitle(
            textwrap.fill(f"failed: {failed}", LINE), fontsize=9, color=FAILED, x=0.01, ha="left"
        )
    return figure


def _line(axes: Axes, points: Points, name: str) -> None:
    """One scalar over the steps, through the points that have it."""
    steps = [step for step, values in points if name in values]
    heights = [values[name] for _, values in points if name in values]
    marker = "o" if name in (KID, DIVERSITY) else ""  # few, and a single one must be seen
    label = name.split("/", 1)[1]
    axes.plot(steps, heights, marker=marker, markersize=3, linewidth=1.2, label=label)
