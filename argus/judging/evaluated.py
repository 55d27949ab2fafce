"""What `evaluate` leaves of a model for `promote`: the features of all that was scored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from argus.core.files import write_json
from argus.judging.statistics import Sample, taken

ANSWERS = "answers.json"
MODEL, REALS = "model", "reals"
"""Kinds of images: the answers of the model, and what they are compared with."""


@dataclass(frozen=True)
class Evaluated:
    """Images of several kinds as one judge sees them: the model's, the reals, the baselines'.

    `samples` are their features with what they are drawn from, `requested` the class asked of
    each, both by kind.
    """

    samples: Mapping[str, Sample]
    requested: Mapping[str, tuple[str, ...]]

    def of_class(self, name: str) -> Evaluated:
        """The part that is of one class."""
        rows = {
            kind: np.flatnonzero(np.array(asked, dtype=str) == name)
            for kind, asked in self.requested.items()
        }
        samples = {kind: taken(sample, rows[kind]) for kind, sample in self.samples.items()}
        return Evaluated(samples, {kind: (name,) * len(rows[kind]) for kind in rows})

    def beside(self, kind: str, other: Evaluated) -> Evaluated:
        """The same, and the answers of another model as a kind of their own."""
        return Evaluated(
            {**self.samples, kind: other.samples[MODEL]},
            {**self.requested, kind: other.requested[MODEL]},
        )


def write(folder: Path, seen: Mapping[str, Evaluated]) -> None:
    """Write into a folder `<judge>/<kind>.npy`, float32 [M, D], and `answers.json`.

    Args:
        folder: exists.
        seen: by judge, of each the same images.
    """
    said = {}
    for judge, of in seen.items():
        (folder / judge).mkdir()
        for kind, sample in of.samples.items():
            np.save(folder / judge / f"{kind}.npy", sample.features)
            said[kind] = {
                "population": sample.population,
                "units": list(sample.units),
                "requested": list(of.requested[kind]),
                "weights": None if sample.weights is None else sample.weights.tolist(),
            }
    write_json(folder / ANSWERS, said)


def read(folder: Path, judge: str) -> Evaluated:
    """Read back what one judge saw."""
    said = json.loads((folder / ANSWERS).read_text(encoding="utf-8"))
    samples = {
        kind: Sample(
            np.load(folder / judge / f"{kind}.npy"),
            of["population"],
            tuple(of["units"]),
            None if of["weights"] is None else np.array(of["weights"]),
        )
        for kind, of in said.items()
    }
    return Evaluated(samples, {kind: tuple(of["requested"]) for kind, of in said.items()})
