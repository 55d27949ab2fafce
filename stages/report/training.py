"""How each model learnt, and what it makes: curves and samples."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from argus.core.params import Model
from argus.core.paths import TRAIN_REPORTS
from argus.judging.samples import Samples
from argus.judging.scores import ModelScores
from stages.report.charts import Axis, Curve, Tick, curve
from stages.report.thumbnails import Thumbnail, thumbnail

DISTANCE = "val/kid"
"""What training watches: the distance to held-out images that it may look at."""
SHOWN = 6


class LearningCurve(NamedTuple):
    """One number over the steps of a training, with its axes; `kept` is where the step stands whose
    weights were kept, if that is known."""

    name: str
    curve: Curve
    across: list[Tick]
    up: list[Tick]
    kept: float | None
    short: str
    says: str


class Sheet(NamedTuple):
    """What a model was asked for, and images that it made; of a translator each with what it was
    made from and, where that is known, what was to come out."""

    asked: str
    tiles: list[tuple[Thumbnail, ...]]


class Trained(NamedTuple):
    """A model on the page."""

    name: str
    task: str
    arch: str
    does: str
    missing: str | None
    champion: bool
    curves: list[LearningCurve]
    sheets: list[Sheet]
    step: int | None


def does(model: Model) -> str:
    """What a model does, in words."""
    if model.domains:
        return f"turns {model.domains.source} images into {model.domains.target} images"
    return "makes images of a class out of noise"


def missing(scored: ModelScores) -> str | None:
    """Why a model has no score, in words."""
    if scored.missing is None:
        return None
    kind, reason = scored.missing
    return f"{'Its training failed' if kind == 'failed' else 'It was not trained'}: {reason}."


def curves(model: str, step: int | None) -> list[LearningCurve]:
    """The curves that the training of a model left, the distance to the reals first.

    Args:
        model: its name.
        step: whose weights were kept, None if not known.
    """
    folder = TRAIN_REPORTS / model / "plots/metrics"
    files = {
        path.relative_to(folder).with_suffix("").as_posix(): path for path in folder.rglob("*.tsv")
    }
    found = []
    for name in sorted(files, key=lambda name: (name != DISTANCE, name)):
        steps, values = _read(files[name])
        finite = [value for value in values if math.isfinite(value)]
        if len(finite) < 2:
            continue
        across = Axis(min(steps), max(steps))
        up = Axis.around(finite)
        says = f"from {finite[0]:.3g} to {finite[-1]:.3g}, lowest {min(finite):.3g}"
        short = f"{finite[0]:.3g} to {finite[-1]:.3g}".replace("-", "\u2212")
        kept = None
        if name == DISTANCE and step is not None and across.low <= step <= across.high:
            kept = across.place(step)
            says += f"; the weights of step {step:,} were kept"
            short += f", kept: step {step:,}"
        drawn = curve(steps, values, across, up)
        found.append(LearningCurve(name, drawn, across.ticks, up.ticks, kept, short, says))
    return found


def _read(path: Path) -> tuple[list[float], list[float]]:
    """Steps and values out of one of DVCLive's files: `step` and the metric, tab-separated."""
    with path.open(encoding="utf-8", newline="") as stream:
        _, *rows = csv.reader(stream, delimiter="\t")
    return [float(row[0]) for row in rows], [float(row[1] or "nan") for row in rows]


def sheets(samples: Samples | None, whose: str, model: Model) -> list[Sheet]:
    """The samples of a model, by the class that it was asked for.

    Args:
        samples: None if there are none.
        whose: made them, a model's name.
        model: its entry in params.yaml.
    """
    if samples is None:
        return []
    found = []
    for asked in dict.fromkeys(samples.requested):
        rows = [row for row, name in enumerate(samples.requested) if name == asked]
        if samples.sources is None:
            rows = rows[:SHOWN]
        tiles = [
            tuple(_tiles(samples, row, number, whose, model)) for number, row in enumerate(rows, 1)
        ]
        found.append(Sheet(asked, tiles))
    return found


def _tiles(samples: Samples, row: int, number: int, whose: str, model: Model) -> list[Thumbnail]:
    asked = samples.requested[row]
    if samples.sources is None:
        return [thumbnail(samples.images[row], f"{asked}, image {number} made by {whose}")]
    start = model.domains.source if model.domains else "source"
    made = f"{asked}, made by {whose}"
    shown: list[tuple[np.ndarray, str, str]] = [
        (samples.sources[row], f"Held-out {start} image {number}", f"{start}, as it came in"),
        (samples.images[row], f"The same scene as {made}", made),
    ]
    if samples.twins is not None:
        true = f"{asked}, the truth"
        shown.append((samples.twins[row], f"The same scene as {true}", true))
    return [thumbnail(image, alt, caption) for image, alt, caption in shown]


def trained(
    models: Mapping[str, Model],
    scored: Mapping[str, ModelScores],
    samples: Mapping[str, Samples | None],
    decisions: Mapping[str, Mapping[str, Any]],
) -> list[Trained]:
    """Every model of the turn; a champion that today's training made is marked as such."""
    found = []
    for name in scored:
        model, of_task = models[name], decisions.get(scored[name].task, {})
        made = samples.get(name)
        step = made.step if made else None
        found.append(
            Trained(
                name,
                scored[name].task,
                model.arch,
                does(model),
                missing(scored[name]),
                bool(of_task.get("promoted")) and of_task.get("champion") == name,
                curves(name, step),
                sheets(made, name, model),
                step,
            )
        )
    return found
