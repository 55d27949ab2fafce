"""Which split each drive of a delivery goes to, so that the images come out in the shares."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, product
from typing import NamedTuple

import numpy as np

from argus.data.catalogue import SPLITS
from argus.data.feasibility import FEWEST

TRAIN, VAL, TEST = range(len(SPLITS))
FIRST = (TRAIN, TEST, VAL)  # who gets a drive that suits several splits equally well
FEW = 7  # drives of a delivery up to which all cuts are looked at, 3^7 at most
REFINED = 24  # of more drives the last that were placed, which may still be moved or swapped
BUNDLES = 16  # of drives that are alike, single images say, one in so many is placed at a time
NEAR_TIE = 0.01  # cuts whose distances differ by less are equally good, and the hash decides


def by_hash(group: str, seed: int) -> float:
    """The number that a group's name draws: the same for ever, whatever else there is.

    SHA-256 of seed and name as a fraction of 2^64: 0 to 1, 1 excluded.
    """
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


Moves = list[tuple[int, int, int]]  # the number of a unit, the split it leaves, the one it joins


class Unit(NamedTuple):
    """What is placed as a whole: a drive, and those of its delivery that join it.

    Attributes:
        images: of each class that it shows, as pairs of the class and how many.
        open_to: which of `SPLITS` it may be in; at least one.
        draw: of its name, see `by_hash`.
    """

    images: tuple[tuple[int, int], ...]
    open_to: tuple[bool, ...]
    draw: float

    def rank(self) -> tuple[int, float]:
        """When it is placed: the larger, the earlier; of two that are about as large (of one
        power of two) by the draw, so that chance says what is held out and not the length."""
        return -sum(count for _, count in self.images).bit_length(), self.draw


class Shares:
    """What images should be shared out to train, val and test.

    Args:
        val, test: of all images, 0 to 1; together below 1.
    """

    def __init__(self, val: float, test: float) -> None:
        held = val + test
        self.of_each = (1 - held, val, test)
        self.test_share = test / held if held else 0.0  # share of test in what is held out
        self.per_train = 1 / (held * (1 - held)) if held else 0.0
        self.per_test = (
            1 / (self.test_share * (1 - self.test_share) * held) if val and test else 0.0
        )

    def off(self, train: int, val: int, test: int) -> float:
        """How far images are from the shares: Pearson's chi-square of the three counts.

        It is reckoned in its two independent parts, train or held out, and val or test of what is
        held out; so drives that may only be held out are shared by these two in proportion. In the
        second part test goes before, as without it nothing is judged, and training does without
        val: with fewer than `FEWEST` in test, all that is in val is wanted there.
        """
        n, held = train + val + test, val + test
        if not n:
            return 0.0
        held_off = held - n * (1 - self.of_each[TRAIN])
        test_off = val if test < FEWEST else test - max(self.test_share * held, FEWEST)
        return (held_off * held_off * self.per_train + test_off * test_off * self.per_test) / n


class Cut:
    """Shares out the drives of one delivery: the largest first, then the nearest cut that is found.

    Near means: the sum of `Shares.off` over each class that the delivery shows, once for all images
    of that class that there ever were, and once for those of this source. By the second, a client
    with few drives is in all splits and does not make up for what a large set lacks; by the first,
    the whole comes nearer to the shares with every delivery. Distances are Cohen's w, the root of
    chi-square by images.

    Each drive goes where the images up to then are nearest, and a class without training images
    gets its first ones before all else. Then, of up to `FEW` drives, the nearest of all cuts is
    taken instead if it is nearer by `NEAR_TIE`. Of more drives, moves of one and swaps of two among
    the last `REFINED` are made, the best each time, while one brings it nearer by that.

    So with few drives there is no nearer cut, and of one class and source whose drives may be
    anywhere, however many and however long, no split is ever ahead of its share by more images than
    the longest drive has and `FEWEST`. Many that are alike are placed in bundles, to the image.

    Args:
        tallies: images in train, val and test before this delivery, of each class that it shows:
            all, and those of its source. They are counted on here.
        untrained: classes that have no training image.
        shares: what to come near to.
    """

    def __init__(
        self,
        tallies: dict[int, tuple[list[int], list[int]]],
        untrained: Iterable[int],
        shares: Shares,
    ) -> None:
        self.tallies = tallies
        self.shares = shares
        self.training_units = dict.fromkeys(untrained, 0)

    def place(self, units: Sequence[Unit]) -> np.ndarray:
        """The split of each of N units, its number in `SPLITS`: int8 [N]."""
        of_unit = np.empty(len(units), dtype=np.int8)
        bundles, members = _bundled(units)
        order = sorted(range(len(bundles)), key=lambda number: bundles[number].rank())
        sides = [TRAIN] * len(bundles)
        for number in order:
            sides[number] = self._first(bundles[number])
            self._put(bundles[number], sides[number], 1)
        self._refine(bundles, sides, order[-REFINED:])
        for side, those in zip(sides, members, strict=True):
            of_unit[those] = side
        return of_unit

    def _first(self, unit: Unit) -> int:
        """Where a unit goes that comes last of all."""
        may = [side for side in FIRST if unit.open_to[side]]
        if may[0] == TRAIN and any(self.training_units.get(label) == 0 for label, _ in unit.images):
            return TRAIN
        return min(may, key=lambda side: self._with(unit.images, side)) if may[1:] else may[0]

    def _with(self, images: tuple[tuple[int, int], ...], side: int) -> float:
        """How far off it is with more images on a side, of the classes of these."""
        off, total = self.shares.off, 0.0
        for label, count in images:
            for tally in self.tallies[label]:
                tally[side] += count
                total += off(*tally)
                tally[side] -= count
        return total

    def _put(self, unit: Unit, side: int, sign: int) -> None:
        """Count a unit in (1) or out (-1) of a side."""
        for label, count in unit.images:
            for tally in self.tallies[label]:
                tally[side] += sign * count
            if side == TRAIN and label in self.training_units:
                self.training_units[label] += sign

    def _distance(self) -> float:
        """Cohen's w of all that is counted."""
        tallies = [tally for both in self.tallies.values() for tally in both]
        chi_square = sum(self.shares.off(*tally) for tally in tallies)
        return float((chi_square / max(sum(map(sum, tallies)), 1)) ** 0.5)

    def _refine(self, units: Sequence[Unit], sides: list[int], free: Sequence[int]) -> None:
        """Change to the best other cut while there is a nearer one. Each change brings the distance
        down by `NEAR_TIE` and more, so there is an end to it."""
        changes = _all_changes if len(units) <= FEW else _small_changes
        best = self._distance()
        while best > NEAR_TIE:
            trained = sum(map(bool, self.training_units.values()))
            best, change = best - NEAR_TIE, None
            for moves in changes(units, sides, free):
                self._move(units, moves)
                after = self._distance()
                if after < best and sum(map(bool, self.training_units.values())) >= trained:
                    best, change = after, moves
                self._move(units, [(number, to, was) for number, was, to in moves])
            if change is None:
                return
            self._move(units, change)
            for number, _, to in change:
                sides[number] = to

    def _move(self, units: Sequence[Unit], moves: Moves) -> None:
        for number, was, to in moves:
            self._put(units[number], was, -1)
            self._put(units[number], to, 1)


