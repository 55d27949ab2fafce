"""The draw of a drive's split: by the hash of its name, at odds that make up for earlier draws."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from stages.common.catalogue import SPLITS

BALLS = 2
"""Drives with which an urn starts. One would nearly dictate each draw; many are like no urn."""


def by_hash(group: str, seed: int) -> float:
    """The number that a group's name draws: the same for ever, whatever else there is.

    SHA-256 of seed and name as a fraction of 2^64: 0 to 1, 1 excluded.
    """
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def cut(draw: float, odds: Sequence[float]) -> int:
    """Which split a draw falls on: test from 0 on, then val, then train.

    Args:
        draw: 0 to 1.
        odds: of train, val, test, as in `SPLITS`; sum 1.

    Returns:
        Its number in `SPLITS`.
    """
    train, val, test = odds
    if draw < test:
        return 2
    return 1 if draw < test + val or not train else 0  # the sum may be rounded to just below 1


class Urns:
    """For each class of each source an urn, from which its drives draw their splits.

    An urn starts with `BALLS` balls, in the splits' shares. A drive takes a ball of the split that
    it draws out, and one ball, again in the splits' shares, goes in: a split is the likelier the
    further it is behind. This is the mass weighted urn of Zhao (Contemporary Clinical Trials,
    2015), with the hash of the drive's name as the draw.

    After n draws of drives of one class a split of share p has had at most p (n + BALLS) + 1 of
    them, so none is ever more than BALLS + 2 short, and what is off of its proportion shrinks like
    1 / n; for a hash alone it is the binomial sqrt(p (1 - p) / n). Drives count, not images: one
    giant drive is one drive, and drives that lose images to a limit on quality draw as before.

    What comes in later changes no draw. Drives that drew in an earlier turn do not draw again, and
    the urns take note of them first, whether or not they are still there (`record`). So it is only
    without a record that what is taken out of the middle matters: with one early drive less, up to
    a fifth of the later ones of its urn draw another split. Sources have urns of their own, so that
    the drives of one do not depend on another.

    A drive that may only be held out, by its rights, draws between val and test, in proportion to
    their shares; one that may only train is put into train. Both count, and the drives that may be
    anywhere make up for them.
    """

    def __init__(self, count: int, val: float, test: float) -> None:
        self.shares = (1 - val - test, val, test)
        self.drawn = [[0.0] * len(SPLITS) for _ in range(count)]

    def odds(self, urn: int, open_to: Sequence[bool] = (True,) * len(SPLITS)) -> list[float]:
        """The chance of each split in the next draw; sum 1. A split that is ahead has none.

        Args:
            open_to: the splits that the drive may be in, as in `SPLITS`; one at least with a share
                above 0. Among these it is as if there were no others.
        """
        shares = [share * is_open for share, is_open in zip(self.shares, open_to, strict=True)]
        drawn = [mass * is_open for mass, is_open in zip(self.drawn[urn], open_to, strict=True)]
        balls = (BALLS + sum(drawn)) / sum(shares)
        left = [max(share * balls - mass, 0) for share, mass in zip(shares, drawn, strict=True)]
        total = sum(left)
        return [mass / total for mass in left]

    def odds_of(
        self, parts: Sequence[tuple[int, float]], open_to: Sequence[bool] = (True,) * len(SPLITS)
    ) -> list[float]:
        """The mean odds of a drive that shows several classes.

        Args:
            parts: its urns, with the share of its images in each; sum 1.
            open_to: as for `odds`.
        """
        each = [(self.odds(urn, open_to), part) for urn, part in parts]
        return [sum(odds[i] * part for odds, part in each) for i in range(len(SPLITS))]

    def put(self, parts: Sequence[tuple[int, float]], side: int) -> None:
        """Take note of a drive's split, drawn or not."""
        for urn, part in parts:
            self.drawn[urn][side] += part
