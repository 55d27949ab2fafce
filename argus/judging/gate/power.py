"""What a test could have seen: how large a difference has to be for it to be found."""

from __future__ import annotations

from argus.judging.statistics import Comparison

OFTEN = 0.8


def detectable(comparison: Comparison, alpha: float) -> float:
    """The smallest difference that a test like this one finds with a probability of 80 %.

    The minimum detectable effect of Bloom (Evaluation Review 1995), above 0: what has to be
    exceeded, and what chance takes off in one case of five. Infinite where nothing can be told.

    Args:
        comparison: whose errors the test would have.
        alpha: its level, one-sided.
    """
    return comparison.margin(alpha) + comparison.margin(1 - OFTEN)


def weakest(comparison: Comparison) -> str | None:
    """The population that most of the error comes from: more units of it help most; None where
    nothing can be told."""
    return max(comparison.errors, key=lambda name: comparison.errors[name], default=None)
