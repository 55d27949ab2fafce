"""What a model is measured against: the held-out reals of its task, and what it is shown beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np
from PIL import Image, ImageFilter

from stages.common.errors import ArgusError
from stages.common.params import Domains
from stages.pack.packed import Packed
from stages.train.trained import Generator, Trained, Translator

FEWEST = 8  # held-out reals below which a score would be mostly luck
BLUR = 3.0  # px; at 32x48 it leaves little but sky above road


@dataclass(frozen=True)
class Yardstick:
    """N held-out reals of a task, and what a model is given to answer them.

    `reals` is uint8 [N, H, W, 3], `labels` their class names, `groups` the drive of each. For a
    translator `sources` is uint8 [N, H, W, 3], held-out images of the domain that it starts from;
    for a generator it is None.
    """

    reals: np.ndarray
    labels: tuple[str, ...]
    groups: tuple[str, ...]
    sources: np.ndarray | None

    def answer(self, model: Trained, seed: int) -> np.ndarray:
        """What the model makes of the task: uint8 [N, H, W, 3].

        A generator is asked for the classes of the reals, one image each. A class that it never
        saw is made up from those that it knows, in their proportions: that is what a client would
        get, and it counts against the model.

        Raises:
            ArgusError: the model is a generator where a translator is asked for, or the reverse.
        """
        if self.sources is not None and isinstance(model, Translator):
            return model.translate(self.sources)
        if self.sources is None and isinstance(model, Generator):
            can = {name for name, seen in model.card.images_per_class.items() if seen}
            known = [label for label in self.labels if label in can] or sorted(can)
            spare = cycle(known)
            wanted = [label if label in can else next(spare) for label in self.labels]
            return model.sample(wanted, seed)
        raise ArgusError(
            f"model '{model.card.model}' cannot do task '{model.task}' as params.yaml has it: "
            "models of one task must all have `domains`, or none of them"
        )


def held_out(packs: Sequence[Packed], domains: Domains | None, samples: int) -> Yardstick:
    """The yardstick of a task.

    Args:
        packs: the held-out splits.
        domains: of a translator; None for a generator.
        samples: at most so many images, chosen by their hash, so that all models of a task see
            the same ones.

    Raises:
        ArgusError: there are fewer than `FEWEST` reals of the task.
    """
    classes = packs[0].classes
    images = np.concatenate([pack.images for pack in packs])
    names = np.array([classes[label] for pack in packs for label in pack.labels])
    groups = np.array([group for pack in packs for group in pack.groups])
    by_hash = np.argsort([image_id for pack in packs for image_id in pack.image_ids])
    if domains is None:
        target, source = by_hash, None
    else:
        target = by_hash[names[by_hash] == domains.target]
        source = by_hash[names[by_hash] == domains.source]
    n = min(len(target), samples, len(target if source is None else source))
    if n < FEWEST:
        kinds = "all classes" if domains is None else f"{domains.source} and {domains.target}"
        raise ArgusError(
            f"only {n} held-out images of {kinds}, at least {FEWEST} are needed to score a model: "
            "bring in more drives, or take the model off `models` in params.yaml"
        )
    target = target[:n]
    return Yardstick(
        np.asarray(images[target]),
        tuple(names[target]),
        tuple(groups[target]),
        None if source is None else images[source[:n]],
    )


def beside(yardstick: Yardstick, seed: int) -> dict[str, np.ndarray]:
    """What a model is shown beside: uint8 [N, H, W, 3], or [1, ...] if all are one.

    Floors that any model must beat: `noise`, uniform pixels; `mean_image`, the mean of the reals;
    `blurred`, the reals themselves under a Gaussian of 3 px. For translators also `untranslated`,
    the sources as they are: no floor, since clean images of the wrong condition lie near to clean
    images of the right one, but a translator that is further away has spoilt more than it changed.
    """
    reals = yardstick.reals
    rng = np.random.default_rng(seed)
    blur = ImageFilter.GaussianBlur(BLUR)
    made = {
        "noise": rng.integers(0, 256, reals.shape, dtype=np.uint8),
        "mean_image": reals.mean(axis=0, keepdims=True).round().astype(np.uint8),
        "blurred": np.stack([np.asarray(Image.fromarray(real).filter(blur)) for real in reals]),
    }
    if yardstick.sources is not None:
        made["untranslated"] = yardstick.sources
    return made
