"""Coreset selection: the k most distinct of N vectors, by greedy choice with lazy evaluation.

Two rules say what makes one more image worth taking: k-centre, and a determinantal point process.

A greedy choice takes, again and again, the row with the largest gain. Under both rules a gain can
only fall as more rows are taken, so a gain computed long ago is an upper bound, and a row whose
bound lies below the best gain need not be looked at (Minoux, Accelerated greedy algorithms for
maximizing submodular set functions, 1978). The bound also holds if only some of the rows taken went
into it, so a row is first compared with those of its own neighbourhood: most fall out of the race
by that alone. The few that are left are brought up to date by products of matrices instead of a
product with one vector for each choice. The rows taken are those of the plain greedy algorithm, in
its order: but for the rounding of products, and with the first of equals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isqrt

import numpy as np

from argus.core.errors import ArgusError
from argus.features.vectors import BLOCK, Vectors

POOL = (4096, 16384)  # at least, at most so many rows are looked at in a round
POOL_SHARE = 25  # between the two, one row in so many
PROBES = 128  # choices that a row is compared with at a time
RIDGE = 0.01  # of the DPP's kernel: how much of an image counts as its own in any case


@dataclass(frozen=True)
class Rule:
    """What a greedy choice goes by: the worth of a row, from its products with a probe of each row
    taken before.

    `start` is the gain of a row while nothing is taken; `probe(x [D], probes [j, D]) -> [D]` what
    rows are multiplied with once the unit vector x is taken after j others;
    `lessened(gain [n], products [n, b]) -> [n]` the gain that is left after b more probes, never
    more than before and the same in whatever order or portions they come; `neutral` a product
    that lessens nothing.
    """

    start: float
    probe: Callable[[np.ndarray, np.ndarray], np.ndarray]
    lessened: Callable[[np.ndarray, np.ndarray], np.ndarray]
    neutral: float


def _residual(vector: np.ndarray, probes: np.ndarray) -> np.ndarray:
    """What the rows taken do not explain of a vector, scaled so that products can be squared."""
    products = probes @ vector
    gain = 1 + RIDGE - products @ products
    return (vector - products @ probes) / np.sqrt(max(gain, RIDGE))


K_CENTRE = Rule(
    start=4.0,
    probe=lambda vector, _probes: vector,
    lessened=lambda gain, products: np.minimum(gain, 2 - 2 * products.max(axis=1)),
    neutral=-1.0,
)
"""Greedy k-centre (Gonzalez, 1985): the gain is the squared distance to the nearest row taken.

The rows taken lie within twice the best possible covering radius."""

DPP = Rule(
    start=1 + RIDGE,
    probe=_residual,
    lessened=lambda gain, products: gain - np.einsum("nb,nb->n", products, products),
    neutral=0.0,
)
"""Greedy MAP of a determinantal point process (Chen, Zhang and Zhou, NeurIPS 2018).

