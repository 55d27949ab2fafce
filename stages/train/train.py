"""From an entry of `models` and the packed images to a folder with weights and a card."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.torch import save as tensors_to_bytes
from torch import nn

from stages.common import compute, params
from stages.common.errors import ArgusError
from stages.common.files import atomic, sha256, write_json
from stages.pack.packed import Packed
from stages.train import loop
from stages.train.architecture import Architecture, Scene, build
from stages.train.card import CARD, WEIGHTS, Card, SavedCard, data_digest
from stages.train.checkpoint import Checkpoints, fingerprint
from stages.train.sampler import BalancedSampler


def train(
    name: str,
    model: params.Model,
    settings: params.Train,
    data: Packed,
    trained: Path,
    reports: Path,
    cache: Path,
) -> None:
    """Train a model, or go on where a killed training of the same settings and data stopped.

    Args:
        name: key of the model in params.yaml.
        model: its entry.
        settings: what holds for all models.
        data: the packed training split.
        trained: folder for `generator.safetensors` and `card.json`.
        reports: folder for curves, sample sheets and `metrics.json`.
        cache: folder for checkpoints, emptied at the end.

    Raises:
        ArgusError: the entry does not fit its architecture or the data, or training diverged.
    """
    compute.deterministic(model.seed, settings.threads)
    accelerator = loop.accelerator(settings)
    height, width = data.images.shape[1:3]
    scene = Scene(height, width, data.classes, model.domains)
    architecture = build(model.arch, model.config, scene)
    samplers = _samplers(name, architecture, data, settings.tau, model.seed)
    card = _card(name, model, settings, data, architecture)
    facts = {
        "card": card.model_dump(mode="json"),
        "settings": settings.model_dump(exclude={"checkpoint_every"}),
        "device": accelerator.device.type,
    }
    code = [*Path(__file__).parent.rglob("*.py"), Path(compute.__file__)]
    checkpoints = Checkpoints(cache, fingerprint(facts, code))
    training = loop.Training(architecture, accelerator, samplers, data, card, settings.mirror)
    networks = loop.run(training, settings, checkpoints, reports)
    _save(trained, card, networks)
    checkpoints.clear()


def _samplers(
    name: str, architecture: Architecture, data: Packed, tau: float, seed: int
) -> dict[str, BalancedSampler]:
    """A sampler for each stream of the architecture, over the images of its classes."""
    samplers = {}
    for stream, classes in architecture.streams.items():
        wanted = [index for index, label in enumerate(data.classes) if label in classes]
        rows = np.flatnonzero(np.isin(data.labels, wanted))
        if not len(rows):
            raise ArgusError(
                f"model '{name}' needs images of {', '.join(classes)} and the training split has "
                f"none: deliver some, or change `domains` of the model in params.yaml"
            )
        samplers[stream] = BalancedSampler(rows, data.labels[rows], tau, seed)
    return samplers


def _card(
    name: str,
    model: params.Model,
    settings: params.Train,
    data: Packed,
    architecture: Architecture,
) -> Card:
    counts = np.bincount(data.labels, minlength=len(data.classes))
    sizes = {
        part: sum(p.numel() for p in module.parameters())
        for part, module in architecture.named_children()
    }
    return Card(
        model=name,
        arch=model.arch,
        task=model.task,
        config=architecture.config.model_dump(mode="json"),
        resolution=(data.images.shape[1], data.images.shape[2]),
        classes=data.classes,
        domains=model.domains,
        seed=model.seed,
        steps=model.steps,
        batch=model.batch,
        precision=settings.precision,
        parameters={part: size for part, size in sizes.items() if size},
        images_per_class={c: int(n) for c, n in zip(data.classes, counts, strict=True)},
        data_sha256=data_digest(data.images, data.labels),
    )


def _save(folder: Path, card: Card, networks: nn.ModuleDict) -> None:
    """Write weights and card, both or neither."""
    weights = {name: t.cpu().contiguous() for name, t in networks.state_dict().items()}
    with atomic(folder) as temporary:
        temporary.mkdir()
        (temporary / WEIGHTS).write_bytes(tensors_to_bytes(weights))
        saved = SavedCard(**card.model_dump(), weights_sha256=sha256(temporary / WEIGHTS))
        write_json(temporary / CARD, saved.model_dump(mode="json"))
