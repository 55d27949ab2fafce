"""Made-up models and reals of which the truth is known: which of two is nearer, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from argus.judging.statistics import Sample

DIMENSIONS = 8
FRAMES = 8  # of a drive, in the median where drives are unequal
DRAWS = 60  # of a generator


@dataclass(frozen=True)
class World:
    """Reals, and models that stand off from them, each in a direction of its own.

    All features are Gaussian. A drive shifts all its frames by its own middle, and a translator
    shifts every frame of a source drive alike. Two models that stand off as far are equally near to
    the reals (their squared MMDs have one mean), though no less different for it.

    Attributes:
        target_drives: of the reals.
        source_drives: that translators start from; None for generators, which draw single images.
        unequal: whether drives have log-normal numbers of frames, the largest of ten some 30 times
            the smallest, in place of `FRAMES` each.
        between: standard deviation of drives' middles.
        within: of frames about the middle of their drive.
        own: of what a translator adds to a whole drive.
        alike: whether all models stand off in one direction: models of one distribution.
    """

    target_drives: int
    source_drives: int | None = None
    unequal: bool = False
    between: float = 0.7
    within: float = 0.7
    own: float = 0.3
    alike: bool = False

    def reals(self, rng: np.random.Generator) -> Sample:
        """Held-out reals."""
        return self._drives(rng, self.target_drives, "target drives")

    def sources(self, rng: np.random.Generator) -> Sample | None:
        """What all translators start from."""
        if self.source_drives is None:
            return None
        return self._drives(rng, self.source_drives, "source drives")

    def model(
        self, rng: np.random.Generator, sources: Sample | None, number: int, distance: float
    ) -> Sample:
        """What a model makes.

        Args:
            rng: of its noise.
            sources: of a translator.
            number: of the model, which gives it a direction.
            distance: how far it stands off.
        """
        off = distance * np.eye(DIMENSIONS)[0 if self.alike else number % DIMENSIONS]
        if sources is None:
            spread = np.hypot(self.between, self.within)
            made = off + spread * rng.normal(size=(DRAWS, DIMENSIONS))
            return Sample(made, f"draws of {number}", tuple(map(str, range(DRAWS))))
        _, member = np.unique(sources.units, return_inverse=True)
        own = self.own * rng.normal(size=(member.max() + 1, DIMENSIONS))[member]
        noise = self.within / 2 * rng.normal(size=sources.features.shape)
        return sources._replace(features=sources.features + own + noise + off)

    def _drives(self, rng: np.random.Generator, drives: int, population: str) -> Sample:
        frames = np.full(drives, FRAMES)
        if self.unequal:
            frames = np.maximum(1, (FRAMES * rng.lognormal(0, 1, drives)).astype(int))
        middle = np.repeat(self.between * rng.normal(size=(drives, DIMENSIONS)), frames, axis=0)
        made = middle + self.within * rng.normal(size=middle.shape)
        return Sample(made, population, tuple(map(str, np.repeat(np.arange(drives), frames))))


def pair(world: World, seed: int, distances: Sequence[float]) -> tuple[Sample, Sample, Sample]:
    """A challenger and a rival, standing off so far, and the reals."""
    rng = np.random.default_rng(seed)
    reals, sources = world.reals(rng), world.sources(rng)
    one, other = (world.model(rng, sources, i, far) for i, far in enumerate(distances))
    return one, other, reals
