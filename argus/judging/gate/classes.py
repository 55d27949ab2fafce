"""Whether a challenger is worse than its rival in any class, whatever it is on average."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

from argus.judging.statistics import Comparison

LEVEL = 0.05

Key = TypeVar("Key", bound=Hashable)


def worse(comparisons: Mapping[Key, Comparison]) -> dict[Key, float]:
    """The classes in which a challenger is worse beyond chance, with their adjusted p-values.

    One-sided, and by Holm's method (Scandinavian Journal of Statistics 1979) over all classes that
    can be told at all: a challenger that is worse in none is refused for any of them with a
    probability of at most 5 %, however the classes depend on each other. What is not found is not
    refuted: `argus.judging.gate.power.detectable` tells how much worse it could be unseen.

    Args:
        comparisons: challenger and rival, by class, over the reals of that class alone.
    """
    told = {name: each.confidence for name, each in comparisons.items() if each.errors}
    found: dict[Key, float] = {}
    adjusted = 0.0
    for place, name in enumerate(sorted(told, key=lambda name: (told[name], str(name)))):
        # the confidence to be better is the p-value of being worse
        adjusted = max(adjusted, min(1.0, (len(told) - place) * told[name]))
        if adjusted <= LEVEL:
            found[name] = adjusted
    return found
