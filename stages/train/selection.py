"""Checkpoint selection: which weights are kept, by validation. Early stopping goes by the same
validations.

The one-standard-error rule (Hastie et al., The Elements of Statistical Learning, 7.10): the
latest validation within one standard error of the lowest KID. Validation sets hold few drives;
where they cannot decide, a longer training is the better guess
(docs/adr/0008-one-standard-error.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from argus.models.weights import Weights, copied, raw
from stages.train.training import Training
from stages.train.validation import Score

ERRORS = 1.0
"""Standard errors within which two validations count as equal."""


class CheckpointSelection:
    """What is saved at the end: the averaged inference networks, and all networks as they trained.

    Without a validation it is whatever was shown to it last.
    """

    def __init__(self) -> None:
        self.step, self.score = 0, Score(math.inf, math.nan)
        self.lowest, self.validations_since_best = math.inf, 0
        """The lowest KID, and validations since it was found, by which early stopping goes."""
        self.average: Weights = {}
        self.networks: Weights = {}

    def update(self, training: Training, score: Score) -> None:
        """Take the weights over unless those of a validation before are clearly nearer."""
        self.validations_since_best += 1
        if score.kid < self.lowest:
            self.lowest, self.validations_since_best = score.kid, 0
        elif not score.excess <= ERRORS:
            return
        self.score = score
        self.snapshot(training)

    def snapshot(self, training: Training) -> None:
        """Take the weights over as they are now."""
        self.step = training.done
        self.average = copied(training.ema.networks.state_dict())
        self.networks = copied(raw(training.architecture))

    def on_card(self) -> dict[str, Any]:
        """The fields of the card that say which weights these are."""
        if not math.isfinite(self.score.kid):
            return {}
        found = {"kid": self.score.kid, "diversity": self.score.diversity}
        return {"best_step": self.step, "validation": found}

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return vars(self) | {"score": tuple(self.score)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where the one that gave `state` stood."""
        vars(self).update(state)
        self.score = Score(*state["score"])
