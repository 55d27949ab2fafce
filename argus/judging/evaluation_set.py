"""What a model is measured against: the held-out reals of its task, and what it answers.

On val while it trains, on test when it is evaluated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle

import numpy as np

from argus.core.errors import ArgusError
from argus.core.params import Domains, Evaluate
from argus.data.feasibility import shortage
from argus.data.packed import Packed, read_packed, read_twins
from argus.judging.statistics import Sample
from argus.models.card import Card
from argus.models.inference import Generator, TrainedModel, Translator

TARGET_DRIVES, SOURCE_DRIVES, DRAWS = "target drives", "source drives", "draws"
"""Populations that images come from: the drives of the held-out reals; those of the images that
translators are given; and the noise. Draws of two generators have one name: of like number they
begin with the same noise, so models that go on from each other answer them alike."""


class TooFewError(ArgusError):
    """There are too few held-out reals of a task; `shortage` says so in a clause."""

    def __init__(self, shortage: str) -> None:
        self.shortage = shortage
        mend = "bring in more drives, or take the model off `models` in params.yaml"
        super().__init__(f"{shortage}: {mend}")


@dataclass(frozen=True)
class Answers:
    """M images that are judged, a model's or a baseline's.

    `images` is uint8 [M, H, W, 3], `requested` the class asked of each, `units` what each is an
    independent piece of evidence of, drawn from `population`: a drive, or a single draw. Of what
    was made from sources `source_rows` is int64 [M], rows of `EvaluationSet.sources`. `weights`,
    float [M], are those of `Sample`: a draw counts as much as the real that it is drawn for, so
    that answers and reals are of the classes in the same proportions.
    """

    images: np.ndarray
    requested: tuple[str, ...]
    population: str
    units: tuple[str, ...]
    source_rows: np.ndarray | None = None
    weights: np.ndarray | None = None

    def sample(self, features: np.ndarray) -> Sample:
        """Their features, float [M, D], with where they come from."""
        return Sample(features, self.population, self.units, self.weights)


@dataclass(frozen=True)
class EvaluationSet:
    """N held-out reals of a task, and what a model is given to answer.

    `reals` is uint8 [N, H, W, 3], `labels` their class names, `drives` the drive of each. For a
    translator `sources` is uint8 [S, H, W, 3], held-out images of the domain that it starts from,
    `source_drives` the drive of each, and `twins`, if there is one for all, the same scenes under
    the target condition, alike. A generator draws `draws` images for each real.
    """

    reals: np.ndarray
    labels: tuple[str, ...]
    drives: tuple[str, ...]
    sources: np.ndarray | None = None
    source_drives: tuple[str, ...] = ()
    twins: np.ndarray | None = None
    draws: int = 1

    @property
    def real_answers(self) -> Answers:
        """The reals themselves, as if they had been asked for."""
        return Answers(self.reals, self.labels, TARGET_DRIVES, self.drives)

    def drawn(self, images: np.ndarray) -> Answers:
        """Images drawn from noise, each by itself, for all reals, once or several times over."""
        times = len(images) // len(self.reals)
        size = Counter(self.drives)
        weights = np.array([1 / size[drive] for drive in self.drives] * times)
        units = tuple(map(str, range(len(images))))
        return Answers(images, self.labels * times, DRAWS, units, weights=weights)

    def translated(self, images: np.ndarray) -> Answers:
        """What was made of each source, S images."""
        target = self.labels[0]
        rows = np.arange(len(images))
        return Answers(images, (target,) * len(images), SOURCE_DRIVES, self.source_drives, rows)

    def wanted(self) -> tuple[str, ...]:
        """The classes that a generator is asked for: those of the reals, `draws` times over."""
        return self.labels * self.draws

    def labels_for(self, card: Card) -> tuple[str, ...]:
        """The classes that a generator is asked for, M names, if it knows them.

        One that it never saw is made up: that is what a client would get, and it counts against
        the model.
        """
        return made_up(self.wanted(), [name for name, n in card.images_per_class.items() if n])

    def answers(self, model: TrainedModel, seed: int) -> Answers:
        """What the model makes of the task: of every source, or some for each real.

        Raises:
            ArgusError: the model is a generator where a translator is asked for, or the reverse.
        """
        if self.sources is not None and isinstance(model, Translator):
            return self.translated(model.translate(self.sources))
        if self.sources is None and isinstance(model, Generator):
            drawn = model.sample(self.labels_for(model.card), seed)
            return self.drawn(drawn)
        raise ArgusError(
            f"model '{model.card.spec.model}' cannot do task '{model.task}' as params.yaml has it: "
            "models of one task must all have `domains`, or none of them"
        )

    def protocol(self, answers: int) -> dict[str, int]:
        """Of how many images and drives a score is, for reports."""
        found = {
            "answers": answers,
            "reals": len(self.reals),
            "drives": len(set(self.drives)),
        }
        if self.sources is None:
            return found
        return found | {
            "sources": len(self.sources),
            "source_drives": len(set(self.source_drives)),
        }


def made_up(labels: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Labels, those that are not known made up from those that are, in their proportions."""
    spare = cycle([label for label in labels if label in known] or sorted(known))
    return tuple(label if label in known else next(spare) for label in labels)


def held_out(
    packs: Sequence[Packed],
    domains: Domains | None,
    samples: int,
    draws: int = 1,
    twins: Mapping[str, np.ndarray] | None = None,
) -> EvaluationSet:
    """The evaluation set of a task.

    Args:
        packs: the held-out splits.
        domains: of a translator; None for a generator.
        samples: at most so many reals, and as many sources, chosen by their hash, so that all
            models of a task see the same ones.
        draws: images that a generator draws for each real.
        twins: of images of the source domain, the same scenes under the target condition,
            uint8 [H, W, 3] by image id.

    Raises:
        TooFewError: there are too few reals of the task, or sources of a translator, see
            `feasibility.shortage`.
    """
    classes = packs[0].classes
    images = np.concatenate([pack.images for pack in packs])
    names = np.array([classes[label] for pack in packs for label in pack.labels], dtype=str)
    groups = np.array([group for pack in packs for group in pack.groups])
    ids = np.array([image_id for pack in packs for image_id in pack.image_ids])
    if short := shortage(Counter(names.tolist()), domains):
        raise TooFewError(short)
    by_hash = np.argsort(ids)
    rows = by_hash if domains is None else by_hash[names[by_hash] == domains.target]
    rows = rows[:samples]
    reals = EvaluationSet(
        images[rows], tuple(names[rows].tolist()), tuple(groups[rows].tolist()), draws=draws
    )
    if domains is None:
        return reals
    rows = by_hash[names[by_hash] == domains.source][:samples]
    known = twins or {}
    whole = all(image_id in known for image_id in ids[rows])
    return replace(
        reals,
        sources=images[rows],
        source_drives=tuple(groups[rows].tolist()),
        twins=np.stack([known[image_id] for image_id in ids[rows]]) if whole else None,
    )


def read(settings: Evaluate, domains: Domains | None) -> EvaluationSet:
    """The evaluation set of a task, of what is packed.

    Args:
        settings: `evaluate` in params.yaml.
        domains: of a translator; None for a generator.

    Raises:
        TooFewError: see `held_out`.
        ArgusError: `pack` has not run.
    """
    packs = [read_packed(split) for split in settings.splits]
    twins = {}
    if domains is not None:
        for split, pack in zip(settings.splits, packs, strict=True):
            rows, images = read_twins(split, domains.target)
            twins |= {pack.image_ids[row]: image for row, image in zip(rows, images, strict=True)}
    return held_out(packs, domains, settings.samples, settings.draws, twins)
