"""Models as training leaves them, with no network behind them, and a backbone that is quick."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from stages.common import params
from stages.common.backbone import BACKBONES, Backbone
from stages.pack.packed import Packed
from stages.train import card as cards
from stages.train import trained
from stages.train.trained import Generator
from tests.conftest import scenes

CLASSES = ("day", "night")


def quick() -> Backbone:
    """The mean colour of each quarter, under the name of the one in params.yaml."""
    return Backbone(
        "efficientnet",
        8,
        12,
        0.0,
        0.1,
        lambda x: torch.nn.functional.avg_pool2d(x, 4).flatten(1),
    )


def settings(tasks: dict[str, str], **changes: Any) -> params.Params:
    """The project's own knobs with models for these tasks, by name."""
    p = params.load()
    entry = {"arch": "r3gan", "steps": 1, "batch": 1, "seed": 0}
    models = {name: params.Model(task=task, **entry) for name, task in tasks.items()}
    return p.model_copy(update={"models": models, **changes})


def pack(seed: int, n: int = 24) -> Packed:
    """Drives of three frames each, half by day."""
    ids = tuple(f"{seed}-{i:03d}" for i in range(n))
    drives = tuple(f"{seed}-{i // 3}" for i in range(n))
    return Packed(scenes(n, seed=1000 * seed), np.arange(n) % 2, CLASSES, ids, drives)


def leave(
    folder: Path, failed: str | None = None, task: str = "generate", kid: float | None = None
) -> None:
    """Write the card of a model, and something for its weights unless it failed."""
    card = cards.SavedCard(
        model=folder.name,
        arch="r3gan",
        task=task,
        config={},
        resolution=(32, 48),
        classes=CLASSES,
        domains=None,
        seed=0,
        steps=1,
        batch=1,
        precision="fp32",
        parameters={},
        images_per_class=dict.fromkeys(CLASSES, 9),
        data_sha256="0" * 64,
        validation={} if kid is None else {"kid": kid, "diversity": 1.0},
        failed=failed,
    )
    folder.mkdir(parents=True)
    (folder / cards.CARD).write_text(card.model_dump_json())
    if failed is None:
        (folder / cards.WEIGHTS).write_bytes(b"weights")


class Painter(Generator):
    """Draws other scenes, darkened: the darker, the further from the reals."""

    def __init__(self, folder: Path, darkness: float) -> None:
        self.card, self.darkness = cards.read(folder), darkness

    def sample(self, labels, seed):  # type: ignore[no-untyped-def]
        return (scenes(len(labels), seed=7000) * (1 - self.darkness)).astype(np.uint8)


def stand_in(
    monkeypatch: pytest.MonkeyPatch, modules: list[Any], darkness: dict[str, float]
) -> None:
    """Give stages packed images, the quick backbone, and painters for trained models."""

    def load(folder: Path) -> Painter:
        assert cards.read(folder).failed is None
        return Painter(folder, darkness[folder.name])

    monkeypatch.setitem(BACKBONES, "efficientnet", quick)
    monkeypatch.setattr(trained, "load", load)
    for module in modules:
        monkeypatch.setattr(
            module, "read_packed", lambda split: pack({"train": 1, "val": 2, "test": 3}[split])
        )
