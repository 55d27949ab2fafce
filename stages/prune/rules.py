"""What makes one more image worth taking: the two rules by which a greedy choice is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

RIDGE = 0.01  # of the DPP's kernel: how much of a picture counts as its own in any case


@dataclass(frozen=True)
class Rule:
    """What a row is worth, as a function of its products with a probe of each row taken before.

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
    probe=lambda vector, probes: vector,
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
