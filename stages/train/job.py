"""What is to be trained, from what, and where to: all that a training depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from argus.core import code, params
from argus.core.paths import TRAIN_CACHE, TRAIN_REPORTS, TRAINED
from argus.data.packed import Packed, Rights, read_origins, read_packed, read_rights
from argus.models import ancestry, code_record
from argus.models.ancestry import Generation
from argus.models.card import Card, data_digest
from argus.models.spec import Spec
from stages.train.budget import Budget

if TYPE_CHECKING:  # a model that is skipped needs no torch, which takes 3 s
    from argus.models.architecture import Architecture
    from stages.train.checkpoint import Checkpoints


@dataclass(frozen=True)
class TrainingJob:
    """One model to be trained.

    `name` is the key of `model` in params.yaml, `settings` what holds there for all models. It
    learns from `train` and is validated on `val` in the features of `net`, a key of `BACKBONES`;
    the test split is not for its eyes. `origins` has a row for each image of both, by split, and
    `rights` says on what it may build. `previous` is the commit of the turn before, 40 hexadecimal
    digits, or None.

    `trained` is the folder for weights and card, `reports` that for curves, sample sheets and
    `metrics.json`, `cache` that for checkpoints, which is emptied at the end.
    """

    name: str
    model: params.Model
    settings: params.Train
    train: Packed
    val: Packed
    origins: Mapping[str, pl.DataFrame]
    rights: Rights
    net: str
    previous: str | None
    trained: Path
    reports: Path
    cache: Path

    def spec(self, processes: int) -> Spec:
        """What is ordered, before its architecture is built and its config complete."""
        model, data = self.model, self.train
        budget = {"steps": model.steps, "images": model.images, "seconds": model.seconds}
        return Spec(
            model=self.name,
            arch=model.arch,
            task=model.task,
            config=model.config,
            resolution=(data.images.shape[1], data.images.shape[2]),
            classes=data.classes,
            domains=model.domains,
            seed=model.seed,
            budget={unit: value for unit, value in budget.items() if value is not None},
            batch=model.batch,
            precision=self.settings.precision,
            processes=processes,
        )

    def card(self, processes: int) -> Card:
        """What is known of the model before its architecture is built."""
        data = self.train
        counts = np.bincount(data.labels, minlength=len(data.classes))
        return Card(
            spec=self.spec(processes),
            steps=0,
            parameters={},
            images_per_class={c: int(n) for c, n in zip(data.classes, counts, strict=True)},
            data_sha256=data_digest(data.images, data.labels),
            reproducible=Budget.of(self.model).reproducible,
        ).model_copy(update=self.trained_on(self.origins["train"]))

    def trained_on(self, images: pl.DataFrame) -> dict[str, Any]:
        """What the card says of the data behind fresh weights.

        Args:
            images: `ORIGIN`, those that the model learns from.
        """
        own = Generation(turn=None, train=ancestry.shares(images, self.rights))
        return ancestry.on_card([own], self.rights)

    def checkpoints(self, card: Card, device: str, architecture: Architecture) -> Checkpoints:
        """Those of trainings whose every step is the same."""
        from stages.train.checkpoint import Checkpoints, fingerprint

        facts = {
            "card": card.model_dump(mode="json"),
            "settings": self.settings.model_dump(exclude={"checkpoint_every"}),
            "val": data_digest(self.val.images, self.val.labels),
            "net": self.net,
            "previous": self.previous if self.settings.warm_start else None,
            # whether it may go on from there; from a step after that, it would not be asked again
            "rights": asdict(self.rights) if self.settings.warm_start else None,
            "device": device,
        }
        modules = ("stages.train.train", type(architecture).__module__)
        facts["environment"] = code.environment(code.closure(*modules))
        parts = code.parts(*modules, without=code_record.NEUTRAL)
        return Checkpoints(self.cache, fingerprint(facts, parts))


def from_params(name: str, p: params.Params) -> TrainingJob:
    """The training of a model as params.yaml and `data/pack` have it.

    Args:
        name: a key of `models`.
        p: all of params.yaml.

    Raises:
        ArgusError: `pack` has not run.
    """
    return TrainingJob(
        name,
        p.models[name],
        p.train,
        train=read_packed("train"),
        val=read_packed("val"),
        origins={split: read_origins(split) for split in ("train", "val")},
        rights=read_rights(),
        net=p.embed.backbone,
        previous=p.lineage.previous,
        trained=TRAINED / name,
        reports=TRAIN_REPORTS / name,
        cache=TRAIN_CACHE / name,
    )
