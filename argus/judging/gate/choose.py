"""Which of several challengers for one task is put to the test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from argus.judging.metric import Metric


class Choice(NamedTuple):
    """A challenger, and by what it was chosen."""

    name: str
    how: str
    """In words, "best of 3 by KID on val"; empty where there was no choice."""
    scores: dict[str, float]
    """What was compared, by challenger."""

    def __str__(self) -> str:
        return f"{self.name} ({self.how})" if self.how else self.name


def choose(
    on_val: Mapping[str, float | None], held_out: Mapping[str, float], metric: Metric
) -> Choice:
    """The best challenger on val where all were validated, else on the held-out reals.

    The best of several on the very reals that judge it looks better than it is: among k equals the
    luckiest is taken, so the confidence would promise too much (the winner's curse; selection bias
    of Cawley and Talbot, JMLR 2010). Chosen on val, the one that is judged is as good as fixed
    before anybody looked at the test. Equals go by name.

    Args:
        on_val: score of the weights kept, by challenger; None for one trained without validation.
        held_out: score on the reals that judge, by challenger, the same ones.
        metric: whose scores they are.
    """
    validated = {name: score for name, score in on_val.items() if score is not None}
    by_val = len(validated) == len(on_val)
    scores = validated if by_val else dict(held_out)
    nearest = min if metric.better == "smaller" else max
    best = nearest(sorted(scores), key=lambda name: scores[name])
    if len(scores) == 1:
        return Choice(best, "", scores)
    where = "val" if by_val else "the held-out reals"
    return Choice(best, f"best of {len(scores)} by {metric.label} on {where}", scores)