def _bundled(units: Sequence[Unit]) -> tuple[list[Unit], list[list[int]]]:
    """Many units that are alike as fewer larger ones, down to single ones; and their numbers."""
    alike: dict[tuple[object, object], list[int]] = {}
    for number, unit in enumerate(units):
        alike.setdefault((unit.images, unit.open_to), []).append(number)
    bundles, members = [], []
    for numbers in alike.values():
        numbers.sort(key=lambda number: units[number].draw)
        begin = 0
        while begin < len(numbers):
            some = numbers[begin : begin + max((len(numbers) - begin) // BUNDLES, 1)]
            begin += len(some)
            images, open_to, draw = units[some[0]]
            images = tuple((label, count * len(some)) for label, count in images)
            bundles.append(Unit(images, open_to, draw))
            members.append(some)
    return bundles, members


def _all_changes(
    units: Sequence[Unit], sides: Sequence[int], free: Sequence[int]
) -> Iterator[Moves]:
    """To all cuts that there are."""
    open_to = [[side for side in FIRST if units[number].open_to[side]] for number in free]
    for cut in product(*open_to):
        yield [
            (number, sides[number], to)
            for number, to in zip(free, cut, strict=True)
            if to != sides[number]
        ]


def _small_changes(
    units: Sequence[Unit], sides: Sequence[int], free: Sequence[int]
) -> Iterator[Moves]:
    """Moves of one unit and swaps of two."""
    for number in free:
        for to in FIRST:
            if to != sides[number] and units[number].open_to[to]:
                yield [(number, sides[number], to)]
    for one, other in combinations(free, 2):
        here, there = sides[one], sides[other]
        if here != there and units[one].open_to[there] and units[other].open_to[here]:
            yield [(one, here, there), (other, there, here)]
