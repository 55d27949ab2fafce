"""Frozen, leak-free splits: by drive and by near-duplicate neighbourhood, in order of arrival.

Every decision looks only at what came in before, so a new delivery never moves an older image.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stages.common.catalogue import SPLITS
from stages.dedupe.search import pairs_within

EMBARGOED = "embargoed"


@dataclass(frozen=True)
class Frame:
    """What the split looks at in one image.

    `group` is what must stay together (its drive, or the image itself), `delivery` the unit in
    which images arrive, `label` its class, `copy_of` the row of the image that it was dropped for
    as a duplicate: a copy is not assigned, but it tells where its drive belongs. None if in use.
    """

    group: str
    delivery: str
    label: str
    copy_of: int | None = None


def by_hash(group: str, seed: int, val: float, test: float) -> str:
    """The split that a group's name draws: the same for ever, whatever else there is.

    SHA-256 of seed and name as a fraction of 2^64, cut at the shares of test and val.
    """
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    draw = int.from_bytes(digest[:8], "big") / 2**64
    if draw < test:
        return "test"
    return "val" if draw < test + val else "train"


def assign(
    frames: Sequence[Frame], hashes: np.ndarray, radius: int, seed: int, val: float, test: float
) -> tuple[list[str], np.ndarray]:
    """Split images in order of arrival.

    For each group of a delivery, in the order of its first image:

    1. a group that was seen before keeps its split;
    2. else, if at least half of its images lie near images of one split, or are copies of such,
       it joins them;
    3. else, if a class of it has no training image yet, it trains: a class that is only held out
       teaches nothing;
    4. else the hash of its name decides.

    Then an image of the group that lies near an image of another split is embargoed: it is used
    nowhere, and nothing that came before is touched.

    Args:
        frames: N images in order of arrival, deliveries in one piece each.
        hashes: uint64 [N] perceptual hashes.
        radius: bits within which two images count as neighbours.
        seed: changes all draws.
        val: share of groups, 0 to 1.
        test: share of groups, 0 to 1.

    Returns:
        split: N names out of `SPLITS`, or `embargoed`; empty for a copy.
        rival: int64 [N], the row of the nearest image that caused an embargo; -1 for none.
    """
    # copies say where they belong by themselves; among them there may be very many pairs
    used = np.array([row for row, f in enumerate(frames) if f.copy_of is None], dtype=np.int64)
    left, right, apart = pairs_within(hashes[used], radius)
    left, right = used[left], used[right]
    # neighbours in both directions, each row's list sorted by distance and then by arrival
    here, there = np.r_[left, right], np.r_[right, left]
    order = np.lexsort((there, np.r_[apart, apart], here))
    there = there[order]
    bounds = np.searchsorted(here[order], np.arange(len(frames) + 1))

    split = [""] * len(frames)  # empty: not decided yet
    rival = np.full(len(frames), -1, dtype=np.int64)
    settled: dict[str, str] = {}
    trained: set[str] = set()
    for rows in _arrivals(frames):
        group = frames[rows[0]].group
        near = [_settled_near(row, frames[row].copy_of, there, bounds, split) for row in rows]
        home = settled.get(group) or _joined(near, split)
        if home is None and any(frames[r].label not in trained for r in rows):
            home = "train"
        home = settled[group] = home or by_hash(group, seed, val, test)
        for row, neighbours in zip(rows, near, strict=True):
            if frames[row].copy_of is not None:
                continue
            rivals = [n for n in neighbours if split[n] != home]
            split[row] = EMBARGOED if rivals else home
            rival[row] = rivals[0] if rivals else -1
            if split[row] == "train":
                trained.add(frames[row].label)
    return split, rival


def _arrivals(frames: Sequence[Frame]) -> list[list[int]]:
    """Rows of each group of each delivery, in the order of the group's first image."""
    groups: dict[tuple[str, str], list[int]] = {}
    for row, frame in enumerate(frames):
        groups.setdefault((frame.delivery, frame.group), []).append(row)
    return list(groups.values())


def _settled_near(
    row: int, copy_of: int | None, there: np.ndarray, bounds: np.ndarray, split: list[str]
) -> list[int]:
    """Rows already in a split that lie near a row (or that it is a copy of), the nearest first."""
    rows = there[bounds[row] : bounds[row + 1]] if copy_of is None else [copy_of]
    return [int(n) for n in rows if split[n] in SPLITS]


def _joined(near: list[list[int]], split: list[str]) -> str | None:
    """The split near which at least half of a group's images lie; None if there is none."""
    votes = {name: sum(any(split[n] == name for n in ns) for ns in near) for name in SPLITS}
    winner = max(SPLITS, key=lambda name: votes[name])
    return winner if 2 * votes[winner] >= len(near) else None


def leaks(hashes: np.ndarray, split: Sequence[str], radius: int) -> int:
    """How many training images lie within `radius` bits of a held-out one; must be 0."""
    side = np.array([SPLITS.index(name) if name in SPLITS else -1 for name in split])
    left, right, _ = pairs_within(hashes, radius)
    a, b = side[left], side[right]
    return len(set(left[(a == 0) & (b > 0)]) | set(right[(b == 0) & (a > 0)]))
