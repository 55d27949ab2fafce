"""The rivals of a task as the gate sees them: what they answered, and how each judge saw it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from argus.core import params, reports
from argus.core.paths import EVALUATED, INCUMBENTS
from argus.data.packed import read_origins, read_packed
from argus.features.backbone import Backbone
from argus.judging import evaluated, evaluation_set, registry, samples
from argus.judging.evaluated import MODEL, REALS, Evaluated
from argus.judging.evaluation import Settings, evaluate
from argus.judging.evidence import Learnt
from argus.judging.gate.judges import Bench
from argus.judging.scores import ModelScores
from argus.judging.statistics import Comparison
from argus.models import loading
from argus.models.card import SavedCard

INCUMBENT = "incumbent"
"""The kind of images that is the incumbent's, beside those that `evaluate` left."""


@dataclass(frozen=True)
class Rival:
    """A model, with its scores, and by judge its answers with all that stands beside them."""

    name: str
    scores: ModelScores
    seen: Mapping[str, Evaluated]


def challenger(name: str, bench: Bench) -> Rival:
    """A model of today, as `evaluate` left it."""
    seen = {judge: evaluated.read(EVALUATED / name, judge) for judge in bench.all}
    return Rival(name, ModelScores.read(reports.read(f"evaluate/{name}")), seen)


def scored_anew(
    folder: Path, domains: params.Domains | None, p: params.Params, backbones: Sequence[Backbone]
) -> Rival:
    """An incumbent on the evaluation set of its challenger.

    Some of its answers are left in `data/promote/`, for a person to look at.

    Args:
        folder: where the incumbent lies.
        domains: of the challenger.
        p: the settings.
        backbones: those that judge.
    """
    of_task = evaluation_set.read(p.evaluate, domains)
    model = loading.load(folder)
    answers = of_task.answers(model, p.evaluate.seed)
    shown = samples.choose(
        answers.images, answers.requested, of_task.sources, of_task.twins, model.card.best_step
    )
    samples.save(shown, INCUMBENTS / f"{model.task}.npz")
    found = evaluate(
        {MODEL: answers},
        of_task,
        Learnt(read_packed("train"), domains, read_origins("train")["source"].to_list()),
        backbones,
        registry.evaluated(),
        Settings.of(p),
        model.card,
    )
    scores = ModelScores(
        model.task,
        found.scores[MODEL],
        classes=found.classes[MODEL],
        judges=tuple(judge.name for judge in backbones),
        protocol=of_task.protocol(len(answers.images)),
    )
    return Rival(model.card.spec.model, scores, found.seen)


def features_seen(
    challengers: Mapping[str, SavedCard], incumbent: SavedCard | None
) -> dict[str, tuple[str, ...]]:
    """The backbones that each rival was trained or selected by."""
    seen = {name: saved.features_seen for name, saved in challengers.items()}
    if incumbent:
        seen[f"the incumbent {incumbent.spec.model}"] = incumbent.features_seen
    return seen


@dataclass(frozen=True)
class Contest:
    """All that is compared for a task, as one judge sees it.

    `seeds` are those of the recipe that challenges, that first which would serve; with all that
    `evaluate` left beside them. `incumbent` is None where there is none.
    """

    seeds: Sequence[Evaluated]
    incumbent: Evaluated | None

    def against(self, others: Sequence[str]) -> dict[str, Comparison]:
        """The challenger with each of some others: `INCUMBENT`, or baselines by name."""
        return {name: self._compared(self.seeds, name) for name in others}

    def incumbent_against(self, baselines: Sequence[str]) -> dict[str, Comparison]:
        """The incumbent with each of some baselines."""
        assert self.incumbent is not None
        return {name: self._compared([self.incumbent], name) for name in baselines}

    @property
    def classes(self) -> set[str]:
        """Those of the reals."""
        return set(self.seeds[0].requested[REALS])

    def of_class(self, name: str) -> Contest:
        """The same on the images of one class."""
        rival = self.incumbent
        return Contest(
            [seed.of_class(name) for seed in self.seeds], rival.of_class(name) if rival else None
        )

    def _compared(self, ours: Sequence[Evaluated], name: str) -> Comparison:
        beside = self.seeds[0].samples
        theirs = beside.get(name)
        if name == INCUMBENT:
            assert self.incumbent is not None
            theirs = self.incumbent.samples[MODEL]
        assert theirs is not None, f"{name} was not evaluated"
        return registry.deciding_test()(
            [each.samples[MODEL] for each in ours], [theirs], beside[REALS]
        )
