"""Baselines: images that a model's are compared with, made without any model."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from argus.judging.evaluation_set import TARGET_DRIVES, Answers, EvaluationSet
from argus.judging.evidence import Learnt

BLUR = 3.0  # px; at 32x48 it leaves little but sky above road
MUST_BEAT = ("noise", "mean_image", "blurred", "untranslated")
"""What the first champion of a task must beat, and no champion should fall behind; the last one
there is of translators alone."""


def baselines(evaluation_set: EvaluationSet, learnt: Learnt, seed: int) -> dict[str, Answers]:
    """The baselines of a task, by name.

    `noise`, uniform pixels; `mean_image`, the mean of the reals; `blurred`, the reals themselves
    under a Gaussian of 3 px. For translators also `untranslated`, the sources as they are: clean
    images of the wrong condition lie near to clean images of the right one, but a translator that
    is no nearer has spoilt as much as it changed, and whoever used it were better off without.
    """
    reals, labels = evaluation_set.reals, evaluation_set.labels
    rng = np.random.default_rng(seed)
    blur = ImageFilter.GaussianBlur(BLUR)
    mean = reals.mean(axis=0, keepdims=True).round().astype(np.uint8)
    blurred = np.stack([np.asarray(Image.fromarray(real).filter(blur)) for real in reals])
    made = {
        "noise": evaluation_set.drawn(rng.integers(0, 256, reals.shape, dtype=np.uint8)),
        "mean_image": evaluation_set.drawn(np.broadcast_to(mean, reals.shape)),
        "blurred": Answers(blurred, labels, TARGET_DRIVES, evaluation_set.drives),
    }
    if evaluation_set.sources is not None:
        made["untranslated"] = evaluation_set.translated(evaluation_set.sources)
    return made
