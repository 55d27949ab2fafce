"""A training to be measured: an entry of `models` on made-up images, without the looking around."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from argus.core import determinism, params
from argus.core.params import Domains, Model
from argus.data.packed import Packed, Rights, Terms
from argus.models.registry import build
from argus.models.scene import Scene
from stages.train import distributed
from stages.train.budget import Budget
from stages.train.job import TrainingJob
from stages.train.sampler import BalancedSampler
from stages.train.training import Training

CLASSES = ("day", "night")
IMAGES = 256
DOMAINS = Domains(source="day", target="night")
TRANSLATORS = ("cyclegan", "cut")


def entry(arch: str, batch: int, profile: str | None = None) -> Model:
    """An entry of `models` as in params.yaml."""
    translates = arch in TRANSLATORS
    return Model(
        arch=arch,
        profile=profile,
        task="day2night" if translates else "generate",
        domains=DOMAINS if translates else None,
        steps=10**6,
        batch=batch,
        seed=0,
    )


def made_up(height: int, width: int) -> Packed:
    """Noise of both classes in equal parts: what is in an image makes no step slower."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (IMAGES, height, width, 3), dtype=np.uint8)
    names = tuple(f"{row:064x}" for row in range(IMAGES))
    labels = np.arange(IMAGES, dtype=np.int64) % len(CLASSES)
    return Packed(images, labels, CLASSES, names, names)


def training(model: Model, data: Packed, threads: int, **changes: object) -> Training:
    """What `python -m stages.train` would step through, at its start.

    Args:
        model: what to train.
        data: what from.
        threads: of the CPU.
        changes: of the settings in params.yaml.
    """
    own = {"threads": threads, "mirror": False, **changes}
    settings = params.load().train.model_copy(update=own)
    device = distributed.join(settings)
    determinism.deterministic(model.seed, threads)
    height, width = data.images.shape[1:3]
    scene = Scene(height, width, data.classes, model.domains)
    architecture = build(model.arch, model.config, scene, model.profile)
    samplers = {}
    for name, stream in architecture.streams.items():
        wanted = [data.classes.index(label) for label in stream.classes]
        rows = np.flatnonzero(np.isin(data.labels, wanted))
        samplers[name] = BalancedSampler(rows, data.labels[rows], settings.tau, model.seed)
    nowhere = Path()
    ids = {"image_id": data.image_ids, "source": "made up", "delivery": "here"}
    job = TrainingJob(
        model.arch,
        model,
        settings,
        train=data,
        val=data,
        origins={"train": pl.DataFrame(ids)},
        rights=Rights({"made up": Terms("Apache-2.0", True, {"here": []})}, {}),
        net="efficientnet",
        previous=None,
        trained=nowhere,
        reports=nowhere,
        cache=nowhere,
    )
    return Training(architecture, device, samplers, data, job.card(1), Budget.of(model), settings)
