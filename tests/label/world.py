"""Made-up conditions: Gaussian clouds of feature vectors, and catalogues of their images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from stages.common.catalogue import SCHEMA, SPLITS

DIMENSIONS = 6
CENTRES = {"day": 0, "night": 1, "fog": 2, "rain": 3}


def cloud(names: Sequence[str | None], spread: float, seed: int) -> np.ndarray:
    """A vector of each name's condition (`day` for None): float32 [N, DIMENSIONS]."""
    centres = np.array([np.eye(DIMENSIONS)[CENTRES[name or "day"]] for name in names])
    noise = np.random.default_rng(seed).normal(size=centres.shape) * spread
    return (centres * 4 + noise).astype(np.float32)


def catalogue_of(*parts: tuple[str, str | None, int]) -> pl.DataFrame:
    """The catalogue after `split`: split, delivered label and number of the images of each part.

    A name that is no split is the status of images that are not in use.
    """
    rows = [
        {
            "image_id": f"{number:02x}{row:062x}",
            "source": "fleet",
            "delivery": "d1",
            "path": f"{number}/{row}.png",
            "label": label,
            "label_from": label and "delivered",
            "sequence": f"fleet/{number}",
            "status": "accepted" if split in SPLITS else split,
            "split": split if split in SPLITS else None,
            "may_train": True,
            "may_evaluate": True,
        }
        for number, (split, label, count) in enumerate(parts)
        for row in range(count)
    ]
    return pl.DataFrame(rows, schema={**SCHEMA, "split": pl.String}, orient="row")
