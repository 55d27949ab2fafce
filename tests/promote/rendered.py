"""Scenes that the demo's renderer makes, small: training images, held-out ones and others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from argus.data.packed import Packed
from stages.demo.draw import prepare, render
from stages.demo.world import Drive, build
from stages.pack.pixels import shrink

CLASSES = ("day", "night")
FRAMES = (0, 5)
SIZE, RESOLUTION = (64, 96), (32, 48)
DRIVES = {"train": 8, "test": 10}
SEED = 23


@dataclass(frozen=True)
class Rendered:
    """`packs` by split; `twins`, the true night of each held-out day by the bytes of that; and
    `fresh`, images of no split by class, uint8 [n, H, W, 3], what a perfect model would draw."""

    packs: dict[str, Packed]
    twins: dict[bytes, np.ndarray]
    fresh: dict[str, np.ndarray]

    def learnt(self, name: str) -> np.ndarray:
        """The training images of a class."""
        train = self.packs["train"]
        return train.images[train.labels == CLASSES.index(name)]

    def true_nights(self, days: np.ndarray) -> np.ndarray:
        """The twin of each of some held-out days."""
        return np.stack([self.twins[day.tobytes()] for day in days])


def frames(seed: int, condition: str, drives: int, shown_as: str | None = None) -> np.ndarray:
    """All frames of some drives, or of their twins: uint8 [drives * frames, H, W, 3]."""
    found = []
    for number in range(drives):
        world = build(Drive(seed, condition, number, max(FRAMES) + 1, SIZE), shown_as)
        scenery = prepare(world)
        found += [
            shrink(Image.fromarray(render(world, scenery, frame)), RESOLUTION) for frame in FRAMES
        ]
    return np.stack(found)


def rendered() -> Rendered:
    """Render them all."""
    packs = {split: _pack(split, SEED + number) for number, split in enumerate(DRIVES)}
    test = SEED + list(DRIVES).index("test")
    nights = frames(test, "day", DRIVES["test"], "night")
    held_out = packs["test"]
    days = held_out.images[held_out.labels == 0]
    fresh = {name: frames(SEED + 9, name, DRIVES["test"]) for name in CLASSES}
    return Rendered(
        packs, {day.tobytes(): night for day, night in zip(days, nights, strict=True)}, fresh
    )


def _pack(split: str, seed: int) -> Packed:
    each = DRIVES[split] * len(FRAMES)
    images = np.concatenate([frames(seed, name, DRIVES[split]) for name in CLASSES])
    names = [f"{split}-{name}-{k}" for name in CLASSES for k in range(each)]
    drives = [f"{split}-{name}-{k // len(FRAMES)}" for name in CLASSES for k in range(each)]
    return Packed(images, np.repeat((0, 1), each), CLASSES, tuple(names), tuple(drives))
