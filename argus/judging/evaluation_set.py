"""What a model is measured against: the held-out reals of its task.

On val while it trains, on test when it is evaluated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np

from argus.core.errors import ArgusError
from argus.core.params import Domains
from argus.data.feasibility import shortage
from argus.data.packed import Packed
from argus.models.card import Card
from argus.models.inference import Generator, TrainedModel, Translator


class TooFewError(ArgusError):
    """There are too few held-out reals of a task; `shortage` says so in a clause."""

    def __init__(self, shortage: str) -> None:
        self.shortage = shortage
        mend = "bring in more drives, or take the model off `models` in params.yaml"
        super().__init__(f"{shortage}: {mend}")


@dataclass(frozen=True)
class EvaluationSet:
    """N held-out reals of a task, and what a model is given to answer them.

    `reals` is uint8 [N, H, W, 3], `labels` their class names, `groups` the drive of each. For a
    translator `sources` is uint8 [N, H, W, 3], held-out images of the domain that it starts from,
    and `source_groups` the drive of each; for a generator they are None and empty.
    """

    reals: np.ndarray
    labels: tuple[str, ...]
    groups: tuple[str, ...]
    sources: np.ndarray | None
    source_groups: tuple[str, ...] = ()

    def labels_for(self, card: Card) -> tuple[str, ...]:
        """The classes that a generator is asked for, N names: those of the reals.

        One that it never saw is made up: that is what a client would get, and it counts against
        the model.
        """
        return made_up(self.labels, [name for name, n in card.images_per_class.items() if n])

    def generate(self, model: TrainedModel, seed: int) -> np.ndarray:
        """What the model makes of the task, an image for each real: uint8 [N, H, W, 3].

        Raises:
            ArgusError: the model is a generator where a translator is asked for, or the reverse.
        """
        if self.sources is not None and isinstance(model, Translator):
            return model.translate(self.sources)
        if self.sources is None and isinstance(model, Generator):
            return model.sample(self.labels_for(model.card), seed)
        raise ArgusError(
            f"model '{model.card.spec.model}' cannot do task '{model.task}' as params.yaml has it: "
            "models of one task must all have `domains`, or none of them"
        )


def made_up(labels: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Labels, those that are not known made up from those that are, in their proportions."""
    spare = cycle([label for label in labels if label in known] or sorted(known))
    return tuple(label if label in known else next(spare) for label in labels)


def held_out(packs: Sequence[Packed], domains: Domains | None, samples: int) -> EvaluationSet:
    """The evaluation set of a task.

    Args:
        packs: the held-out splits.
        domains: of a translator; None for a generator.
        samples: at most so many images, chosen by their hash, so that all models of a task see
            the same ones.

    Raises:
        TooFewError: there are too few reals of the task, or sources of a translator, see
            `prospects.shortage`.
    """
    classes = packs[0].classes
    images = np.concatenate([pack.images for pack in packs])
    names = np.array([classes[label] for pack in packs for label in pack.labels], dtype=str)
    groups = np.array([group for pack in packs for group in pack.groups])
    if short := shortage(Counter(names.tolist()), domains):
        raise TooFewError(short)
    by_hash = np.argsort([image_id for pack in packs for image_id in pack.image_ids])
    if domains is None:
        target, source = by_hash, None
    else:
        target = by_hash[names[by_hash] == domains.target]
        source = by_hash[names[by_hash] == domains.source]
    n = min(len(target), samples, len(target if source is None else source))
    target = target[:n]
    return EvaluationSet(
        np.asarray(images[target]),
        tuple(names[target]),
        tuple(groups[target]),
        None if source is None else images[source[:n]],
        () if source is None else tuple(groups[source[:n]]),
    )
