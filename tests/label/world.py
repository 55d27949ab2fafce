"""Made-up conditions: Gaussian clouds of feature vectors, and catalogues of their images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from argus.data.catalogue import SCHEMA, SPLITS

DIMENSIONS = 6
CENTRES = {"day": 0, "night": 1, "fog": 2, "rain": 3}


Part = tuple[str, str | None, int] | tuple[str, str | None, int, str]
"""Split, delivered label, number of images and, if it is not `fleet`, their source."""


def cloud(
    names: Sequence[str | None],
    spread: float,
    seed: int,
    sources: Sequence[str] | None = None,
    camera: float = 0.0,
) -> np.ndarray:
    """A vector of each name's condition (`day` for None): float32 [N, DIMENSIONS].

    Each camera, one a source, shifts its vectors by `camera`, in a direction of its own.
    """
    centres = np.array([np.eye(DIMENSIONS)[CENTRES[name or "day"]] for name in names]) * 4
    if sources is not None:
        axes = {name: i for i, name in enumerate(sorted(set(sources)))}
        shift = np.array([np.eye(len(axes))[axes[source]] for source in sources]) * camera
        centres = np.hstack([centres, shift])
    noise = np.random.default_rng(seed).normal(size=centres.shape) * spread
    return (centres + noise).astype(np.float32)


def catalogue_of(*parts: Part) -> pl.DataFrame:
    """The catalogue after `split`, by parts.

    A name that is no split is the status of images that are not in use.
    """
    rows = [
        {
            "image_id": f"{number:02x}{row:062x}",
            "source": source,
            "delivery": "d1",
            "path": f"{number}/{row}.png",
            "label": label,
            "label_provenance": label and "delivered",
            "sequence": f"{source}/{number}",
            "status": "accepted" if split in SPLITS else split,
            "split": split if split in SPLITS else None,
            "may_train": True,
            "may_evaluate": True,
        }
        for number, (split, label, count, source) in enumerate(
            (*part, "fleet") if len(part) == 3 else part for part in parts
        )
        for row in range(count)
    ]
    return pl.DataFrame(rows, schema={**SCHEMA, "split": pl.String}, orient="row")


def in_two_sources(*parts: Part) -> tuple[Part, ...]:
    """The parts, and once more from another source."""
    return (*parts, *((*part[:3], "other") for part in parts))
