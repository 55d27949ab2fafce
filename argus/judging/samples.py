"""What a person is shown of a model: some of the answers that it was judged by.

Made with the weights that were kept, from held-out sources; saved beside the features that its
score rests on, so that what is seen and what is scored are the same images.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from argus.core.files import atomic

FILE = "samples.npz"
PER_CLASS = 8
"""Answers shown of each class."""


class Samples(NamedTuple):
    """K answers of one model.

    Attributes:
        images: uint8 [K, H, W, 3].
        requested: the class that each was to be of, K names.
        sources: uint8 [K, H, W, 3], what each was translated from; None for a generator.
        twins: uint8 [K, H, W, 3], the true answer to each; None where that is not known.
        step: of the weights that were kept, None if it is not known.
    """

    images: np.ndarray
    requested: tuple[str, ...]
    sources: np.ndarray | None = None
    twins: np.ndarray | None = None
    step: int | None = None


def choose(
    answers: np.ndarray,
    requested: Sequence[str],
    sources: np.ndarray | None = None,
    twins: np.ndarray | None = None,
    step: int | None = None,
    per_class: int = PER_CLASS,
) -> Samples:
    """Some answers of each class, spread evenly over all of them: none is picked for its looks.

    Args:
        answers: uint8 [M, H, W, 3], all that the model was judged by.
        requested: M class names.
        sources: uint8 [M, H, W, 3] of a translator.
        twins: uint8 [M, H, W, 3] where there are any.
        step: of the weights.
        per_class: at most so many of each.
    """
    names = np.asarray(requested, dtype=str)
    rows = np.concatenate(
        [_spread(np.flatnonzero(names == name), per_class) for name in np.unique(names)]
        or [np.empty(0, dtype=np.int64)]
    )
    return Samples(
        np.asarray(answers[rows]),
        tuple(names[rows].tolist()),
        None if sources is None else np.asarray(sources[rows]),
        None if twins is None else np.asarray(twins[rows]),
        step,
    )


def _spread(rows: np.ndarray, most: int) -> np.ndarray:
    places = np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(np.int64)
    return rows[places]


def save(samples: Samples, path: Path) -> None:
    """Write samples; equal ones give equal bytes."""
    arrays = {"images": samples.images, "requested": np.array(samples.requested, dtype=str)}
    for name in ("sources", "twins"):
        if (array := getattr(samples, name)) is not None:
            arrays[name] = array
    if samples.step is not None:
        arrays["step"] = np.array(samples.step)
    with atomic(path) as temporary:
        np.savez(temporary, **arrays)  # type: ignore[arg-type] # numpy's stubs take `allow_pickle` for one


def read(path: Path) -> Samples | None:
    """Read samples back; None if there is no such file, as of a model without weights."""
    if not path.exists():
        return None
    with np.load(path) as found:  # without pickle, so strings and numbers alone
        return Samples(
            found["images"],
            tuple(found["requested"].tolist()),
            found.get("sources"),
            found.get("twins"),
            int(found["step"]) if "step" in found else None,
        )
