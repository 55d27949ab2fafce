"""How many images of each class the splits have, as deliveries are decided one after the other."""

from __future__ import annotations

import numpy as np

from argus.data.catalogue import SPLITS
from stages.split.arrivals import Arrivals
from stages.split.balance import TRAIN
from stages.split.prior_splits import NONE, PriorSplits


class Tally:
    """Images that are used: those of earlier turns for ever, and what is decided so far of N images
    of C classes.

    Attributes:
        of_class: int64 [C, 3], how many each split has of each class.
        of_kind: int64 [K, 3], and of each class of each source.
        trained: bool [C], which classes have an image that trains.
    """

    def __init__(self, arrivals: Arrivals, prior: PriorSplits) -> None:
        self.arrivals, self.known = arrivals, prior.known
        self.of_class, self.of_kind = prior.of_class.copy(), prior.of_kind.copy()
        self.trained = np.zeros(arrivals.classes, dtype=bool)

    def add(self, images: slice, used: np.ndarray, group_split: np.ndarray) -> None:
        """Count a delivery in, now that it is decided; as `with_more`."""
        counts, trained = self._counts(images, used, group_split)
        self.trained |= trained
        self.of_class += counts
        self.of_kind[self._kinds(images)] += counts

    def with_more(
        self, images: slice, used: np.ndarray, group_split: np.ndarray
    ) -> tuple[list[list[int]], list[list[int]], np.ndarray]:
        """What it would be with those images of a delivery that are used and whose group has a
        split.

        Args:
            images: of the delivery.
            used: bool, which of them are used, if their group has a split.
            group_split: int8 [G], the split of each group, -1 for none.

        Returns:
            [C, 3], how many each split has of each class; [C, 3], and of each class of the source
            of the delivery; bool [C], which classes have an image that trains.
        """
        counts, trained = self._counts(images, used, group_split)
        of_source = self.of_kind[self._kinds(images)] + counts
        return (self.of_class + counts).tolist(), of_source.tolist(), self.trained | trained

    def _counts(
        self, images: slice, used: np.ndarray, group_split: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Of a delivery alone, without those that the record has counted: int64 [C, 3]; bool [C],
        which classes it trains."""
        arrivals = self.arrivals
        side = group_split[arrivals.group[images]]
        label, known = arrivals.label[images], self.known[images]
        used = used & (side != NONE)
        count = arrivals.classes * len(SPLITS)
        cell = label.astype(np.int64) * len(SPLITS) + side
        new = np.bincount(cell[used & ~known], minlength=count).reshape(-1, len(SPLITS))
        trained = np.zeros(arrivals.classes, dtype=bool)
        trained[label[used & (side == TRAIN) & arrivals.may[images, TRAIN]]] = True
        return new, trained

    def _kinds(self, images: slice) -> slice:
        """The rows of `of_kind` that are of the source of a delivery."""
        classes = self.arrivals.classes
        source = int(self.arrivals.kind[images.start]) // classes
        return slice(source * classes, (source + 1) * classes)
