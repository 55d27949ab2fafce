"""The best weights so far by validation, and how long it is since there were better ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from stages.train.training import Training
from stages.train.validation import Score
from stages.train.weights import Weights, copied, raw


class Best:
    """What is saved at the end: the averaged kept networks, and all networks as they trained.

    Without a validation it is whatever was shown to it last.
    """

    def __init__(self) -> None:
        self.step, self.score = 0, Score(math.inf, math.nan)
        self.waited = 0
        """Validations since then."""
        self.average: Weights = {}
        self.networks: Weights = {}

    def see(self, training: Training, score: Score) -> None:
        """Take the weights over if no validation before found any as near to the reals."""
        self.waited += 1
        if score.kid < self.score.kid:
            self.score, self.waited = score, 0
            self.take(training)

    def take(self, training: Training) -> None:
        """Take the weights over as they are now."""
        self.step = training.done
        self.average = copied(training.ema.networks.state_dict())
        self.networks = copied(raw(training.architecture))

    def on_card(self) -> dict[str, Any]:
        """The fields of the card that say which weights these are."""
        if not math.isfinite(self.score.kid):
            return {}
        return {"best_step": self.step, "validation": self.score._asdict()}

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return vars(self) | {"score": tuple(self.score)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where the one that gave `state` stood."""
        vars(self).update(state)
        self.score = Score(*state["score"])
