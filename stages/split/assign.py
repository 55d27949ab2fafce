"""Frozen, leak-free splits: by drive and by near-duplicate neighbourhood, in order of arrival.

Every decision looks only at what came in before, so a new delivery never moves an older image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stages.common.catalogue import SPLITS
from stages.split.arrivals import Arrivals
from stages.split.near import COPY, Near
from stages.split.urn import Urns, by_hash, cut

TRAIN, NONE = 0, -1  # numbers in SPLITS; no split


@dataclass(frozen=True)
class Decision:
    """What became of N images.

    Attributes:
        side: int8 [N], the number in `SPLITS`; -1 for a copy or an embargoed image.
        rival: int64 [N], for an embargoed image the nearest one of another split; else -1.
        distance: int64 [N], bits to that one; else -1.
    """

    side: np.ndarray
    rival: np.ndarray
    distance: np.ndarray


def assign(arrivals: Arrivals, near: Near, seed: int, val: float, test: float) -> Decision:
    """Split images in order of arrival.

    For each group of a delivery, in the order of its first image:

    1. a group that was seen before keeps its split;
    2. else, if at least half of its images lie near images of one split (or they are copies of
       such, or images of a drive in that split were dropped for them), it joins them;
    3. else, if a class of it has no training image yet, it trains: a class that is only held out
       teaches nothing;
    4. else the hash of its name decides, at odds that favour the split which is behind in its
       classes (`Urns`). What was placed by 3 counts as drawn; what joined does not, as it belongs
       to a neighbourhood that was counted.

    Then an image of the group that lies near an image of another split is embargoed: it is used
    nowhere, and nothing that came before is touched. A group of which there are only copies and
    which joins nothing is left open until it brings an image of its own.

    Args:
        arrivals: N images.
        near: the pairs of neighbours among them.
        seed: changes all draws.
        val, test: shares of drives, 0 to 1.
    """
    n = len(arrivals.row)
    home = np.full(len(arrivals.names), NONE, dtype=np.int8)  # of each group
    embargoed = np.zeros(n, dtype=bool)
    rival, distance = np.full(n, NONE), np.full(n, NONE)
    draws = [by_hash(name, seed) for name in arrivals.names]
    urns = Urns(arrivals.urns, val, test)
    untaught = set(range(arrivals.classes))
    bounds = near.of_arrivals(arrivals.starts).tolist()
    for begin, end, group, shown, first, last in zip(
        arrivals.starts[:-1].tolist(),
        arrivals.starts[1:].tolist(),
        arrivals.group[arrivals.starts[:-1]].tolist(),
        _shown(arrivals),
        bounds[:-1],
        bounds[1:],
        strict=True,
    ):
        around = None
        if first < last:
            image, other, bits = near.part(first, last)
            where = np.where(embargoed[other], NONE, home[arrivals.group[other]])
            around = _Around(image, other, bits, where)
        side = int(home[group])
        if side == NONE and around:
            side = around.joined(end - begin)
        if side == NONE:
            if not shown:
                continue
            if any(urn % arrivals.classes in untaught for urn, _ in shown):
                side = TRAIN
            else:
                side = cut(draws[group], urns.odds_of(shown))
            urns.put(shown, side)
        home[group] = side
        if around:
            out, rivals, apart = around.clashes(side)
            embargoed[out], rival[out], distance[out] = True, rivals, apart
        if side == TRAIN and untaught:
            teaches = arrivals.used[begin:end] & ~embargoed[begin:end]
            untaught.difference_update(arrivals.label[begin:end][teaches].tolist())
    in_use = np.where(arrivals.used & ~embargoed, home[arrivals.group], np.int8(NONE))
    return Decision(in_use, rival, distance)


@dataclass(frozen=True)
class _Around:
    """Pairs of what arrives with what came before: int64 [P] each, sorted as in `Near`.

    The image that arrives, the other, bits between them, and the other's split now or `NONE`.
    """

    image: np.ndarray
    other: np.ndarray
    bits: np.ndarray
    where: np.ndarray

    def joined(self, count: int) -> int:
        """The split near which at least half of `count` images lie; `NONE` if there is none."""
        settled = self.where != NONE
        key = np.unique(self.image[settled] * len(SPLITS) + self.where[settled])
        votes = np.bincount(key % len(SPLITS), minlength=len(SPLITS))
        winner = int(votes.argmax())
        return winner if votes[winner] and 2 * votes[winner] >= count else NONE

    def clashes(self, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Images that lie near one of another split, the nearest such, and the bits to it."""
        clash = (self.where != NONE) & (self.where != side) & (self.bits < COPY)
        rows = np.flatnonzero(clash)
        image, first = np.unique(self.image[rows], return_index=True)
        return image, self.other[rows[first]], self.bits[rows[first]]


def _shown(arrivals: Arrivals) -> list[list[tuple[int, float]]]:
    """The urns of each arrival, one for each class, with the share of its images in use there."""
    count = len(arrivals.starts) - 1
    number = np.repeat(np.arange(count), np.diff(arrivals.starts))[arrivals.used]
    urn = arrivals.urn[arrivals.used]
    found, images = np.unique(number * arrivals.urns + urn, return_counts=True)
    where, urn = np.divmod(found, max(arrivals.urns, 1))
    parts = images / np.bincount(number, minlength=count)[where]
    shown: list[list[tuple[int, float]]] = [[] for _ in range(count)]
    for at, one, part in zip(where.tolist(), urn.tolist(), parts.tolist(), strict=True):
        shown[at].append((one, part))
    return shown


def leaks(near: Near, side: np.ndarray) -> int:
    """How many training images lie near a held-out one; must be 0.

    Args:
        near: the pairs of neighbours; images of one group share their split and are not among them.
        side: int8 [N], the split of each image, -1 for none.
    """
    leaking = np.zeros(len(side), dtype=bool)
    for later, earlier, distance in near.parts():
        for one, other in ((later, earlier), (earlier, later)):
            bad = (side[one] == TRAIN) & (side[other] > TRAIN) & (distance < COPY)
            leaking[one[bad]] = True
    return int(leaking.sum())
