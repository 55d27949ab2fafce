"""Baselines: images that a model's are compared with, made without any model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageFilter

from argus.core.params import Domains
from argus.data.packed import Packed
from argus.judging.closed_forms import gaussian_draws, tone_curve, translated
from argus.judging.evaluation_set import TARGET_DRIVES, Answers, EvaluationSet

BLUR = 3.0  # px; at 32x48 it leaves little but sky above road


def must_beat(domains: Domains | None) -> tuple[str, ...]:
    """What the first champion of a task must beat, and none should fall behind.

    Args:
        domains: of translators; None for generators.
    """
    closed_forms = ("gaussian",) if domains is None else ("untranslated", "tone_curve")
    return ("noise", "mean_image", "blurred", *closed_forms)


def baselines(
    evaluation_set: EvaluationSet, train: Packed, domains: Domains | None, seed: int
) -> dict[str, Answers]:
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
        evaluation_set: N reals, and S sources for a translator. Noise and means are N, Gaussians
            as many as a generator draws.
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
        "noise": evaluation_set.drawn(rng.integers(0, 256, reals.shape, dtype=np.uint8)),
        "mean_image": evaluation_set.drawn(np.broadcast_to(mean, reals.shape)),
        "blurred": Answers(blurred, labels, TARGET_DRIVES, evaluation_set.drives),
    }
    if domains is None or evaluation_set.sources is None:
        draws = gaussian_draws(train, evaluation_set.wanted(), seed)
        made["gaussian"] = evaluation_set.drawn(draws)
        return made
    curve = tone_curve(*(_of_class(train, name) for name in (domains.source, domains.target)))
    made["untranslated"] = evaluation_set.translated(evaluation_set.sources)
    made["tone_curve"] = evaluation_set.translated(translated(evaluation_set.sources, curve))
    return made


def _of_class(train: Packed, name: str) -> Iterator[np.ndarray]:
    """The training images of a class one by one, for what must not have all in memory."""
    return (train.images[row] for row in np.flatnonzero(train.labels == train.classes.index(name)))