The gain is the factor by which a row raises det(K + RIDGE * I), K the cosine kernel of the rows
taken. Chen et al. keep a Cholesky row for each of the N candidates; the same gains come here from
ridge residuals in the space of the vectors, which needs no memory for each candidate. Every choice
lessens every gain a little, so that lazy evaluation saves less than it does with k-centre."""

METHODS = {"k_centre": K_CENTRE, "dpp": DPP}
"""By the name in `prune.method`."""


def distinct(
    vectors: Vectors,
    labels: Sequence[str],
    wanted: Mapping[str, int],
    rule: Rule,
    progress: Callable[[int], None] = lambda _: None,
) -> np.ndarray:
    """The most distinct images of each class: bool [N], True for those kept.

    Args:
        vectors: N rows.
        labels: N class names.
        wanted: how many to keep of each class.
        rule: how they are chosen.
        progress: told how many images more have been chosen.
    """
    kept = np.zeros(len(vectors), dtype=bool)
    names = np.asarray(labels)
    for name, k in sorted(wanted.items()):
        rows = np.flatnonzero(names == name)
        kept[rows[greedy(vectors.part(rows), k, rule, progress)]] = True
    return kept


def greedy(
    vectors: Vectors, k: int, rule: Rule, progress: Callable[[int], None] = lambda _: None
) -> np.ndarray:
    """Take k rows, each time the one with the largest gain.

    Starts with the most typical row, so that there is no draw to seed: the one nearest to the mean,
    of all rows or of `BLOCK` that are spread over them. Memory: the k vectors taken, the pool, and
    some 50 bytes a row.

    Args:
        vectors: N rows.
        k: 0 to N.
        rule: how they are chosen.
        progress: told how many rows more have been taken.

    Returns:
        int64 [k] rows in the order taken.

    Raises:
        ArgusError: there is a vector that is not finite.
    """
    taken = np.empty(k, dtype=np.int64)
    if k == 0:
        return taken
    n = len(vectors)
    # what follows reads all rows once: the first choice and the neighbourhoods come from a sample
    spread = np.linspace(0, n - 1, min(n, BLOCK)).astype(np.int64)
    sample = vectors[spread]
    first = int(np.argmax(sample @ sample.mean(axis=0)))
    taken[0] = spread[first]
    probes = np.empty((k, vectors.dimensions), dtype=np.float32)
    probes[0] = rule.probe(sample[first], probes[:0])
    landmarks = sample[np.linspace(0, len(sample) - 1, isqrt(k)).astype(np.int64)]
    landmark_of = np.empty(n, dtype=np.int64)  # the landmark that a row is most like
    gain = np.full(n, rule.start, dtype=np.float32)
    for place, block in vectors.blocks():
        products = block @ np.vstack([probes[:1], landmarks]).T
        if not np.isfinite(products).all():
            raise ArgusError("data/embed has vectors that are not finite: `dvc repro -f embed`")
        gain[place] = rule.lessened(gain[place], products[:, :1])
        landmark_of[place] = products[:, 1:].argmax(axis=1)
    gain[taken[0]] = -np.inf
    seen = np.ones(n, dtype=np.int64)  # that many probes, the first ones, are in the gain
    bound = gain.copy()  # at least what the gain would be with all of them
    done = 1
    progress(done)
    size = min(max(POOL[0], n // POOL_SHARE), POOL[1])
    while done < k:
        pool, rest, runner_up = _highest(bound, size)
        pool = pool[np.argsort(landmark_of[pool], kind="stable")]
        rows = vectors[pool]
        race = _Race(rows, gain[pool], seen[pool], bound[pool], rest, rule)
        race.compare_within_landmark(probes[:done], landmark_of[pool], landmark_of[taken[:done]])
        race.compare(probes[:done])
        # in order of the rows, so that argmax finds the first of equals
        left = np.flatnonzero(race.bound >= rest)
        left = left[np.argsort(pool[left])]
        rows, running, before = rows[left], race.gain[left], done
        while done < k and len(left):
            best = int(np.argmax(running))
            row = pool[left[best]]
            if running[best] < rest or (running[best] == rest and row > runner_up):
                break
            taken[done] = row
            probes[done] = rule.probe(rows[best], probes[:done])
            running = rule.lessened(running, (rows @ probes[done])[:, None])
            running[best] = -np.inf
            done += 1
        race.gain[left] = race.bound[left] = running
        race.seen[left] = done
        gain[pool], seen[pool], bound[pool] = race.gain, race.seen, race.bound
        progress(done - before)
    return taken


@dataclass(frozen=True)
class _Race:
    """The pool of a round, and what is known of the gain of its rows.

    `rows` float32 [n, D]; `gain` float32 [n] after the first `seen` int64 [n] probes; `bound`
    float32 [n], no higher than that, since other probes may be in it. A row whose bound lies below
    `rest` is out, and stays as it is.
    """

    rows: np.ndarray
    gain: np.ndarray
    seen: np.ndarray
    bound: np.ndarray
    rest: float
    rule: Rule

    def compare_within_landmark(
        self, probes: np.ndarray, landmark_of: np.ndarray, of_probes: np.ndarray
    ) -> None:
        """Lower the bounds of rows, sorted by landmark, by its probes that they have not seen."""
        starts = np.flatnonzero(np.diff(landmark_of, prepend=-1))
        for start, stop in pairwise([*starts, len(landmark_of)]):
            group = slice(start, stop)
            numbers = np.flatnonzero(of_probes == landmark_of[start])
            numbers = numbers[numbers >= self.seen[group].min()]
            if len(numbers):
                gain = self._after(group, probes, numbers)
                self.bound[group] = np.minimum(self.bound[group], gain)

    def compare(self, probes: np.ndarray) -> None:
        """Bring the gain of rows up to date, until they are out."""
        inside = self.bound >= self.rest
        for start in range(
            int(self.seen.min(initial=len(probes), where=inside)), len(probes), PROBES
        ):
            numbers = np.arange(start, min(start + PROBES, len(probes)))
            late = np.flatnonzero((self.seen <= numbers[-1]) & (self.bound >= self.rest))
            self.gain[late] = self._after(late, probes, numbers)
            self.bound[late] = np.minimum(self.bound[late], self.gain[late])
            self.seen[late] = numbers[-1] + 1

    def _after(
        self, index: np.ndarray | slice, probes: np.ndarray, numbers: np.ndarray
    ) -> np.ndarray:
        """The gain of some rows if the probes of those numbers are in it too."""
        products = self.rows[index] @ probes[numbers].T
        products[self.seen[index, None] > numbers] = self.rule.neutral
        return self.rule.lessened(self.gain[index], products)


def _highest(bound: np.ndarray, size: int) -> tuple[np.ndarray, float, int]:
    """The rows with the `size` highest bounds, the highest of all the others, and whose that is.

    Of rows with equal bounds the first come first.
    """
    if len(bound) <= size:
        return np.arange(len(bound)), -np.inf, len(bound)
    least = np.partition(bound, -size)[-size]
    inside = bound > least
    inside[np.flatnonzero(bound == least)[: size - np.count_nonzero(inside)]] = True
    others = np.where(inside, -np.inf, bound)
    runner_up = int(np.argmax(others))
    return np.flatnonzero(inside), float(others[runner_up]), runner_up
