"""Images that a person took out by hand: `prune.exclude` in `params.yaml`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from argus.core.errors import ArgusError


def excluded(ids: pl.Series, exclude: Sequence[str]) -> np.ndarray:
    """Which candidates are taken out: bool [N].

    Args:
        ids: string [N] image ids of the candidates for training.
        exclude: image ids, or the beginnings of them.

    Raises:
        ArgusError: an entry fits no candidate, or several: a person meant something by it, and
            that it has no effect must not go unseen.
    """
    out = np.zeros(len(ids), dtype=bool)
    for entry in exclude:
        fits = ids.str.starts_with(entry).to_numpy()
        if fits.sum() != 1:
            many = "several candidates" if fits.any() else "no candidate"
            raise ArgusError(
                f"params.yaml: '{entry}' in `prune.exclude` fits {many} for training: write the id "
                "under the picture in reports/prune/isolated.png, or take the entry off the list "
                "if the image is not in use any more"
            )
        out |= fits
    return out
