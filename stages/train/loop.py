"""The one training loop: from the first step, or the newest checkpoint, to the weights to keep."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing, nullcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

from argus.core import params
from argus.core.progress import Steps
from argus.models.failures import ArchitectureError, TrainingFailed
from stages.train import distributed
from stages.train.budget import is_due
from stages.train.checkpoint import Checkpoints
from stages.train.logger import TrainingLogger
from stages.train.selection import CheckpointSelection
from stages.train.training import Training
from stages.train.validation import Score, Validation
from stages.train.watch import Watch


class Loop:
    """A training with its logger, validation, watch and checkpoints.

    Of several processes the first one validates, writes, and broadcasts what it found.

    Args (of the constructor):
        training: at its start.
        validation: None if there is nothing to validate on, and in processes but the first.
        reports: where what is logged goes.
    """

    def __init__(
        self,
        training: Training,
        settings: params.Train,
        validation: Validation | None,
        checkpoints: Checkpoints,
        reports: Path,
    ) -> None:
        self.training, self.settings, self.validation = training, settings, validation
        self.checkpoints, self.reports = checkpoints, reports
        self.watch = Watch(training.architecture.chance_level_loss, settings)
        self.selection = CheckpointSelection()
        self.first = distributed.is_first()
        (known,) = distributed.broadcast_scalars([validation is not None], training.device)
        self.validates = bool(known)

    def run(self) -> CheckpointSelection:
        """Train to the end.

        Raises:
            TrainingFailed: the model is no good; the curves so far are in the reports.
        """
        folder = self.reports if self.first else None
        with closing(TrainingLogger(folder, self.settings.min_diversity)) as logger:
            try:
                self._run(logger)
            except TrainingFailed as failure:
                logger.failed = failure.reason
                if isinstance(failure, ArchitectureError):
                    failure.step, failure.points = self.training.done, logger.points
                raise
            if not self.selection.step:  # nothing was found near to any reals, or there were none
                self.selection.snapshot(self.training)
            else:
                logger.kept = self.selection.step
        return self.selection

    def _run(self, logger: TrainingLogger) -> None:
        training, images = self.training, self.training.card.spec.batch
        description = f"train {training.card.spec.model}"
        found = self.checkpoints.latest()
        if found:
            self._restore(logger, *found)
            description += f" from step {training.done}"
        before, over = training.done, False
        total = training.budget.steps or before
        steps = Steps(total - before, description, "steps", images)
        with steps if self.first else nullcontext() as bar:
            while not over:
                spent = training.spent
                training.step()
                over, losses = self._look(logger, spent)
                if bar:
                    bar.total = round(training.done / training.spent) - before
                    bar.advance(1, **losses)
                if self.first and not over and self._every(self.settings.checkpoint_every):
                    self.checkpoints.save(training.done, self._state(logger))

    def _look(self, logger: TrainingLogger, before: Fraction) -> tuple[bool, dict[str, float]]:
        """Validate, log scalars and samples, each where it is due.

        Args:
            logger: of this training.
            before: the share of the training done before the last step.

        Returns:
            Whether the training is over, and the losses if there is a new point of their curves.

        Raises:
            TrainingFailed: the watch has seen enough.
        """
        training, settings, step = self.training, self.settings, self.training.done
        now, losses = training.spent, {}
        over = now >= 1
        if self.validates and (over or self._every(settings.validate_every)):
            score = self._score()
            logger.log_scalars(step, score.scalars())
            self.selection.update(training, score)
            self.watch.score(step, float(now), score)
            over = over or (
                settings.patience is not None
                and self.selection.validations_since_best >= settings.patience
            )
        if over or is_due(before, now, settings.curve_points):
            means = training.means()
            logger.log_scalars(step, means)
            self.watch.losses(step, float(now), means)
            losses = _losses(means)
        if self.first and (over or is_due(before, now, settings.sample_sheets)):
            logger.log_samples(step, *training.preview())
        return over, losses

    def _score(self) -> Score:
        """The validation of the averaged weights as they are now, the same in all processes."""
        score = Score(0.0, 0.0)
        if self.validation:
            with self.training.preserve_rng_state("it was validated"):
                score = self.validation.score(self.training.model())
        return Score(*distributed.broadcast_scalars(score, self.training.device))

    def _every(self, steps: int) -> bool:
        return self.training.done % steps == 0

    def _state(self, logger: TrainingLogger) -> dict[str, Any]:
        return {
            "validation": self.validation.state() if self.validation else None,
            "training": self.training.state(),
            "logger": logger.state(),
            "watch": self.watch.state(),
            "selection": self.selection.state(),
        }

    def _restore(self, logger: TrainingLogger, done: int, state: Mapping[str, Any]) -> None:
        self.training.restore(done, state["training"])
        if self.validation and state["validation"]:
            self.validation.restore(state["validation"])
        logger.restore(state["logger"])
        self.watch.restore(state["watch"])
        self.selection.restore(state["selection"])


def _losses(means: Mapping[str, float]) -> dict[str, float]:
    """The losses among the scalars, by their short names."""
    parts = (name.split("/") for name in means)
    return {p[-1]: means["/".join(p)] for p in parts if p[0] == "loss"}
