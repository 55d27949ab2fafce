"""Near-duplicates across drives: which images of different drives look the same, in eight bytes a
pair, and what an arrival is near to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from argus.core.params import Split
from argus.core.paths import CACHE
from argus.features.neighbours import FeatureNeighbours
from argus.features.vectors import Vectors
from argus.hamming.search import Hashes
from stages.split.arrivals import Arrivals
from stages.split.balance import TRAIN
from stages.split.prior_splits import NONE, PriorSplits

PAIRS = CACHE / "pairs"  # found by earlier runs: at this radius, most of a large split's time
FEATURES = 30  # instead of bits: the pair is near by its features
COPY = 31  # likewise: one of the pair was dropped for the other
PLACE_BITS, DISTANCE_BITS = 28, 5
AT_ONCE = 1 << 20  # pairs unpacked at a time


@dataclass(frozen=True)
class Near:
    """Pairs of images that lie near each other and came in with different groups.

    Pairs of one group are left out, by far the most of them: they are in one split anyhow.

    Of a pair one yields to the other: the later one to the earlier, but an image in use of a group
    that no turn has settled yet to one that was in use in an earlier turn. So a drive that is let
    in only now, into the middle, costs no image that was held out before.

    `keys` uint64 [P], a pair perhaps twice, sorted: from the highest bit on the place in `Arrivals`
    of the image that yields, the distance in bits (or `FEATURES`, or `COPY`), the place of the
    other one. So the neighbours of an image stand together, the nearest first, and of those the
    earliest.
    """

    keys: np.ndarray

    @classmethod
    def of(
        cls,
        images: pl.DataFrame,
        arrivals: Arrivals,
        prior: PriorSplits,
        settings: Split,
        mirrored: bool,
        vectors: Vectors | None,
    ) -> Near:
        """All pairs in a catalogue: images in use that are near by hash or by features, copies with
        their originals.

        Args:
            images: the catalogue.
            arrivals: of that catalogue, at most 2^28 images.
            prior: what earlier turns decided about them.
            settings: of the split.
            mirrored: whether an image and its mirror image look the same.
            vectors: of the images in use in the order of the catalogue; None: hashes alone tell.
        """
        assert len(arrivals.row) < 1 << PLACE_BITS
        hashed = images.select("phash", "phash_mirrored")[arrivals.row]
        newcomer = arrivals.used & (prior.group_split[arrivals.group] == NONE)
        place = np.flatnonzero(arrivals.used & hashed["phash"].is_not_null().to_numpy())
        hashes = Hashes.of(hashed[place], mirrored)
        copy = np.flatnonzero(arrivals.copy_of >= 0)
        copy = copy[arrivals.group[copy] != arrivals.group[arrivals.copy_of[copy]]]

        def packed(i: np.ndarray, j: np.ndarray, distance: np.ndarray) -> np.ndarray:
            later, earlier = np.maximum(i, j), np.minimum(i, j)
            swap = prior.known[later] & newcomer[earlier]
            return _packed(np.where(swap, earlier, later), np.where(swap, later, earlier), distance)

        parts = [packed(copy, arrivals.copy_of[copy], np.full(len(copy), COPY))]
        for i, j in hashes.within(settings.radius, PAIRS):
            across = arrivals.group[place[i]] != arrivals.group[place[j]]
            i, j = i[across], j[across]
            parts.append(packed(place[i], place[j], hashes.apart(i, j)))
        if vectors is not None:
            used = np.flatnonzero(arrivals.used)
            used = used[np.argsort(arrivals.row[used])]
            alike = FeatureNeighbours(
                vectors,
                images["phash"].gather(arrivals.row[used]),
                settings.distance,
                settings.with_hash.distance,
                settings.with_hash.radius,
            )
            for i, j in alike.across(arrivals.group[used]):
                parts.append(packed(used[i], used[j], np.full(len(i), FEATURES)))
        keys = np.concatenate(parts)
        keys.sort()
        return cls(keys)

    def of_arrivals(self, starts: np.ndarray) -> np.ndarray:
        """Where the pairs begin in which an image of each arrival yields: int64 [B + 1]."""
        first = starts.astype(np.uint64) << np.uint64(PLACE_BITS + DISTANCE_BITS)
        return np.searchsorted(self.keys, first)

    def part(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Some pairs: the image that yields, the other one, the distance; int64 each."""
        keys = self.keys[first:last]
        image = keys >> np.uint64(PLACE_BITS + DISTANCE_BITS)
        distance = (keys >> np.uint64(PLACE_BITS)) & np.uint64((1 << DISTANCE_BITS) - 1)
        other = keys & np.uint64((1 << PLACE_BITS) - 1)
        return image.astype(np.int64), other.astype(np.int64), distance.astype(np.int64)

    def parts(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """All pairs, as `part` gives them, `AT_ONCE` at a time."""
        for first in range(0, len(self.keys), AT_ONCE):
            yield self.part(first, first + AT_ONCE)


@dataclass(frozen=True)
class Neighbourhood:
    """Pairs of what arrives with what it yields to: [P] each, sorted as in `Near`.

    An image that was in a split before yields to itself, at 0 bits, and these pairs come first.

    Attributes:
        count: images that arrive.
        image, other: int64, the image that arrives and the other one.
        bits: int64, between them.
        where: int64, the other's split; 3 and up, what is not placed yet: 3 and the arrival that it
            goes with; `NONE` if it has no say.
        may: bool, whether what arrives may go there by its rights.
    """

    count: int
    image: np.ndarray
    other: np.ndarray
    bits: np.ndarray
    where: np.ndarray
    may: np.ndarray

    def joined(self) -> int:
        """Where at least half of the images lie near something, of where they may go; `NONE` if
        that is nowhere."""
        if not self.may.any():
            return NONE
        votes = np.unique(np.stack([self.where[self.may], self.image[self.may]]), axis=1)[0]
        targets, images = np.unique(votes, return_counts=True)
        winner = images.argmax()
        return int(targets[winner]) if 2 * images[winner] >= self.count else NONE

    def clashes(self, side: int, denied: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Images that lie near one of another split, the nearest such, and the bits to it; without
        those that are denied anyhow.
        """
        clash = (self.where != NONE) & (self.where != side) & (self.bits < COPY)
        clash &= ~denied[self.image]
        rows = np.flatnonzero(clash)
        image, first = np.unique(self.image[rows], return_index=True)
        return image, self.other[rows[first]], self.bits[rows[first]]


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


def bits_between(
    images: pl.DataFrame, rows: np.ndarray, others: np.ndarray, mirrored: bool
) -> pl.Series:
    """Bits between the hashes of rows and others of a catalogue, null where one has none: int64
    [P]."""
    both = images["phash"].is_not_null().to_numpy()
    both = np.flatnonzero(both[rows] & both[others])
    pair = images.select("phash", "phash_mirrored")[np.concatenate([rows[both], others[both]])]
    place = np.arange(len(both))
    bits = Hashes.of(pair, mirrored).apart(place, place + len(both))
    nothing = pl.Series([None], dtype=pl.Int64).new_from_index(0, len(rows))
    return nothing.scatter(both, bits.astype(np.int64))


def _packed(image: np.ndarray, other: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """The keys of pairs, as in `Near`: uint64 [P]."""
    image, other, bits = (each.astype(np.uint64) for each in (image, other, distance))
    return (image << np.uint64(DISTANCE_BITS) | bits) << np.uint64(PLACE_BITS) | other
