"""Frozen, leak-free splits: by drive and by near-duplicate neighbourhood, delivery by delivery.

Every decision looks only at what came in before and at its own delivery, which is whole when it
comes in and never changes. So a new delivery never moves an older image; and what the turns before
decided stands (`record`), so that nothing else does either.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from argus.data.catalogue import SPLITS
from stages.split.arrivals import Arrivals
from stages.split.balance import Cut, Shares, Unit, by_hash
from stages.split.neighbours import Near, Neighbourhood
from stages.split.prior_splits import NONE, PriorSplits
from stages.split.tally import Tally


@dataclass(frozen=True)
class Decision:
    """What became of N images of G groups.

    Attributes:
        side: int8 [N], the number in `SPLITS`; -1 for a copy or an image that is used in none.
        denied: bool [N], images in use that may not be in the split of their group.
        nearest_clash: int64 [N], for an embargoed image the nearest one of another split, or
            the image itself if it was in another split in an earlier turn; else -1.
        distance: int64 [N], bits to that one, or `FEATURES`; else -1.
        group_split: int8 [G], the split of each group; -1 for one that is left open.
    """

    side: np.ndarray
    denied: np.ndarray
    nearest_clash: np.ndarray
    distance: np.ndarray
    group_split: np.ndarray


def assign(
    arrivals: Arrivals, near: Near, prior: PriorSplits, seed: int, val: float, test: float
) -> Decision:
    """Split images, one delivery after the other; the groups of one are looked at together.

    1. A group that was seen before, in this turn or an earlier one, keeps its split;
    2. else, if at least half of its images lie near images of one split that it may be in (or they
       are copies of such, or images of a drive in that split were dropped for them, or they
       themselves were in that split in an earlier turn), it joins them. What came before it in its
       delivery and has no split yet takes it along;
    3. the rest is shared out so that the images of each class come nearest to the shares (`Cut`),
       among the splits that each group may be in. A class that has no training image yet gets its
       first ones before all else: one that is only held out trains nothing.

    It may be in a split if one of its images in use may (all of a delivery have the same rights).
    An image that may not be in the split of its group is denied, and used nowhere: a drive is never
    torn, and one that has trained never judges, nor the other way round, when its rights change.

    Then, in order of arrival, an image that yields to one of another split near it (`Near`), or was
    in another split itself in an earlier turn, is embargoed: it is used nowhere, and nothing that
    came before is touched. A group of which there are only copies and which joins nothing, or which
    may be in no split that has a share, is left open. Only images that are used count in the
    shares, those of earlier turns for ever.

    Args:
        arrivals: N images.
        near: the pairs of neighbours among them.
        prior: what earlier turns decided about them.
        seed: changes which of several cuts that are as good is taken.
        val: share of images, 0 to 1.
        test: likewise.
    """
    decided = _Decided(arrivals, near, prior, seed, Shares(val, test))
    for first, last in pairwise(arrivals.deliveries.tolist()):
        decided.take(first, last)
    used = decided.in_use(slice(None))
    side = np.where(used, decided.group_split[arrivals.group], np.int8(NONE))
    return Decision(
        side, decided.denied, decided.nearest_clash, decided.distance, decided.group_split
    )


class _Decided:
    """What is decided so far of N images of G groups, in B arrivals.

    Beside what `Decision` has: which images are embargoed, bool [N]; how many each split has of
    each class; and of each group that is shared out the arrival with which it goes, int64 [G], else
    -1.
    """

    def __init__(
        self, arrivals: Arrivals, near: Near, prior: PriorSplits, seed: int, shares: Shares
    ) -> None:
        n = len(arrivals.row)
        self.arrivals, self.near, self.prior = arrivals, near, prior
        self.seed, self.shares = seed, shares
        self.group_split = prior.group_split.copy()
        self.denied, self.embargoed = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        self.nearest_clash, self.distance = np.full(n, NONE), np.full(n, NONE)
        self.tally = Tally(arrivals, prior)
        self.goes_with = np.full(len(self.group_split), NONE)
        self.group = arrivals.group[arrivals.starts[:-1]]
        self.shown = arrivals.shown()
        self.may_be, self.limited = arrivals.grants()
        self.open_to = self.may_be & (np.array(shares.of_each) > 0)
        self.pairs = near.of_arrivals(arrivals.starts)
        self.moved_at = np.searchsorted(prior.moved, arrivals.starts)

    def take(self, first: int, last: int) -> None:
        """Decide about a delivery, the arrivals from `first` up to `last`."""
        images = slice(*self.arrivals.starts[[first, last]].tolist())
        busy = np.diff(self.pairs[first : last + 1]) + np.diff(self.moved_at[first : last + 1]) > 0
        to_place = self._to_place(first, last, busy)
        if to_place:
            self._share_out(images, to_place)
        # what is all copies last: it goes where its originals are, unless they are denied
        unsettled = (first + np.flatnonzero(busy | self.limited[first:last])).tolist()
        for number in sorted(unsettled, key=lambda number: not self.shown[number]):
            self._settle(number, first)
        self.tally.add(images, self.in_use(images), self.group_split)

    def in_use(self, images: slice) -> np.ndarray:
        """Which of some images are used, if their group has a split: bool."""
        return self.arrivals.used[images] & ~self.embargoed[images] & ~self.denied[images]

    def _to_place(self, first: int, last: int, busy: np.ndarray) -> dict[int, list[int]]:
        """The arrivals of a delivery that are to be shared out, each with all that go with it: at
        least half of their images lie near it. The others have a split now, or are left open, as is
        what is all copies."""
        together: dict[int, list[int]] = {}
        group = self.group[first:last]
        for at in np.flatnonzero(self.group_split[group] == NONE).tolist():
            number = first + at
            if not self.shown[number]:
                continue
            target = self._around(number).joined() if busy[at] else NONE
            if target >= len(SPLITS):
                self.goes_with[group[at]] = target - len(SPLITS)
                together[target - len(SPLITS)].append(number)
            elif target != NONE:
                self.group_split[group[at]] = target
            elif not self.open_to[number].any():
                self._deny(number, self.arrivals.may[:, :0])
            else:
                self.goes_with[group[at]] = number
                together[number] = [number]
        return together

    def _share_out(self, images: slice, together: dict[int, list[int]]) -> None:
        """Give the groups of a delivery that are placed together their splits, all in use."""
        arrivals = self.arrivals
        of_class, of_source, trained = self.tally.with_more(
            images, arrivals.used[images], self.group_split
        )
        names = arrivals.names.gather(self.group[list(together)]).to_list()
        open_to = map(tuple, self.open_to[list(together)].tolist())
        units = []
        for name, those, may in zip(names, together.values(), open_to, strict=True):
            shown = self.shown[those[0]]
            if len(those) > 1:
                total: Counter[int] = Counter()
                for number in those:
                    total.update(dict(self.shown[number]))
                shown = tuple(total.items())
            units.append(Unit(shown, may, by_hash(name, self.seed)))
        labels = sorted({label for unit in units for label, _ in unit.images})
        untrained = [label for label in labels if not trained[label]]
        tallies = {label: (of_class[label], of_source[label]) for label in labels}
        sides = Cut(tallies, untrained, self.shares).place(units)
        sizes = [len(those) for those in together.values()]
        members = [number for those in together.values() for number in those]
        self.group_split[self.group[members]] = np.repeat(sides, sizes)

    def _settle(self, number: int, first: int) -> None:
        """Decide which images of an arrival are used, now that its delivery is shared out."""
        group = self.group[number]
        around = self._around(number)
        # what is near several of its delivery goes with most of them, and what was left open joins
        if self.goes_with[group] >= first or self.group_split[group] == NONE:
            side = around.joined()
            self.group_split[group] = self.group_split[group] if side == NONE else side
        side = int(self.group_split[group])
        if side == NONE:
            return
        self._deny(number, self.arrivals.may[:, side : side + 1])
        out, nearest, apart = around.clashes(side, self.denied)
        self.embargoed[out], self.nearest_clash[out], self.distance[out] = True, nearest, apart

    def _deny(self, number: int, may: np.ndarray) -> None:
        """Let no image of an arrival be used that has no grant among these: bool [N, any]."""
        begin, end = self.arrivals.starts[number : number + 2].tolist()
        granted = may[begin:end].any(axis=1)
        self.denied[begin:end] = self.arrivals.used[begin:end] & ~granted

    def _around(self, number: int) -> Neighbourhood:
        """What an arrival lies near, as far as that has a say."""
        begin, end = self.arrivals.starts[number : number + 2].tolist()
        image, other, bits = self.near.part(*self.pairs[number : number + 2].tolist())
        near = self.arrivals.group[other]
        # what has trained or judged before its rights changed still has its say
        silent = self.embargoed[other] | (self.denied[other] & ~self.prior.known[other])
        with_it = self.goes_with[near]
        where = np.where(
            (self.group_split[near] == NONE) & (with_it != NONE),
            with_it + len(SPLITS),
            self.group_split[near],
        )
        moved = slice(*self.moved_at[number : number + 2].tolist())
        itself = self.prior.moved[moved]
        where = np.concatenate([self.prior.moved_from[moved], np.where(silent, NONE, where)])
        in_split = (where != NONE) & (where < len(SPLITS))
        may = np.zeros(len(where), dtype=bool)
        may[in_split] = self.may_be[number][where[in_split]]
        leader = where >= len(SPLITS)
        may[leader] = (self.may_be[where[leader] - len(SPLITS)] == self.may_be[number]).all(axis=1)
        return Neighbourhood(
            end - begin,
            np.concatenate([itself, image]),
            np.concatenate([itself, other]),
            np.concatenate([np.zeros_like(itself), bits]),
            where,
            may,
        )
