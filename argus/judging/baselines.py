"""Baselines: images that a model's are compared with, made without any model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter

from argus.core.params import Domains
from argus.data.packed import Packed
from argus.judging.closed_forms import gaussian_draws, tone_curve, translated
from argus.judging.evaluation_set import EvaluationSet

BLUR = 3.0  # px; at 32x48 it leaves little but sky above road

TARGET_DRIVES, SOURCE_DRIVES = "target drives", "source drives"
"""Populations that the drives of held-out images are drawn from; of draws each has its own."""


class Baseline(NamedTuple):
    """Images that stand in for a model's, and what they are drawn from, as in a `Sample`.

    `images` is uint8 [M, H, W, 3]; `population` names what their units come from, `units` the
    drive, or the single draw, of each image: M names. `requested` is the class that each stands in
    for, M names.
    """

    images: np.ndarray
    population: str
    units: tuple[str, ...]
    requested: tuple[str, ...]


def must_beat(domains: Domains | None) -> tuple[str, ...]:
    """What the first champion of a task must beat, and none should fall behind.

    Args:
        domains: of translators; None for generators.
    """
    closed_forms = ("gaussian",) if domains is None else ("untranslated", "tone_curve")
    return ("noise", "mean_image", "blurred", *closed_forms)


def baselines(
    evaluation_set: EvaluationSet, train: Packed, domains: Domains | None, seed: int
) -> dict[str, Baseline]:
    """The baselines of a task by name, those of `must_beat`.

    `noise`, uniform pixels. `mean_image`, the mean of the reals: all of the draws are that one, so
    it is a read-only view, and their spread is none. `blurred`, the reals themselves under a
    Gaussian of 3 px, so they are of the drives of the reals.

    Of generators `gaussian`, draws from one Gaussian for each class of the training images
    (`closed_forms.gaussian_draws`).

    Of translators `untranslated`, the sources as they are: clean images of the wrong condition lie
    near to clean images of the right one, but a translator that is no nearer has spoilt as much as
    it changed, and whoever used it were better off without. And `tone_curve`, the sources through
    the lookup table that gives them the levels of the target (`closed_forms.tone_curve`), from
    the training images of both. Both are of the drives of the sources.

    Args:
        evaluation_set: N reals, and S sources for a translator. Noise, means and Gaussians are N.
        train: the training images.
        domains: of translators; None for generators.
        seed: of noise and Gaussian.
    """
    reals, labels = evaluation_set.reals, evaluation_set.labels
    rng = np.random.default_rng(seed)
    mean = reals.mean(axis=0).round().astype(np.uint8)
    blur = ImageFilter.GaussianBlur(BLUR)
    blurred = np.stack([np.asarray(Image.fromarray(real).filter(blur)) for real in reals])
    made = {
        "noise": _drawn("noise", rng.integers(0, 256, reals.shape, dtype=np.uint8), labels),
        "mean_image": _drawn("mean_image", np.broadcast_to(mean, reals.shape), labels),
        "blurred": Baseline(blurred, TARGET_DRIVES, evaluation_set.groups, labels),
    }
    if domains is None or evaluation_set.sources is None:
        made["gaussian"] = _drawn("gaussian", gaussian_draws(train, labels, seed), labels)
        return made
    sources, drives = evaluation_set.sources, evaluation_set.source_groups
    curve = tone_curve(*(_of_class(train, name) for name in (domains.source, domains.target)))
    target = (domains.target,) * len(sources)
    made["untranslated"] = Baseline(sources, SOURCE_DRIVES, drives, target)
    made["tone_curve"] = Baseline(translated(sources, curve), SOURCE_DRIVES, drives, target)
    return made


def _drawn(name: str, images: np.ndarray, labels: Sequence[str]) -> Baseline:
    """Images of which each is independent of all others."""
    units = tuple(str(number) for number in range(len(images)))
    return Baseline(images, f"draws of {name}", units, tuple(labels))


def _of_class(train: Packed, name: str) -> Iterator[np.ndarray]:
    """The training images of a class one by one, for what must not have all in memory."""
    return (train.images[row] for row in np.flatnonzero(train.labels == train.classes.index(name)))
