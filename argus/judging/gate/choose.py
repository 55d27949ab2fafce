"""Which of several challengers for one task is put to the test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

from argus.core.params.schema import FEWEST_SEEDS
from argus.judging.metric import Metric


class Choice(NamedTuple):
    """The recipe that challenges, and by what it was chosen.

    The answers of all its seeds are put to the test (`tested`), since the claim is about the
    recipe and not about a lucky draw; the slot goes to one model, `serves`.
    """

    recipe: str
    serves: str
    """The model of its seeds that is best where the recipe was chosen."""
    seeds: dict[str, float]
    """The score of each of its models, `serves` among them."""
    how: str
    """In words, "best of 3 by KID on val"; empty where there was no choice."""
    scores: dict[str, float]
    """What was compared, by recipe: the mean over its seeds."""

    @property
    def tested(self) -> tuple[str, ...]:
        """The models whose answers are put to the test, `serves` first.

        All seeds, or if there are too few left to tell their spread `serves` alone: then the claim
        is about those very weights.
        """
        others = tuple(name for name in self.seeds if name != self.serves)
        return (self.serves, *others) if len(self.seeds) >= FEWEST_SEEDS else (self.serves,)

    def __str__(self) -> str:
        name = self.serves if len(self.seeds) == 1 else self.recipe
        return f"{name} ({self.how})" if self.how else name


def choose(
    on_val: Mapping[str, float | None],
    held_out: Mapping[str, float],
    metric: Metric,
    recipes: Mapping[str, Sequence[str]],
) -> Choice:
    """The best recipe on val where all were validated, else on the held-out reals.

    The best of several on the very reals that judge it looks better than it is: among k equals the
    luckiest is taken, so the confidence would promise too much (the winner's curse; selection bias
    of Cawley and Talbot, JMLR 2010). Chosen on val, the one that is judged is as good as fixed
    before anybody looked at the test. A recipe counts by the mean over its seeds: by the best of
    them the one with the most seeds would win. Equals go by name.

    Args:
        on_val: score of the weights kept, by challenger; None for one trained without validation.
        held_out: score on the reals that judge, by challenger, the same ones.
        metric: whose scores they are.
        recipes: the models of each, `Params.recipes`; those that are no challengers (their training
            failed, or they may not be used) do not count.
    """
    validated = {name: score for name, score in on_val.items() if score is not None}
    by_val = len(validated) == len(on_val)
    of_models = validated if by_val else dict(held_out)
    of_seeds = {
        recipe: {name: of_models[name] for name in names if name in of_models}
        for recipe, names in recipes.items()
    }
    scores = {recipe: fmean(seeds.values()) for recipe, seeds in of_seeds.items() if seeds}
    best = _best(scores, metric)
    serves = _best(of_seeds[best], metric)
    where = "val" if by_val else "the held-out reals"
    how = []
    if len(scores) > 1 and len(scores) == len(of_models):
        how.append(f"best of {len(scores)} by {metric.label} on {where}")
    elif len(scores) > 1:
        how.append(f"best of {len(scores)} recipes by mean {metric.label} on {where}")
    if len(of_seeds[best]) > 1:
        how.append(f"{serves} is the best of its {len(of_seeds[best])} seeds on {where}")
    return Choice(best, serves, of_seeds[best], "; ".join(how), scores)


def _best(scores: Mapping[str, float], metric: Metric) -> str:
    nearest = min if metric.better == "smaller" else max
    return nearest(sorted(scores), key=lambda name: scores[name])
