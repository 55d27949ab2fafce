"""Validation: scoring the averaged weights on val during training, by KID to its reals and by the
diversity of samples. Test is never seen in training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from rich.console import Console

from argus.core.params import Domains
from argus.data.packed import Packed
from argus.features.backbone import Backbone
from argus.judging.evaluation_set import EvaluationSet, TooFewError, held_out
from argus.judging.metrics.diversity import diversity
from argus.judging.metrics.kid import compare, kid
from argus.models.inference import TrainedModel

MOST = 128
"""Reals looked at, and images drawn to compare with them, at most. Two CPU cores describe about 40
images a second, so a validation takes 3 s, whatever val holds; KID is unbiased at any number, and
since reals and noise stay the same, two steps of a training differ by far less than chance in
either."""

SEED = 1  # of the noise; `evaluate` draws another


class Score(NamedTuple):
    """What a validation found."""

    kid: float
    """Kernel distance to the reals; smaller is better."""
    diversity: float
    """How far the model's images lie from each other within a class, as a share of what the reals
    do: 0 if each class has but one picture, near 1 for reals themselves, or more. Features see
    small differences large: reals at a twentieth of their contrast about the mean of their class
    have .27 (EfficientNet, 68 images of the demo), two reals for each class .38, and the least of
    five healthy models had .61."""
    excess: float = math.inf
    """How much further it is from the reals than the nearest of the validations before, in standard
    errors of that difference over drives; 0 for one that is nearer, and infinite for one that is
    not where there are too few drives to tell."""

    def scalars(self) -> dict[str, float]:
        """The score as curves: one name for each."""
        return {KID: self.kid, DIVERSITY: self.diversity}


KID, DIVERSITY = "val/kid", "val/diversity"


class Validation:
    """Scores a model as it trains, always on the same reals and with the same noise.

    It draws nothing from torch's global generator. It remembers what the nearest model so far
    made, so that a later one can be told from it.
    """

    def __init__(self, evaluation_set: EvaluationSet, net: Backbone) -> None:
        self.evaluation_set, self.net = evaluation_set, net
        self.reals = net.features(evaluation_set.reals)
        self.lowest = math.inf
        self.nearest: np.ndarray | None = None
        """What the model of the lowest KID so far made, as features."""

    @classmethod
    def of(cls, val: Packed, domains: Domains | None, net: Backbone) -> Validation | None:
        """The validation of a task; None, and a line on stderr, if val has too few reals for it.

        Args:
            val: the packed validation split.
            domains: of a translator; None for a generator.
            net: what describes the images, for all models of a task the same.
        """
        try:
            evaluation_set = held_out([val], domains, MOST)
        except TooFewError as error:
            said = f"training goes without validation: {error.shortage}"
            Console(stderr=True, soft_wrap=True).print(said, highlight=False, markup=False)
            return None
        return cls(evaluation_set, net)

    def score(self, model: TrainedModel) -> Score:
        """Score what the model makes of the task now.

        Raises:
            ArgusError: the model is a generator where a translator is asked for, or the reverse.
        """
        answers = self.net.features(self.evaluation_set.generate(model, SEED))
        distance = kid(answers, self.reals)
        return Score(distance, self._diversity(answers, model), self._excess(distance, answers))

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        nearest = None if self.nearest is None else torch.from_numpy(self.nearest)
        return {"lowest": self.lowest, "nearest": nearest}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where the one that gave `state` stood."""
        self.lowest = state["lowest"]
        self.nearest = None if state["nearest"] is None else state["nearest"].numpy()

    def _excess(self, distance: float, answers: np.ndarray) -> float:
        """See `Score.excess`; what is nearer than all before is remembered."""
        if distance < self.lowest:
            self.lowest, self.nearest = distance, answers
            return 0.0
        if self.nearest is None:
            return math.inf
        found = compare(answers, self.nearest, self.reals, self.evaluation_set.groups)
        if found.difference <= 0:
            return 0.0
        return found.difference / found.standard_error if found.standard_error else math.inf

    def _diversity(self, answers: np.ndarray, model: TrainedModel) -> float:
        """Over the classes that the model knows; 1 where the reals leave nothing to compare with
        (a single image in each class, or copies)."""
        labels = self.evaluation_set.labels
        draws = self.evaluation_set.sources is None
        requested = self.evaluation_set.labels_for(model.card) if draws else labels
        return diversity(answers, self.reals, labels, requested)
