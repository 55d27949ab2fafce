"""From an entry of `models` and the packed images to a folder with weights and a card."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np
import polars as pl
import torch
from accelerate import Accelerator
from rich.console import Console

from argus.core import determinism
from argus.core.errors import ArgusError
from argus.features.backbone import BACKBONES
from argus.models import ancestry
from argus.models import card as cards
from argus.models.architecture import Architecture
from argus.models.card import data_digest
from argus.models.failures import ArchitectureError, TrainingFailed, guard_architecture
from argus.models.registry import build
from stages.train import group, warm
from stages.train.budget import Budget
from stages.train.checkpoint import clear
from stages.train.journal import draw
from stages.train.loop import Loop
from stages.train.order import Order
from stages.train.sampler import BalancedSampler
from stages.train.training import Training
from stages.train.validation import Validation


def train(order: Order) -> None:
    """Train a model, or go on where a killed training of the same order stopped.

    A model that is no good leaves a card that says why, and no weights.

    Raises:
        ArgusError: the order does not fit its architecture or the data.
        ArchitectureError: the architecture's code broke in one of several processes. Whoever
            started them is to `record` it.
    """
    accelerator = group.join(order.settings)
    processes, first = accelerator.num_processes, accelerator.is_main_process
    determinism.deterministic(order.model.seed, order.settings.threads)
    if order.model.batch % processes:
        raise ArgusError(
            f"the batch of '{order.name}' is {order.model.batch}, which {processes} processes "
            "cannot share evenly: change it or train.processes in params.yaml"
        )
    loop = None
    try:
        loop, images = prepared(order, accelerator)
        best = loop.run()
    except TrainingFailed as failure:
        if isinstance(failure, ArchitectureError) and processes > 1:
            raise
        if first:
            record(order, failure, loop.training if loop else None)
        return
    if first:
        card = loop.training.card.model_copy(update={"steps": loop.training.done, **best.on_card()})
        cards.save(order.trained, card, best.average, best.networks, images)
        clear(order.cache)


def record(order: Order, failure: TrainingFailed, training: Training | None = None) -> None:
    """Write the card of a model that is no good, and say so.

    Args:
        training: in which it failed; None if there was none yet, or it was in another process.
    """
    card = training.card if training else order.card(order.settings.processes)
    steps = training.done if training else 0
    if isinstance(failure, ArchitectureError):
        print(failure.trace, file=sys.stderr)
        steps = steps or failure.step
        draw(order.reports, failure.points, None, failure.reason, order.settings.min_diversity)
    made = card.model_copy(update={"steps": steps, "failed": failure.reason})
    cards.save(order.trained, made, {}, {}, None)
    clear(order.cache)
    console = Console(stderr=True, soft_wrap=True)
    console.print(f"[bold red]failed:[/] model '{order.name}'", highlight=False, end=": ")
    console.print(
        f"{failure.reason}. The turn goes on without it; `dvc repro --force --single-item "
        f"train@{order.name}` tries again",
        highlight=False,
        markup=False,
    )


def prepared(order: Order, accelerator: Accelerator) -> tuple[Loop, pl.DataFrame]:
    """The training of an order at its start with what looks at it, and all images that will be
    behind its weights."""
    model, settings, first = order.model, order.settings, accelerator.is_main_process
    card = order.card(accelerator.num_processes)
    with guard_architecture("it was built"):
        architecture = build(model.arch, model.config, card.spec.scene(), model.profile)
    samplers = _samplers(order, architecture)
    images = ancestry.union([order.origins["train"][_drawn(samplers)]])
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
            **order.trained_on(images),
        }
    )
    checkpoints = order.checkpoints(card, accelerator.device.type, architecture)
    validation = None
    if first:
        with torch.random.fork_rng(devices=[]):  # the others draw no weights of a backbone
            net = BACKBONES[order.net]()
        validation = Validation.of(order.val, model.domains, net)
        if validation:
            digest = data_digest(order.val.images, order.val.labels)
            own = card.trained_on[0].model_copy(
                update={"val": ancestry.shares(order.origins["val"], order.rights)}
            )
            card = card.model_copy(update={"val_sha256": digest, "trained_on": (own,)})
        if settings.warm_start:
            began = warm.start(architecture, card, order.previous, order.rights)
            card = card.model_copy(update=began.on_card(card.trained_on[0], order.rights))
            images = ancestry.union([images, began.images])
    training = Training(
        architecture,
        accelerator,
        samplers,
        order.train,
        card,
        Budget.of(model),
        settings,
    )
    loop = Loop(training, settings, validation, checkpoints, order.reports)
    return loop, images


def _drawn(samplers: Mapping[str, BalancedSampler]) -> np.ndarray:
    """The rows that any of them ever draws, ascending: int64 [M]."""
    return np.unique(np.concatenate([m for each in samplers.values() for m in each.members]))


def _samplers(order: Order, architecture: Architecture) -> dict[str, BalancedSampler]:
    """A sampler for each stream of the architecture, over the images of its classes."""
    samplers, data = {}, order.train
    for stream, (classes, _) in architecture.streams.items():
        wanted = [index for index, label in enumerate(data.classes) if label in classes]
        rows = np.flatnonzero(np.isin(data.labels, wanted))
        if not len(rows):
            raise ArgusError(
                f"model '{order.name}' needs images of {', '.join(classes)} and the training split "
                "has none: deliver some, or change `domains` of the model in params.yaml"
            )
        samplers[stream] = BalancedSampler(
            rows, data.labels[rows], order.settings.tau, order.model.seed
        )
    return samplers
