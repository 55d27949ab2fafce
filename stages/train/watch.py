"""Notices a training that has failed: diverged, won by one side for good, or collapsed.

GANs fail in three ways that numbers show. A number is no longer finite. The discriminator's loss
sinks to nothing, so that the generator has nothing left to learn from, or soars, so that there is
nothing it could learn. Or the generator draws the same image again and again, which no loss
shows: so the samples themselves are compared (see `stages.train.validation`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from argus.core.params import Train
from argus.models.failures import TrainingFailed
from stages.train.validation import Score

EARLY = 1 / 3
"""Share of a training in which only a number that is not finite is a failure: at first any
discriminator tells noise from photographs, and the samples are all of one grey."""

WON, LOST = 0.01, 5.0
"""A discriminator's loss over that of one that cannot tell reals from fakes: at or below the first
the discriminator has won, at or above the second it is lost."""

POINTS = 5
"""Curve points in a row that must say so: a tenth of a training, at 50 points."""

VALIDATIONS = 2
"""Validations in a row that must find the samples alike."""


class Watch:
    """Checks every curve point and every validation of one training.

    Args (of the constructor):
        chance_level_loss: `Architecture.chance_level_loss`.
        settings: what holds for all models; `min_diversity` is the least diversity of samples.
    """

    def __init__(self, chance_level_loss: Mapping[str, float], settings: Train) -> None:
        self.chance_level_loss, self.min_diversity = dict(chance_level_loss), settings.min_diversity
        self.streaks = dict.fromkeys(
            self.chance_level_loss, 0
        )  # below zero: points at which it had won
        self.alike = 0

    def losses(self, step: int, share: float, means: Mapping[str, float]) -> None:
        """Check a curve point.

        Args:
            step: steps done.
            share: of the training that is done, 0 to 1.
            means: of every scalar logged since the last point.

        Raises:
            TrainingFailed: one is not finite, or a discriminator has won or is lost for good.
        """
        broken = sorted(name for name, value in means.items() if not math.isfinite(value))
        if broken:
            verb = "is" if len(broken) == 1 else "are"
            raise TrainingFailed(f"{', '.join(broken)} {verb} not finite at step {step}")
        if share <= EARLY:
            return
        for name, level in self.chance_level_loss.items():
            side = _side(means[name] / level)
            streak = self.streaks[name]
            self.streaks[name] = side + (streak if streak * side > 0 else 0)
            if abs(self.streaks[name]) >= POINTS:
                raise TrainingFailed(_decided(name, means[name], level, step))

    def score(self, step: int, share: float, score: Score) -> None:
        """Check a validation.

        Args:
            step: as for `losses`.
            share: as for `losses`.
            score: what it found.

        Raises:
            TrainingFailed: the samples have been too much alike for some validations in a row.
        """
        if share <= EARLY:
            return
        self.alike = self.alike + 1 if score.diversity < self.min_diversity else 0
        if self.alike >= VALIDATIONS:
            raise TrainingFailed(
                f"the samples are too much alike: at step {step} their diversity is "
                f"{score.diversity:.3f} of that of held-out reals, below {self.min_diversity:g} in "
                f"{VALIDATIONS} validations in a row"
            )

    def state(self) -> dict[str, Any]:
        """All that the next check depends on, for a checkpoint."""
        return {"streaks": dict(self.streaks), "alike": self.alike}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where the watch that gave `state` stood."""
        self.streaks, self.alike = dict(state["streaks"]), state["alike"]


def _side(ratio: float) -> int:
    """Who has decided the game, by a loss over its chance level: -1 the discriminator, which
    has won, 1 the generator, since the discriminator is lost, 0 nobody."""
    if ratio <= WON:
        return -1
    return 1 if ratio >= LOST else 0


def _decided(name: str, value: float, level: float, step: int) -> str:
    """Why a game is over."""
    kind, where = (
        ("the discriminator has won", f"at or below {WON * level:.3g}")
        if value <= WON * level
        else ("the discriminator is lost", f"at or above {LOST * level:.3g}")
    )
    return (
        f"{kind}: {name} was {where} at {POINTS} curve points in a row, {value:.3g} at step {step};"
        f" it is {level:.3g} where reals and fakes cannot be told apart"
    )
