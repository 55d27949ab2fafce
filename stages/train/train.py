"""From an entry of `models` and the packed images to a folder with weights and a card."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np
import polars as pl
import torch
from rich.console import Console

from argus.core import determinism, params
from argus.core.errors import ArgusError
from argus.features.backbone import BACKBONES
from argus.models import ancestry
from argus.models import card as cards
from argus.models.architecture import Architecture
from argus.models.card import data_digest
from argus.models.draws import processes
from argus.models.failures import ArchitectureError, TrainingFailed, guard_architecture
from argus.models.registry import build
from stages.train import distributed, warm
from stages.train.budget import Budget
from stages.train.checkpoint import clear
from stages.train.job import TrainingJob, from_params
from stages.train.logger import draw
from stages.train.loop import Loop
from stages.train.sampler import BalancedSampler
from stages.train.training import Training
from stages.train.validation import Validation


def train(job: TrainingJob, store: str = "env://") -> None:
    """Train a model, or go on where a killed training of the same job stopped.

    A model that is no good leaves a card that says why, and no weights.

    Args:
        job: what to train, from what, and where to.
        store: URL at which the processes of one training meet.

    Raises:
        ArgusError: the job does not fit its architecture or the data.
        ArchitectureError: the architecture's code broke in one of several processes. Whoever
            started them is to `record` it.
    """
    device = distributed.join(job.settings, store)
    number, first = processes()[1], distributed.is_first()
    determinism.deterministic(job.model.seed, job.settings.threads)
    if job.model.batch % number:
        raise ArgusError(
            f"the batch of '{job.name}' is {job.model.batch}, which {number} processes "
            "cannot share evenly: change it or train.processes in params.yaml"
        )
    loop = None
    try:
        loop, images = prepared(job, device)
        selection = loop.run()
    except TrainingFailed as failure:
        if isinstance(failure, ArchitectureError) and number > 1:
            raise
        if first:
            record(job, failure, loop.training if loop else None)
        return
    if first:
        card = loop.training.card.model_copy(
            update={"steps": loop.training.done, **selection.on_card()}
        )
        cards.save(job.trained, card, selection.average, selection.networks, images)
        clear(job.cache)


def in_this_process(store: str, name: str, p: params.Params) -> None:
    """Train a model of params.yaml, alone or with the other processes that meet at `store`."""
    train(from_params(name, p), store)
    distributed.leave()


def record(job: TrainingJob, failure: TrainingFailed, training: Training | None = None) -> None:
    """Write the card of a model that is no good, and say so.

    Args:
        job: what was to be trained.
        failure: why it is no good.
        training: in which it failed; None if there was none yet, or it was in another process.
    """
    card = training.card if training else job.card(job.settings.processes)
    steps = training.done if training else 0
    if isinstance(failure, ArchitectureError):
        print(failure.trace, file=sys.stderr)
        steps = steps or failure.step
        draw(job.reports, failure.points, None, failure.reason, job.settings.min_diversity)
    made = card.model_copy(update={"steps": steps, "failed": failure.reason})
    cards.save(job.trained, made, {}, {}, None)
    clear(job.cache)
    console = Console(stderr=True, soft_wrap=True)
    console.print(f"[bold red]failed:[/] model '{job.name}'", highlight=False, end=": ")
    console.print(
        f"{failure.reason}. The turn goes on without it; `dvc repro --force --single-item "
        f"train@{job.name}` tries again",
        highlight=False,
        markup=False,
    )


def prepared(job: TrainingJob, device: torch.device) -> tuple[Loop, pl.DataFrame]:
    """The training of a job at its start with its loop, and all images that will be
    behind its weights."""
    model, settings, first = job.model, job.settings, distributed.is_first()
    card = job.card(processes()[1])
    with guard_architecture("it was built"):
        architecture = build(model.arch, model.config, card.spec.scene(), model.profile)
    samplers = _samplers(job, architecture)
    images = ancestry.union([job.origins["train"][_drawn(samplers)]])
    sizes = {
        part: sum(p.numel() for p in module.parameters())
        for part, module in architecture.named_children()
    }
    card = card.model_copy(
        update={
            "spec": card.spec.model_copy(
                update={"config": architecture.config.model_dump(mode="json")}
            ),
            "parameters": {part: size for part, size in sizes.items() if size},
            **job.trained_on(images),
        }
    )
    checkpoints = job.checkpoints(card, device.type, architecture)
    validation, seen = None, set(architecture.features_seen)
    if first:
        with torch.random.fork_rng(devices=[]):  # the others draw no weights of a backbone
            net = BACKBONES[job.net]()
        validation = Validation.of(job.val, model.domains, net)
        if validation:
            seen.add(job.net)
            digest = data_digest(job.val.images, job.val.labels)
            own = card.trained_on[0].model_copy(
                update={"val": ancestry.shares(job.origins["val"], job.rights)}
            )
            card = card.model_copy(update={"val_sha256": digest, "trained_on": (own,)})
        if settings.warm_start:
            began = warm.start(architecture, card, job.previous, job.rights)
            card = card.model_copy(update=began.on_card(card.trained_on[0], job.rights))
            images = ancestry.union([images, began.images])
            seen.update(began.features_seen)
        card = card.model_copy(update={"features_seen": tuple(sorted(seen))})
    training = Training(
        architecture,
        device,
        samplers,
        job.train,
        card,
        Budget.of(model),
        settings,
    )
    loop = Loop(training, settings, validation, checkpoints, job.reports)
    return loop, images


def _drawn(samplers: Mapping[str, BalancedSampler]) -> np.ndarray:
    """The rows that any of them ever draws, ascending: int64 [M]."""
    return np.unique(np.concatenate([m for each in samplers.values() for m in each.members]))


def _samplers(job: TrainingJob, architecture: Architecture) -> dict[str, BalancedSampler]:
    """A sampler for each stream of the architecture, over the images of its classes."""
    samplers, data = {}, job.train
    for stream, (classes, _) in architecture.streams.items():
        wanted = [index for index, label in enumerate(data.classes) if label in classes]
        rows = np.flatnonzero(np.isin(data.labels, wanted))
        if not len(rows):
            raise ArgusError(
                f"model '{job.name}' needs images of {', '.join(classes)} and the training split "
                "has none: deliver some, or change `domains` of the model in params.yaml"
            )
        samplers[stream] = BalancedSampler(
            rows, data.labels[rows], job.settings.tau, job.model.seed
        )
    return samplers
