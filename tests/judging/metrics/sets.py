"""Sets of features to compare."""

from __future__ import annotations

import numpy as np

from argus.judging.statistics import Sample


def features(n: int, d: int, seed: int, shift: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(d, d)) / np.sqrt(d)
    return (rng.normal(size=(n, d)) @ mixing + shift).astype(np.float32)


def sample(points: np.ndarray, population: str, units: np.ndarray | None = None) -> Sample:
    """Images each of a unit of its own, unless units are given."""
    names = np.arange(len(points)) if units is None else units
    return Sample(points, population, tuple(map(str, names)))


def drives(count: int, frames: int, d: int, seed: int, within: float = 0.2) -> Sample:
    """Drives whose frames differ by `within` of what drives differ by."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, 1, d)) + within * rng.normal(size=(count, frames, d))
    return sample(points.reshape(-1, d), "target drives", np.repeat(np.arange(count), frames))
