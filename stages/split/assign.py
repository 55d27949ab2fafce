"""Frozen, leak-free splits: by drive and by near-duplicate neighbourhood, in order of arrival.

Every decision looks only at what came in before, so a new delivery never moves an older image; and
what the turns before decided stands (`record`), so that nothing else does either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stages.common.catalogue import SPLITS
from stages.split.arrivals import Arrivals
from stages.split.near import COPY, FEATURES, Near
from stages.split.record import NONE, Standing
from stages.split.urn import Urns, by_hash, cut

TRAIN = 0  # its number in SPLITS


@dataclass(frozen=True)
class Decision:
    """What became of N images of G groups, which came in B arrivals.

    Attributes:
        side: int8 [N], the number in `SPLITS`; -1 for a copy or an image that is used in none.
        denied: bool [N], images in use that may not be in the split of their group.
        rival: int64 [N], for an embargoed image the nearest one of another split, or the image
            itself if it was in another split in an earlier turn; else -1.
        distance: int64 [N], bits to that one, or `FEATURES`; else -1.
        home: int8 [G], the split of each group; -1 for one that is left open.
        drew: bool [B], the arrivals with which a group was put into the urns.
    """

    side: np.ndarray
    denied: np.ndarray
    rival: np.ndarray
    distance: np.ndarray
    home: np.ndarray
    drew: np.ndarray


def assign(
    arrivals: Arrivals, near: Near, standing: Standing, seed: int, val: float, test: float
) -> Decision:
    """Split images in order of arrival.

    For each group of a delivery, in the order of its first image:

    1. a group that was seen before, in this turn or an earlier one, keeps its split;
    2. else, if at least half of its images lie near images of one split that it may be in (or they
       are copies of such, or images of a drive in that split were dropped for them, or they
       themselves were in that split in an earlier turn), it joins them;
    3. else, if it may train and a class of it has no training image yet, it trains: a class that is
       only held out teaches nothing;
    4. else the hash of its name decides, among the splits that it may be in, at odds that favour
       the one which is behind in its classes (`Urns`), of all drives that ever were. What was
       placed by 3 counts as drawn; what joined does not, as it belongs to a neighbourhood that was
       counted.

    It may be in a split if one of its images in use may (all of a delivery have the same rights).
    An image that may not be in the split of its group is denied, and used nowhere: a drive is never
    torn, and one that has trained never judges, nor the other way round, when its rights change.

    Then an image of the group that yields to one of another split near it (`Near`), or was in
    another split itself in an earlier turn, is embargoed: it is used nowhere, and nothing that came
    before is touched. A group of which there are only copies and which joins nothing, or which may
    be in no split that has a share, is left open.

    Args:
        arrivals: N images.
        near: the pairs of neighbours among them.
        standing: what earlier turns decided about them.
        seed: changes all draws.
        val, test: shares of drives, 0 to 1.
    """
    n = len(arrivals.row)
    home = standing.home.copy()
    denied, embargoed = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    rival, distance = np.full(n, NONE), np.full(n, NONE)
    drew = np.zeros(len(arrivals.starts) - 1, dtype=bool)
    draws = [by_hash(name, seed) for name in arrivals.names]
    urns = Urns(arrivals.kinds.height, val, test)
    open_to, limited = arrivals.grants()
    for urn, side in np.argwhere(standing.drawn > 0).tolist():
        urns.put([(urn, float(standing.drawn[urn, side]))], side)
    untaught = set(range(arrivals.classes))
    bounds = near.of_arrivals(arrivals.starts).tolist()
    stray = np.searchsorted(standing.stray, arrivals.starts).tolist()
    for number, (begin, end, group, shown, may_be, first, last, since, until) in enumerate(
        zip(
            arrivals.starts[:-1].tolist(),
            arrivals.starts[1:].tolist(),
            arrivals.group[arrivals.starts[:-1]].tolist(),
            _by_arrival(arrivals),
            open_to,
            bounds[:-1],
            bounds[1:],
            stray[:-1],
            stray[1:],
            strict=True,
        )
    ):
        around = None
        if first < last or since < until:
            image, other, bits = near.part(first, last)
            # what has trained or judged before its rights changed still has its say
            silent = embargoed[other] | (denied[other] & ~standing.known[other])
            where = np.where(silent, NONE, home[arrivals.group[other]])
            itself = standing.stray[since:until]
            around = _Around(
                np.concatenate([itself, image]),
                np.concatenate([itself, other]),
                np.concatenate([np.zeros_like(itself), bits]),
                np.concatenate([standing.before[since:until], where]),
            )
        side = int(home[group])
        if side == NONE and around:
            side = around.joined(end - begin, may_be)
        if side == NONE:
            if not any(share for share, may in zip(urns.shares, may_be, strict=True) if may):
                denied[begin:end] = arrivals.used[begin:end]
                continue
            if not shown:
                continue
            if may_be[TRAIN] and any(urn % arrivals.classes in untaught for urn, _ in shown):
                side = TRAIN
            else:
                side = cut(draws[group], urns.odds_of(shown, may_be))
            urns.put(shown, side)
            drew[number] = True
        home[group] = side
        if limited[number]:
            denied[begin:end] = arrivals.used[begin:end] & ~arrivals.may[begin:end, side]
        if around:
            out, rivals, apart = around.clashes(side, denied)
            embargoed[out], rival[out], distance[out] = True, rivals, apart
        if side == TRAIN and untaught:
            teaches = arrivals.used[begin:end] & ~embargoed[begin:end] & ~denied[begin:end]
            untaught.difference_update(arrivals.label[begin:end][teaches].tolist())
    out_of_use = ~arrivals.used | embargoed | denied
    in_use = np.where(out_of_use, np.int8(NONE), home[arrivals.group])
    return Decision(in_use, denied, rival, distance, home, drew)


@dataclass(frozen=True)
class _Around:
    """Pairs of what arrives with what it yields to: int64 [P] each, sorted as in `Near`.

    The image that arrives, the other, bits between them, and the other's split now or `NONE`. An
    image that was in a split before yields to itself, at 0 bits, and these pairs come first.
    """

    image: np.ndarray
    other: np.ndarray
    bits: np.ndarray
    where: np.ndarray

    def joined(self, count: int, may_be: Sequence[bool]) -> int:
        """The split near which at least half of `count` images lie, of those that they may be in;
        `NONE` if there is none.
        """
        settled = np.array([*may_be, False])[self.where]  # the last one is NONE
        key = np.unique(self.image[settled] * len(SPLITS) + self.where[settled])
        votes = np.bincount(key % len(SPLITS), minlength=len(SPLITS))
        winner = int(votes.argmax())
        return winner if votes[winner] and 2 * votes[winner] >= count else NONE

    def clashes(self, side: int, denied: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Images that lie near one of another split, the nearest such, and the bits to it; without
        those that are denied anyhow.
        """
        clash = (self.where != NONE) & (self.where != side) & (self.bits < COPY)
        clash &= ~denied[self.image]
        rows = np.flatnonzero(clash)
        image, first = np.unique(self.image[rows], return_index=True)
        return image, self.other[rows[first]], self.bits[rows[first]]


def _by_arrival(arrivals: Arrivals) -> list[list[tuple[int, float]]]:
    """The urns of each arrival, one for each class, with the share of its images in use there."""
    shown: list[list[tuple[int, float]]] = [[] for _ in arrivals.starts[1:]]
    for at, urn, part in zip(*(each.tolist() for each in arrivals.shown()), strict=True):
        shown[at].append((urn, part))
    return shown


def leaks(near: Near, side: np.ndarray) -> dict[str, int]:
    """How many training images lie near a held-out one, by `hash` and by `features`; must be 0.

    Args:
        near: the pairs of neighbours; images of one group share their split and are not among them.
        side: int8 [N], the split of each image, -1 for none.
    """
    leaking = {name: np.zeros(len(side), dtype=bool) for name in ("hash", "features")}
    for a, b, distance in near.parts():
        for one, other in ((a, b), (b, a)):
            bad = (side[one] == TRAIN) & (side[other] > TRAIN)
            leaking["hash"][one[bad & (distance < FEATURES)]] = True
            leaking["features"][one[bad & (distance == FEATURES)]] = True
    return {name: int(which.sum()) for name, which in leaking.items()}
