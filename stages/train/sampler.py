"""Which training image comes next: repeatable, balanced over classes, resumable."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


class BalancedSampler:
    """An endless order of training rows in which rare classes are seen more often.

    Class c with n_c images gets a share proportional to n_c ** tau: tau 1 leaves the data as it
    is, tau 0 shows every class equally often. Shares are kept by count, not by chance: the class
    furthest behind its share is next, so none is ever a whole draw ahead (ties go to the lower
    index). Within a class every image is shown once, in a new random order, before any is shown
    again. The order does not depend on the batch size.
    """

    def __init__(self, rows: Integers, labels: Integers, tau: float, seed: int) -> None:
        """
        Args:
            rows: [M] what is drawn from, as rows of the packed array.
            labels: [M] the class index of each.
            tau: in [0, 1].
            seed: two samplers of one seed and data give one order.

        Raises:
            ValueError: there is nothing to draw from.
        """
        if not len(rows):
            raise ValueError("no images to draw from")
        self.classes, counts = np.unique(labels, return_counts=True)
        self.members = [rows[labels == c] for c in self.classes]
        weights = counts.astype(np.float64) ** tau
        self.shares = weights / weights.sum()
        self.drawn = np.zeros(len(self.classes), dtype=np.int64)
        self.seed = seed
        self._orders: dict[int, tuple[int, Integers]] = {}

    def draw(self, count: int) -> Integers:
        """The next `count` rows, [count]."""
        return np.array([self._next() for _ in range(count)], dtype=np.int64)

    def state(self) -> list[int]:
        """What a checkpoint must hold: how often each class was drawn."""
        return [int(n) for n in self.drawn]

    def restore(self, state: list[int]) -> None:
        """Go on where the sampler that gave `state` stood."""
        self.drawn[:] = state

    def _next(self) -> int:
        deficit = self.shares * (self.drawn.sum() + 1) - self.drawn
        chosen = int(deficit.argmax())
        epoch, place = divmod(int(self.drawn[chosen]), len(self.members[chosen]))
        self.drawn[chosen] += 1
        return int(self._order(chosen, epoch)[place])

    def _order(self, chosen: int, epoch: int) -> Integers:
        """The shuffled members of a class in one epoch: a function of seed, class and epoch."""
        cached = self._orders.get(chosen)
        if cached is None or cached[0] != epoch:
            random = np.random.default_rng([self.seed, int(self.classes[chosen]), epoch])
            cached = self._orders[chosen] = (
                epoch,
                random.permutation(self.members[chosen]),
            )
        return cached[1]
